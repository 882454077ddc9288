package kafka

import (
	"testing"
	"time"
)

func TestTransactionLength(t *testing.T) {
	const ms = time.Millisecond
	for _, tt := range []struct {
		name                    string
		commit, busy, old, want time.Duration
	}{
		{"quick commits", 2 * ms, 40 * ms, 40 * ms, shortTransaction},
		{"a busy channel", 20 * ms, 40 * ms, 50 * ms, 200 * ms},
		{"an idle channel", 20 * ms, 5 * ms, 50 * ms, shortTransaction},
		{"an idle channel, slow commits", 60 * ms, 5 * ms, 50 * ms, 120 * ms},
		{"very slow commits", 700 * ms, 900 * ms, time.Second, longTransaction},
	} {
		s := &exactSink{commit: tt.commit, busy: tt.busy}
		if got := s.length(tt.old); got != tt.want {
			t.Errorf("%s: %v, expected %v", tt.name, got, tt.want)
		}
	}
}
