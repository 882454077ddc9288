package metric

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

// TableCounts are the rows of a table.
type TableCounts struct{ Read, Written, Errors int64 }

// collector shows a job to Prometheus: see [Figures].
type collector struct {
	job    *Job
	labels prometheus.Labels // of datasync's own figures
	descs  map[string]*prometheus.Desc
	flink  map[string][]*prometheus.Desc
}

// newCollector returns a collector whose figures carry these labels beside
// their own; host names the machine.
func newCollector(j *Job, host string, labels prometheus.Labels) *collector {
	flink := prometheus.Labels{"job_id": j.ID, "job_name": j.Name, "host": host, "subtask_index": "0"}
	c := &collector{job: j, labels: labels, descs: map[string]*prometheus.Desc{}, flink: map[string][]*prometheus.Desc{}}
	for _, f := range figures {
		c.descs[f.Name] = prometheus.NewDesc(prefix+f.Name, f.Help, f.Labels, labels)
		if len(f.Labels) > 0 {
			continue
		}
		for _, p := range flinkPrefixes {
			name := f.Name
			if spelled, ok := flinkSpelling[name]; ok {
				name = spelled
			}
			c.flink[f.Name] = append(c.flink[f.Name], prometheus.NewDesc(p+name, f.Help, nil, flink))
		}
	}
	count, failed := FlinkDirty()
	c.flink["nErrors"] = append(c.flink["nErrors"], prometheus.NewDesc(count, "Dirty rows.", nil, flink))
	c.flink[sinkFailures] = []*prometheus.Desc{prometheus.NewDesc(failed, "Dirty rows that could not be kept, in this process.", nil, flink)}
	return c
}

// Describe implements prometheus.Collector. It says nothing: what plugins
// publish is not known beforehand.
func (c *collector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	c.accumulators(ch)
	c.channels(ch)
	if tables := c.job.Tables; tables != nil {
		for table, counts := range tables() {
			c.show(ch, tableRead, counts.Read, table)
			c.show(ch, tableWrite, counts.Written, table)
			c.show(ch, tableErrors, counts.Errors, table)
		}
	}
	c.progress(ch)
	c.job.gauges.collect(ch, c.labels)
}

// show sends a figure of datasync's own.
func (c *collector) show(ch chan<- prometheus.Metric, name string, value int64, labels ...string) {
	c.send(ch, name, float64(value), labels...)
}

func (c *collector) send(ch chan<- prometheus.Metric, name string, value float64, labels ...string) {
	typ := prometheus.GaugeValue
	if name == stageSeconds {
		typ = prometheus.CounterValue
	}
	ch <- prometheus.MustNewConstMetric(c.descs[name], typ, value, labels...)
}

// both sends a figure under datasync's and under FlinkX's names.
func (c *collector) both(ch chan<- prometheus.Metric, name string, value float64) {
	c.send(ch, name, value)
	for _, d := range c.flink[name] {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value)
	}
}

func (c *collector) accumulators(ch chan<- prometheus.Metric) {
	for _, e := range append(c.job.Meter.accumulators(), rateEntries(c.job.Meter.Rates())...) {
		switch value := e.Value.(type) {
		case int64:
			c.both(ch, e.Name, float64(value))
		case float64:
			c.both(ch, e.Name, value)
		case string: // startLocation, endLocation
			n, err := strconv.ParseFloat(value, 64)
			if _, known := c.descs[e.Name]; err == nil && known {
				c.both(ch, e.Name, n)
			}
		}
	}
}

func (c *collector) channels(ch chan<- prometheus.Metric) {
	m := c.job.Meter
	for i := range m.shards {
		channel, counts := strconv.Itoa(i), m.shards[i].counts()
		c.show(ch, channelRead, counts.Read, channel)
		c.show(ch, channelWrite, counts.Written, channel)
		c.show(ch, channelErrors, counts.Errors(), channel)
		for s := range stages {
			c.send(ch, stageSeconds, float64(m.shards[i].spent[s].Load())/1e9, channel, s.String())
		}
	}
	for s, share := range m.Shares() {
		c.send(ch, timeShare, share, stageNames[s])
	}
}

func (c *collector) progress(ch chan<- prometheus.Metric) {
	j := c.job
	if j.Splits != nil {
		done, all := j.Splits()
		c.show(ch, splits, int64(all))
		c.show(ch, splitsDone, int64(done))
	}
	if j.SinkFailures != nil {
		c.both(ch, sinkFailures, float64(j.SinkFailures()))
	}
	state := j.State()
	for _, s := range states {
		one := int64(0)
		if s == state {
			one = 1
		}
		c.show(ch, stateFigure, one, s)
	}
	c.show(ch, info, 1, j.Reader, j.Writer)
	c.send(ch, startTime, seconds(j.Meter.begin))
	if j.At != nil {
		if at := j.At(); !at.IsZero() {
			c.send(ch, sourceTime, seconds(at))
		}
	}
	if at := j.Meter.saved(); !at.IsZero() {
		c.send(ch, savedTime, seconds(at))
	}
}
