package job

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/config"
)

// MetricPlugin is job.setting.metricPluginConf.
type MetricPlugin struct {
	// What figures are handed to: prometheus, which a Pushgateway is named for in pluginProp or in the properties
	// metrics.reporter.promgateway.*. Any other name has no effect.
	PluginName string `json:"pluginName"`
	// Where the Pushgateway is.
	PluginProp Gateway `json:"pluginProp"`
	// Accepted for the sake of old files.
	RowSizeCalculatorType string `json:"rowSizeCalculatorType" ignored:"the size of a row is that of its values"`
}

// Gateway is a Prometheus Pushgateway that figures are pushed to, for jobs
// that are over before anybody asks.
type Gateway struct {
	// Where the Pushgateway runs.
	Host string `json:"host"`
	// Its port; 0 means 9091.
	Port int `json:"port" min:"0"`
	// Its address as a whole, such as http://host:9091; it wins over host and port.
	HostURL string `json:"hostUrl"`
	// The job that the figures are grouped under; absent, the job's own name.
	JobName string `json:"jobName"`
	// Append a random text to jobName, so that runs at the same time do not replace each other's figures.
	RandomSuffix *bool `json:"randomJobNameSuffix"`
	// Remove the group when the job has ended; absent, it is removed.
	Delete *bool `json:"deleteOnShutdown"`
	// More labels of the group: k1=v1;k2=v2.
	GroupingKey string `json:"groupingKey"`
	// The time between two pushes; 0 means 10 seconds.
	Interval config.Duration `json:"interval" unit:"s" min:"0"`
}

// NoEffect names what the mysql variant takes.
func (Gateway) NoEffect() map[string]string {
	all := map[string]string{}
	for _, key := range []string{"jdbcUrl", "database", "table", "username", "password", "properties"} {
		all[key] = noMetricTable
	}
	return all
}

const noMetricTable = "figures are not written into a table: use prometheus, or -metrics"

// GatewayProperties are [Gateway] as Flink's configuration spells it; they win
// over job.setting.metricPluginConf.
type GatewayProperties struct {
	// Where a Pushgateway runs that figures are pushed to.
	Host string `json:"metrics.reporter.promgateway.host"`
	// Its port; 0 means 9091.
	Port int `json:"metrics.reporter.promgateway.port" min:"0"`
	// Its address as a whole, such as http://host:9091; it wins over host and port.
	HostURL string `json:"metrics.reporter.promgateway.hostUrl"`
	// The job that the figures are grouped under; absent, the job's own name.
	JobName string `json:"metrics.reporter.promgateway.jobName"`
	// Append a random text to jobName.
	RandomSuffix *bool `json:"metrics.reporter.promgateway.randomJobNameSuffix"`
	// Remove the group when the job has ended; absent, it is removed.
	Delete *bool `json:"metrics.reporter.promgateway.deleteOnShutdown"`
	// More labels of the group: k1=v1;k2=v2.
	GroupingKey string `json:"metrics.reporter.promgateway.groupingKey"`
	// The time between two pushes, as Flink spells times ("60 SECONDS"); absent, 10 seconds.
	Interval string `json:"metrics.reporter.promgateway.interval"`
}

const (
	gatewayPort     = 9091
	gatewayInterval = 10 * time.Second
)

// Push is where and how a job's figures are pushed.
type Push struct {
	URL      string // of the Pushgateway
	Job      string // group; "": the job's own name
	Suffix   bool   // append a random text to Job
	Delete   bool   // at the end
	Group    map[string]string
	Interval time.Duration
}

// Push returns what setting.metricPluginConf and -confProp say, or nil if
// nothing is to be pushed.
func (j *Job) Push() *Push { return j.push }

