package kafkakit

import "github.com/rcrowley/go-metrics"

// quiet is a metrics registry that keeps nothing: sarama's own figures would
// cost a goroutine for the whole process and work per batch, and nobody asks
// for them.
type quiet struct{}

var _ metrics.Registry = quiet{}

// GetOrRegister returns a metric of the wanted type that does nothing.
func (quiet) GetOrRegister(_ string, metric any) any {
	switch metric := metric.(type) {
	case func() metrics.Meter:
		return metrics.NilMeter{}
	case func() metrics.Histogram:
		return metrics.NilHistogram{}
	case func() metrics.Counter:
		return metrics.NilCounter{}
	default:
		return metric
	}
}

func (quiet) Each(func(string, any))            {}
func (quiet) Get(string) any                    { return nil }
func (quiet) GetAll() map[string]map[string]any { return nil }
func (quiet) Register(string, any) error        { return nil }
func (quiet) RunHealthchecks()                  {}
func (quiet) Unregister(string)                 {}
func (quiet) UnregisterAll()                    {}
