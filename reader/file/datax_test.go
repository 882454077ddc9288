package file

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/plugintest"
)

// TestDataXColumns reads columns as DataX's files list them: without names,
// constants between the others, one field several times.
func TestDataXColumns(t *testing.T) {
	path := put(t, t.TempDir(), "a.txt", "1|x|20260102\n")
	for columns, want := range map[string][]string{
		`[{"index":0,"type":"long"},{"index":1,"type":"string"},{"type":"string","value":"c"},{"index":2,"type":"date"}]`: {"int64 1", "string x", "string c", "datetime 2026-01-02 00:00:00"},
		`[{"type":"string","value":"c"},{"index":0,"type":"long"},{"index":0,"type":"string"},{"index":2,"type":"string"},{"value":"d","type":"string"}]`: {
			"string c", "int64 1", "string 1", "string 20260102", "string d"},
		`[{"index":1,"name":"0","type":"string"},{"index":0,"type":"long"}]`: {"string x", "int64 1"},
	} {
		env := plugintest.Env()
		env.Dialect = "datax"
		rows, err := read(t, env, fmt.Sprintf(`{"path":%q,"fieldDelimiter":"|","column":%s}`, path, columns))
		if err != nil || len(rows) != 1 || !slices.Equal(rows[0], want) {
			t.Errorf("%s: got %q, %v, want %q", columns, rows, err, want)
		}
	}
	for parameter, want := range map[string]string{
		`{"path":"a","column":[{"name":"a"},{"name":"a"}]}`:                        `column[1].name: column "a" is there twice`,
		`{"path":"a","column":[{"name":"a","type":"date","format":"YYYY"}]}`:       `column[0].format: date pattern "YYYY": letter Y is not supported`,
		`{"path":"a","column":[{"name":"a","type":"date","parseFormat":"'open"}]}`: `column[0].parseFormat: date pattern "'open": a quote is not closed`,
	} {
		if err := plugintest.ReaderError(Info(), parameter)(t); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", parameter, err, want)
		}
	}
}

// TestEmptyFields: DataX's empty field is an empty text where the column is one.
func TestEmptyFields(t *testing.T) {
	path := put(t, t.TempDir(), "a.csv", ",,\"\",\\N\n")
	const columns = `"column":[{"index":0,"type":"string"},{"index":1,"type":"long"},{"index":2,"type":"string"},{"index":3,"type":"string"}]`
	for _, tt := range []struct {
		dialect, more string
		want          []string
	}{
		{"datax", "", []string{"string ", "null", "string ", `string \N`}},
		{"datax", `,"nullFormat":"\\N"`, []string{"string ", "", "", "null"}},
		{"flinkx", "", []string{"null", "null", "string ", `string \N`}},
	} {
		env := plugintest.Env()
		env.Dialect = tt.dialect
		rows, err := read(t, env, fmt.Sprintf(`{"path":%q,%s%s}`, path, columns, tt.more))
		if tt.more != "" { // an empty text is no number
			if err != nil || len(rows) != 1 || !strings.Contains(strings.Join(rows[0], " "), `"" is no integer`) {
				t.Errorf("%s: got %q, %v", tt.more, rows, err)
			}
			continue
		}
		if err != nil || len(rows) != 1 || !slices.Equal(rows[0], tt.want) {
			t.Errorf("%s%s: got %q, %v, want %q", tt.dialect, tt.more, rows, err, tt.want)
		}
	}
}