// gateway makes j.push of both doors.
func (p *parser) gateway(j *Job) {
	g, props := Gateway{}, j.Properties.GatewayProperties
	if m := j.Setting.MetricPlugin; m != nil {
		g = m.PluginProp
		switch strings.ToLower(strings.TrimSpace(m.PluginName)) {
		case "", "prometheus", "promethus": // the original's documentation has both
			if g.address() == "" && props.address() == "" {
				p.notes.Inform(p.setting(j, "metricPluginConf", "metricPluginConfig").Errorf("has no effect: no Pushgateway is named (pluginProp.host); -metrics serves the figures"))
			}
		default:
			p.notes.Warn(p.setting(j, "metricPluginConf", "metricPluginConfig").Errorf("has no effect: %s: %s", m.PluginName, noMetricTable))
			g = Gateway{}
		}
	}
	interval := cmp.Or(g.Interval, gatewayInterval)
	if props.Interval != "" {
		d, err := flinkDuration(props.Interval)
		if err != nil {
			p.add(&config.Error{File: confProp, Path: "metrics.reporter.promgateway.interval", Msg: err.Error()})
		}
		interval = d
	}
	address := cmp.Or(props.address(), g.address())
	if address == "" {
		return
	}
	if u, err := url.Parse(address); err != nil || u.Host == "" {
		p.add(&config.Error{File: j.File, Path: "job.setting.metricPluginConf.pluginProp", Msg: "expected the address of a Pushgateway, such as http://host:9091, found " + strconv.Quote(config.MaskText(address))})
		return
	}
	push := &Push{URL: address, Job: cmp.Or(props.JobName, g.JobName), Suffix: truth(false, g.RandomSuffix, props.RandomSuffix),
		Delete: truth(true, g.Delete, props.Delete), Interval: interval, Group: map[string]string{}}
	for _, text := range []string{g.GroupingKey, props.GroupingKey} {
		group, err := groupingKey(text)
		if err != nil {
			p.add(&config.Error{File: j.File, Path: "groupingKey", Msg: err.Error()})
		}
		maps.Copy(push.Group, group)
	}
	j.push = push
}

// setting returns the node of a key of job.setting.
func (p *parser) setting(j *Job, keys ...string) *config.Node {
	n := j.root.Member("job").Member("setting")
	for _, key := range keys {
		if m := n.Member(key); !m.Unset() {
			return m
		}
	}
	return n
}

func (g Gateway) address() string { return address(g.HostURL, g.Host, g.Port) }

func (g GatewayProperties) address() string { return address(g.HostURL, g.Host, g.Port) }

func address(whole, host string, port int) string {
	switch {
	case whole != "" && !strings.Contains(whole, "://"):
		return "http://" + whole
	case whole != "":
		return strings.TrimSuffix(whole, "/")
	case host == "":
		return ""
	case strings.Contains(host, "://"):
		return strings.TrimSuffix(host, "/") + ":" + strconv.Itoa(cmp.Or(port, gatewayPort))
	}
	return "http://" + net.JoinHostPort(host, strconv.Itoa(cmp.Or(port, gatewayPort)))
}

// truth returns the last of the values that is given, else what.
func truth(what bool, given ...*bool) bool {
	for _, g := range given {
		if g != nil {
			what = *g
		}
	}
	return what
}

func groupingKey(text string) (map[string]string, error) {
	group := map[string]string{}
	for pair := range strings.SplitSeq(text, ";") {
		if pair = strings.TrimSpace(pair); pair == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		if name, value = strings.TrimSpace(name), strings.TrimSpace(value); !ok || name == "" || value == "" || name == "job" {
			return nil, fmt.Errorf("expected k1=v1;k2=v2 with names other than job, found %q", pair)
		}
		group[name] = value
	}
	return group, nil
}

// flinkUnits are how Flink spells units of time.
var flinkUnits = map[string]time.Duration{
	"": time.Millisecond, "ms": time.Millisecond, "milli": time.Millisecond, "millis": time.Millisecond, "millisecond": time.Millisecond, "milliseconds": time.Millisecond,
	"s": time.Second, "sec": time.Second, "second": time.Second, "seconds": time.Second,
	"m": time.Minute, "min": time.Minute, "minute": time.Minute, "minutes": time.Minute, "h": time.Hour, "hour": time.Hour, "hours": time.Hour,
}

// flinkDuration reads "60 SECONDS", "10s" or a number of milliseconds.
func flinkDuration(text string) (time.Duration, error) {
	trimmed := strings.ToLower(strings.TrimSpace(text))
	digits := len(trimmed) - len(strings.TrimLeft(trimmed, "0123456789"))
	n, err := strconv.Atoi(trimmed[:digits])
	unit, known := flinkUnits[strings.TrimSpace(trimmed[digits:])]
	if err != nil || !known || n <= 0 || n > int(24*time.Hour/unit) {
		return 0, fmt.Errorf(`expected a time such as "10 SECONDS", found %q`, text)
	}
	return time.Duration(n) * unit, nil
}
