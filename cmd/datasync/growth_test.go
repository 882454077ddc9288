package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// growing make large job files of n parts, each hard for something else in check.
var growing = map[string]func(n int) string{
	"columns": func(n int) string { return streamJob(`{"name": "id", "type": "bigint"},`, n, "", 0) },
	"unknown": func(n int) string { return streamJob("", 0, `"key_%d": 1,`, n) },
	"literals": func(n int) string {
		return streamJob(`{"name": "id", "type": "bigint", "value": "${rows}"},`, n, "", 0)
	},
	"contents": func(n int) string {
		one := streamJob("", 0, "", 0)
		element := one[strings.Index(one, "[")+1 : strings.LastIndex(one, "]")]
		return `{"job": {"content": [` + strings.Repeat(element+",", n) + element + `]}}`
	},
}

func streamJob(column string, columns int, key string, keys int) string {
	var b strings.Builder
	b.WriteString(`{"job": {"content": [{"reader": {"name": "streamreader", "parameter": {`)
	for i := range keys {
		fmt.Fprintf(&b, key, i)
	}
	b.WriteString(`"column": [` + strings.Repeat(column, columns) + `{"name": "last", "type": "id"}], "sliceRecordCount": 7}},` +
		` "writer": {"name": "streamwriter", "parameter": {}}}]}}`)
	return b.String()
}

// TestCheckGrowsWithTheFile counts what check allocates for a file and for one
// eight times as large.
func TestCheckGrowsWithTheFile(t *testing.T) {
	dir := t.TempDir()
	count := func(text string) float64 {
		file := filepath.Join(dir, "job.json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return testing.AllocsPerRun(2, func() {
			var out bytes.Buffer
			p := &process{args: []string{"check", "-p", "rows=1", "-state-dir", dir, file}, stdin: strings.NewReader(""), stdout: &out, stderr: &out, env: os.LookupEnv}
			if p.run(); !strings.Contains(out.String(), "job.content[0].reader.parameter.sliceRecordCount = 7") {
				t.Fatalf("check prints\n%.2000s", out.String())
			}
		})
	}
	const parts = 100
	for name, make := range growing {
		small, large := count(make(parts)), count(make(8*parts))
		if large > 9*small+300 {
			t.Errorf("%s: %.0f allocations, and %.0f for a file eight times as large", name, small, large)
		}
	}
}
