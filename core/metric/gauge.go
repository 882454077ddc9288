package metric

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// gauges are what the plugins of a job publish.
type gauges struct {
	mu   sync.RWMutex
	all  map[string]*published // by name and labels
	over bool
}

type published struct {
	name   string
	labels prometheus.Labels
	read   func() float64
}

// set publishes a figure; one of the same name and labels is replaced: a
// plugin that begins anew publishes anew.
func (g *gauges) set(name string, read func() float64, labels prometheus.Labels) {
	p := &published{name: identifier(name), labels: prometheus.Labels{}, read: read}
	key := p.name
	for _, label := range slices.Sorted(maps.Keys(labels)) {
		p.labels[identifier(label)] = strings.ToValidUTF8(labels[label], "?")
		key += "\x00" + label + "\x00" + labels[label]
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.over {
		return
	}
	if g.all == nil {
		g.all = map[string]*published{}
	}
	g.all[key] = p
}

// end forgets all figures. When it returns no figure is being read, and none
// will be: what they read may be closed.
func (g *gauges) end() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all, g.over = nil, true
}

func (g *gauges) collect(ch chan<- prometheus.Metric, labels prometheus.Labels) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	for _, p := range g.all {
		own := prometheus.Labels{}
		maps.Copy(own, labels)
		maps.Copy(own, p.labels)
		ch <- prometheus.MustNewConstMetric(prometheus.NewDesc(prefix+p.name, meaning(p.name), nil, own), prometheus.GaugeValue, p.read())
	}
}

func meaning(name string) string {
	for _, f := range pluginFigures {
		if f.Name == name {
			return f.Help
		}
	}
	return "Published by a plugin."
}

// identifier makes a name that Prometheus takes.
func identifier(name string) string {
	fits := func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_':
			return r
		}
		return '_'
	}
	name = strings.Map(fits, name)
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		return "_" + name
	}
	return name
}
