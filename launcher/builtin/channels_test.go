package builtin_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/launcher"
	"github.com/datasync-io/datasync/launcher/builtin"
)

// TestChannelsOfChangeReaders: a log is read by one channel, which is said
// before anything is dialled; where tables are copied several may read.
func TestChannelsOfChangeReaders(t *testing.T) {
	registry, err := builtin.Registry()
	if err != nil {
		t.Fatal(err)
	}
	readers := map[string]string{
		"binlogreader":       `"host": "h", "username": "u", "jdbcUrl": "jdbc:mysql://h/d", "cat": "insert", "table": ["d.t"]`,
		"pgwalreader":        `"url": "jdbc:postgresql://h/d", "username": "u", "cat": "insert", "tableList": ["s.t"], "slotName": "s"`,
		"sqlservercdcreader": `"url": "jdbc:sqlserver://h;databaseName=d", "username": "u", "tableList": ["dbo.t"]`,
	}
	for reader, parameter := range readers {
		for _, tt := range []struct{ speed, more, want string }{
			{`"channel": 1`, ``, ""},
			{`"readerChannel": 1, "writerChannel": 4`, ``, ""},
			{`"channel": 3`, `, "start": {"mode": "initial"}`, ""},
			{`"channel": 3`, `, "onPositionLost": "snapshot"`, ""},
			{`"channel": 3`, ``, `3 channels would read, and changes are read by one, in their order: write "readerChannel": 1, "writerChannel": 3 into job.setting.speed`},
			{`"readerChannel": 2`, `, "start": {"mode": "latest"}`, `reader.parameter.start: 2 channels would read`},
		} {
			text := fmt.Sprintf(`{"job": {"content": [{"reader": {"name": %q, "parameter": {%s%s}}, "writer": {"name": "streamwriter", "parameter": {}}}], "setting": {"speed": {%s}}}}`, reader, parameter, tt.more, tt.speed)
			j, err := job.Parse([]byte(text), job.Options{})
			if err == nil {
				_, err = launcher.New(j, launcher.Options{Registry: registry, StateDir: t.TempDir()})
			}
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("%s%s with %s: got %v, want %q", reader, tt.more, tt.speed, err, tt.want)
			}
		}
	}
}
