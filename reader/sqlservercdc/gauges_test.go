package sqlservercdc

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// TestNearPurge warns of changes that will soon be removed, as long as there are
// some that are not read, and not of each of them.
func TestNearPurge(t *testing.T) {
	const day = 24 * time.Hour
	for name, tt := range map[string]struct {
		age, keeps time.Duration
		all        bool
		warns      int
	}{
		"half an hour is left":         {3*day - 30*time.Minute, 3 * day, false, 1},
		"over":                         {4 * day, 3 * day, false, 1},
		"two hours are left":           {3*day - 2*time.Hour, 3 * day, false, 0},
		"all is read":                  {4 * day, 3 * day, true, 0},
		"they are kept for ever":       {4 * day, 0, false, 0},
		"kept for half an hour, young": {time.Minute, 30 * time.Minute, false, 0},
		"kept for half an hour, old":   {20 * time.Minute, 30 * time.Minute, false, 1},
	} {
		var said bytes.Buffer
		s := &source{reader: &reader{log: slog.New(slog.NewTextHandler(&said, nil))}, keeps: tt.keeps}
		at := lsn{9: 5}
		if s.asked = at; !tt.all {
			s.asked = lsn{9: 7}
		}
		for range 3 {
			s.reach(at, time.Now().Add(-tt.age))
		}
		if n := strings.Count(said.String(), "@retention = minutes"); n != tt.warns {
			t.Errorf("%s: %d warnings: %s", name, n, said.String())
		}
	}
}
