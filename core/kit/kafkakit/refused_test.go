package kafkakit

import (
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// TestRefusedBatch sends records without a key to a compacted topic: the broker
// refuses all of a request, which is no fault of the record that comes next.
func TestRefusedBatch(t *testing.T) {
	kafka := servers.Kafka(t)
	r := newRig(t, properties(kafka.Addr()), kafka.Topic(t, 1, "cleanup.policy=compact"))
	err := r.put(t.Context(), 0, 10)
	if err == nil {
		err = r.Flush(t.Context())
	}
	if errclass.Of(err) != errclass.Permanent || !strings.Contains(err.Error(), "without a key") {
		t.Errorf("got %v (%v)", err, errclass.Of(err))
	}
}
