package metric

import (
	"github.com/prometheus/client_golang/prometheus"
)

// Collector shows a meter to Prometheus: datasync_numRead and so on, the rates
// of the last 20 seconds, and datasync_stageSeconds by stage. Register it with
// the registry of your choice, and unregister it when the job is over.
type Collector struct {
	meter   *Meter
	figures map[string]*prometheus.Desc
	seconds *prometheus.Desc
}

// NewCollector returns a collector whose figures carry these labels, such as
// job. Texts among the accumulators are not shown.
func NewCollector(m *Meter, labels prometheus.Labels) *Collector {
	c := &Collector{meter: m, figures: map[string]*prometheus.Desc{}}
	for _, e := range append(c.numbers(), rateEntries(Rates{})...) {
		c.figures[e.Name] = prometheus.NewDesc("datasync_"+e.Name, help[e.Name], nil, labels)
	}
	c.seconds = prometheus.NewDesc("datasync_stageSeconds", "Time that the channels spent in a stage.", []string{"stage"}, labels)
	return c
}

var help = map[string]string{
	"numRead": "Rows read.", "byteRead": "Bytes read.", "readDuration": "Milliseconds spent reading, over all channels.",
	"numWrite": "Rows written.", "byteWrite": "Bytes written.", "writeDuration": "Milliseconds spent writing, over all channels.",
	"nErrors": "Dirty rows.", "nullErrors": "Dirty rows: a value is missing.", "duplicateErrors": "Dirty rows: the key is taken.",
	"conversionErrors": "Dirty rows: a value does not fit its column.", "otherErrors": "Dirty rows: anything else.",
	"numFiltered": "Rows left out by the job.", "snapshotWrite": "Rows written as of the last checkpoint.",
	"numReadPerSecond": "Rows read per second, over 20 s.", "byteReadPerSecond": "Bytes read per second, over 20 s.",
	"numWritePerSecond": "Rows written per second, over 20 s.", "byteWritePerSecond": "Bytes written per second, over 20 s.",
}

func (c *Collector) numbers() Entries {
	var all Entries
	for _, e := range c.meter.accumulators() {
		if _, ok := e.Value.(int64); ok {
			all = append(all, e)
		}
	}
	return all
}

// Describe implements prometheus.Collector.
func (c *Collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range c.figures {
		ch <- d
	}
	ch <- c.seconds
}

// Collect implements prometheus.Collector.
func (c *Collector) Collect(ch chan<- prometheus.Metric) {
	for _, e := range c.numbers() {
		ch <- prometheus.MustNewConstMetric(c.figures[e.Name], prometheus.GaugeValue, float64(e.Value.(int64)))
	}
	for _, e := range rateEntries(c.meter.Rates()) {
		ch <- prometheus.MustNewConstMetric(c.figures[e.Name], prometheus.GaugeValue, e.Value.(float64))
	}
	for s := range stages {
		ch <- prometheus.MustNewConstMetric(c.seconds, prometheus.CounterValue, c.meter.Spent(s).Seconds(), s.String())
	}
}
