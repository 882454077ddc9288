package kafkakit

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// The topic reader's sarama counts figures; the process's one clock for them never ends.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))
}
