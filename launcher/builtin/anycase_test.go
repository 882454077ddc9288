package builtin_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/launcher"
	"github.com/datasync-io/datasync/launcher/builtin"
)

// TestAnyCase: keys of ftp, binlog and sqlservercdc match in any case, as in
// FlinkX; those of the other plugins exactly, the file plugin's own name included.
func TestAnyCase(t *testing.T) {
	registry, err := builtin.Registry()
	if err != nil {
		t.Fatal(err)
	}
	const files = `"PATH": "a.csv", "FieldDelimiter": ",", "isfirstlineheader": true, "COLUMN": [{"NAME": "a", "Type": "int"}, {"Index": 1, "type": "string"}], "FileConfig": {"TRIMWHITESPACE": true}`
	const written = `"PATH": "o", "WRITEMODE": "overwrite", "ftpfilename": "x", "Column": [{"Name": "a"}, {"Name": "b"}]`
	for _, tt := range []struct {
		reader, parameter string
		writer, target    string
		unknown           bool
	}{
		{"ftpreader", files, "streamwriter", "", false},
		{"sftpreader", files, "ftpwriter", written, false},
		{"binlogreader", `"HOST": "h", "UserName": "u", "JDBCURL": "jdbc:mysql://h/d", "Cat": "insert", "TABLE": ["d.t"], "Start": {"POSITION": 4, "JournalName": "m.1"}`, "ftpwriter", written, false},
		{"sqlservercdcreader", `"URL": "jdbc:sqlserver://h;databaseName=d", "USERNAME": "u", "TableList": ["dbo.t"]`, "streamwriter", "", false},
		{"txtfilereader", files, "streamwriter", "", true},
		{"filereader", files, "streamwriter", "", true},
		{"ftpreader", files, "filewriter", written, true},
	} {
		text := fmt.Sprintf(`{"job": {"content": [{"reader": {"name": %q, "parameter": {%s}}, "writer": {"name": %q, "parameter": {%s}}}]}}`, tt.reader, tt.parameter, tt.writer, tt.target)
		j, err := job.Parse([]byte(text), job.Options{})
		if err == nil {
			_, err = launcher.New(j, launcher.Options{Registry: registry, StateDir: t.TempDir()})
		}
		if unknown := err != nil && strings.Contains(err.Error(), "unknown key, did you mean"); unknown != tt.unknown || err != nil && !unknown {
			t.Errorf("%s to %s: got %v, want unknown keys: %v", tt.reader, tt.writer, err, tt.unknown)
		}
	}
}
