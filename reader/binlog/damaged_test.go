package binlog

import (
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
)

// TestDamagedEvent says which event has another checksum, and asks for it again.
func TestDamagedEvent(t *testing.T) {
	f := &follower{sums: true, file: "binlog.000007", offset: 345}
	_, err := f.take(rowsEvent(image(1, 4, 0)...), false)
	if err == nil || errclass.Of(err) != errclass.Transient || !strings.Contains(err.Error(), "WriteRowsEventV2 at binlog.000007:345") {
		t.Errorf("got %v (%v)", err, errclass.Of(err))
	}
}
