package builtin_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/launcher"
	"github.com/datasync-io/datasync/launcher/builtin"
)

// TestDatePatterns: a date pattern that cannot be used is a fault of the file,
// at its place, with every plugin that takes one.
func TestDatePatterns(t *testing.T) {
	registry, err := builtin.Registry()
	if err != nil {
		t.Fatal(err)
	}
	const (
		column = `"column": [{"name": "a", "type": "date", "format": "qq"}]`
		mysql  = `"username": "u", "connection": [{"jdbcUrl": ["jdbc:mysql://h/d"], "table": ["t"]}], `
		pg     = `"username": "u", "connection": [{"jdbcUrl": ["jdbc:postgresql://h/d"], "table": ["t"]}], `
		mssql  = `"username": "u", "connection": [{"jdbcUrl": ["jdbc:sqlserver://h;databaseName=d"], "table": ["t"]}], `
	)
	for _, tt := range []struct{ side, name, parameter, key string }{
		{"reader", "streamreader", column, "column[0].format"},
		{"reader", "txtfilereader", `"path": "x", ` + column, "column[0].format"},
		{"reader", "kafkareader", `"topic": "t", "codec": "json", "consumerSettings": {"bootstrap.servers": "h:1"}, ` + column, "column[0].format"},
		{"reader", "kafkareader", `"topic": "t", "codec": "json", "consumerSettings": {"bootstrap.servers": "h:1"}, "column": [{"name": "a", "type": "date", "parseFormat": "qq"}]`, "column[0].parseFormat"},
		{"reader", "mysqlreader", mysql + column, "column[0].format"},
		{"writer", "mysqlwriter", mysql + column, "column[0].format"},
		{"writer", "postgresqlwriter", pg + column, "column[0].format"},
		{"writer", "sqlserverwriter", mssql + column, "column[0].format"},
		{"writer", "sqlitewriter", `"path": "x", "table": "t", ` + column, "column[0].format"},
		{"writer", "filewriter", `"path": "x", ` + column, "column[0].format"},
		{"writer", "txtfilewriter", `"path": "x", "dateFormat": "qq"`, "dateFormat"},
	} {
		ends := map[string]string{
			"reader": `{"name": "streamreader", "parameter": {"column": ["a"], "sliceRecordCount": ["1"]}}`,
			"writer": `{"name": "streamwriter", "parameter": {}}`,
		}
		ends[tt.side] = fmt.Sprintf(`{"name": %q, "parameter": {%s}}`, tt.name, tt.parameter)
		j, err := job.Parse([]byte(`{"job": {"content": [{"reader": `+ends["reader"]+`, "writer": `+ends["writer"]+`}]}}`), job.Options{})
		if err == nil {
			_, err = launcher.New(j, launcher.Options{Registry: registry, StateDir: t.TempDir()})
		}
		want := "job.content[0]." + tt.side + ".parameter." + tt.key + ": "
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), `date pattern "qq": letter q is not supported`) {
			t.Errorf("%s: got %v, want a fault at %s", tt.name, err, want)
		}
	}
}
