package binlog

import (
	"errors"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
)

// TestAnew plans anew what is lost, but not for ever: a log that is lost again
// before anything of it was read ends the job.
func TestAnew(t *testing.T) {
	for mode, again := range map[string]string{"": modeInitial, "earliest": modeInitial, "initial-only": modeInitialOnly} {
		p := map[string]any{"username": "u", "jdbcUrl": "jdbc:mysql://127.0.0.1:1/d", "cat": "insert", "onPositionLost": "snapshot"}
		if mode != "" {
			p["start"] = map[string]any{"mode": mode}
		}
		r, ok := build(t, p).(*reader)
		if !ok {
			t.Fatal("another reader")
		}
		before := r.mode()
		err := r.anew(lost("file 7 was purged"), true)
		if errors.Is(err, plugin.ErrReplan) || errclass.Of(err) != errclass.PositionLost || !strings.Contains(err.Error(), "binlog_expire_logs_seconds") || r.mode() != before {
			t.Errorf("lost again: %v, and the next plan begins with %s", err, r.mode())
		}
		other := errclass.With(errclass.Transient, errors.New("away"))
		if err := r.anew(other, false); !errors.Is(err, other) || r.mode() != before {
			t.Errorf("another error: %v, and the next plan begins with %s", err, r.mode())
		}
		err = r.anew(lost("file 7 was purged"), false)
		if !errors.Is(err, plugin.ErrReplan) || errclass.Of(err) != errclass.PositionLost || !strings.Contains(err.Error(), "file 7") || strings.Contains(err.Error(), "-fresh") || r.mode() != again {
			t.Errorf("lost: %v, and the next plan begins with %s", err, r.mode())
		}
	}
}
