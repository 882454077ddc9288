package metric

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// States of a job, as figures and /readyz name them.
const (
	Starting = "starting"
	Running  = "running"
	Failing  = "failing" // an error is being tried again
	Ended    = "ended"
	Failed   = "failed"
)

var states = []string{Starting, Running, Failing, Ended, Failed}

// Job is a job whose figures are shown. Its fields are set before it is shown
// and not changed afterwards; its methods may be called by any number of
// goroutines.
type Job struct {
	Name           string // its identity
	ID             string // FlinkX's job_id
	Reader, Writer string
	Meter          *Meter
	Tables         func() map[string]TableCounts // nil: not counted
	Splits         func() (done, all int)        // nil: not known
	At             func() time.Time              // how far it is in the source's time; zero, or nil: unknown
	SinkFailures   func() int64                  // nil: not counted

	gauges   gauges
	running  atomic.Bool
	ended    atomic.Bool
	failed   atomic.Bool
	troubles atomic.Int64
}

// Gauge publishes a figure until the job ends: datasync_<name> with these
// labels, given as names and values in turn. read may be called at any time
// until then, by any goroutine.
func (j *Job) Gauge(name string, read func() float64, labels ...string) {
	pairs := prometheus.Labels{}
	for i := 0; i+1 < len(labels); i += 2 {
		pairs[labels[i]] = labels[i+1]
	}
	j.gauges.set(name, read, pairs)
}

// Begun says that rows can move.
func (j *Job) Begun() { j.running.Store(true) }

// Trouble says that an error is being tried again (1), or that what was tried
// again works (-1); several parts of a job can be in trouble.
func (j *Job) Trouble(n int) { j.troubles.Add(int64(n)) }

// Release forgets what plugins have published: they are about to be closed.
func (j *Job) Release() { j.gauges.end() }

// End says how the job has ended. Its figures stay as they are.
func (j *Job) End(ok bool) {
	j.failed.Store(!ok)
	j.ended.Store(true)
}

// State returns the state that the job is in.
func (j *Job) State() string {
	switch {
	case j.ended.Load() && j.failed.Load():
		return Failed
	case j.ended.Load():
		return Ended
	case !j.running.Load():
		return Starting
	case j.troubles.Load() > 0:
		return Failing
	}
	return Running
}

// Hub shows the jobs of a process, as one page for Prometheus. It may be used
// by any number of goroutines.
type Hub struct {
	registry *prometheus.Registry
	host     string

	mu    sync.Mutex
	jobs  map[string]*Job
	pages map[string]*collector
}

// NewHub returns a hub without jobs; host names the machine.
func NewHub(host string) *Hub {
	h := &Hub{registry: prometheus.NewRegistry(), host: host, jobs: map[string]*Job{}, pages: map[string]*collector{}}
	h.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), h)
	return h
}

// Add shows a job, from now on; a job of the same name that has ended makes room.
// One that runs does not: then the new one is not shown.
func (h *Hub) Add(j *Job) {
	c := newCollector(j, h.host, prometheus.Labels{"job": j.Name})
	h.mu.Lock()
	defer h.mu.Unlock()
	if old := h.jobs[j.Name]; old != nil && !old.ended.Load() {
		return
	}
	h.jobs[j.Name], h.pages[j.Name] = j, c
}

// Describe implements prometheus.Collector; it says nothing.
func (h *Hub) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (h *Hub) Collect(ch chan<- prometheus.Metric) {
	h.mu.Lock()
	pages := slices.Collect(maps.Values(h.pages))
	h.mu.Unlock()
	for _, c := range pages {
		c.Collect(ch)
	}
}

// states returns the state of each job, by name.
func (h *Hub) states() map[string]string {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := map[string]string{}
	for name, j := range h.jobs {
		all[name] = j.State()
	}
	return all
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
