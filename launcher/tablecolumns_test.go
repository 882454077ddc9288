package launcher_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
	"github.com/datasync-io/datasync/launcher"
	"github.com/datasync-io/datasync/reader/stream"
)

const someSalt = "salt of a test"

// people gives the bench rows with an id, a name that nobody is to see, and a text.
func people(b *bench) {
	s := record.NewSchema(record.Name{Schema: "s", Table: "t"}, []record.Column{{Name: "id", Kind: record.Int64}, {Name: "name", Kind: record.String}, {Name: "v", Kind: record.String}}, 0)
	table := record.NewBatch(rows, 64<<20)
	table.Reset("0")
	for i := range int64(rows) {
		table.Begin(s, record.Insert)
		table.Int64(i)
		table.String(fmt.Appendf(nil, "person%d", i))
		table.String(fmt.Appendf(nil, "v%d", i))
	}
	b.from.Table = table
}

func (b *bench) runner(t *testing.T) (*launcher.Runner, *job.Job, error) {
	t.Helper()
	j, err := job.Parse([]byte(b.text), job.Options{File: "memory.json"})
	if err != nil {
		return nil, nil, err
	}
	r, err := launcher.New(j, launcher.Options{Registry: b.registry, StateDir: b.state})
	return r, j, err
}

func TestColumnsAreHidden(t *testing.T) {
	b := newBench(t)
	people(b)
	b.between(`"tableColumns":[{"table":"s.t","hash":[{"columns":"name","salt":"` + someSalt + `"}],"mask":[{"columns":["v"],"keepLast":1}]}]`)
	wantEnd(t, b.run(t, t.Context()), launcher.Finished, 0)
	sum := sha256.Sum256([]byte(someSalt + "person42"))
	want := "string " + hex.EncodeToString(sum[:])
	found := false
	for _, row := range b.to.Rows() {
		if row[0] == "int64 42" {
			found = row[1] == want && row[2] == "string **2"
		}
		if strings.Contains(strings.Join(row, "|"), "person") {
			t.Fatalf("a name is there: %v", row)
		}
	}
	if !found || len(b.to.Rows()) != rows {
		t.Errorf("%d rows, the one of person 42 as expected: %v", len(b.to.Rows()), found)
	}
}

// TestDirtyRowsShowNothingHidden has a row that the transformer refuses: what is
// kept of it has no name and no hash's input.
func TestDirtyRowsShowNothingHidden(t *testing.T) {
	b := newBench(t)
	people(b)
	b.between(`"tableColumns":[{"table":"s.*","exclude":"name","mask":[{"columns":"v","text":"hidden"}]}],"transformer":{"transformSql":"SELECT id, 1 / (id - 40) AS x FROM t"}`)
	wantEnd(t, b.run(t, t.Context()), launcher.Finished, 0)
	log := b.log.String()
	if strings.Contains(log, "person") || strings.Contains(log, "v40") || !strings.Contains(log, `\"v\":\"hidden\"`) || !strings.Contains(log, `\"id\":\"40\"`) {
		t.Errorf("the dirty row:\n%s", log)
	}
}

// TestQueryOfAHiddenColumn finds no column of that name.
func TestQueryOfAHiddenColumn(t *testing.T) {
	b := newBench(t)
	people(b)
	b.between(`"tableColumns":[{"table":"t","exclude":"name"}],"transformer":{"transformSql":"SELECT name FROM t"}`)
	r := b.run(t, t.Context())
	wantEnd(t, r, launcher.Failed, launcher.ExitConfig)
	if want := "name: there is no such column, there are id, v"; !strings.Contains(r.Err.Error(), want) {
		t.Errorf("error %v, want %s", r.Err, want)
	}
}

// TestListedColumnsThatAreHidden has a reader that lists columns: how many are
// left is known from the table's name alone, which the file does not say.
func TestListedColumnsThatAreHidden(t *testing.T) {
	b := newBench(t)
	b.text = strings.Replace(b.text, `"name":"memoryreader","parameter":{}`, `"name":"streamreader","parameter":{"column":[{"name":"id","type":"int"},{"name":"name","type":"string"}],"sliceRecordCount":[2,1]}`, 1)
	b.between(`"tableColumns":[{"table":"*","exclude":"name"}]`)
	var err error
	if b.registry, err = plugin.NewRegistry([]plugin.ReaderInfo{stream.Info()}, []plugin.WriterInfo{{Name: "memory", New: func(_ plugin.Env, d *config.Decoder) (plugin.Writer, error) {
		return &fitted{b.to.Writer()}, d.Decode(&struct{}{})
	}}}); err != nil {
		t.Fatal(err)
	}
	wantEnd(t, b.run(t, t.Context()), launcher.Finished, 0)
	if rows := b.to.Rows(); len(rows) != 3 || len(rows[0]) != 1 {
		t.Errorf("%v", rows)
	}
}

// fitted is a writer of one column.
type fitted struct{ plugin.Writer }

func (*fitted) Fits(columns []string) error {
	if len(columns) != 1 {
		return config.Fieldf("column", "expected one column, found %v", columns)
	}
	return nil
}

func TestPreviewHidesColumns(t *testing.T) {
	for _, asJSON := range []bool{true, false} {
		b := newBench(t)
		people(b)
		b.between(`"tableColumns":[{"table":"s.t","mask":[{"columns":"name","length":3}],"exclude":["v"]}],"nameMapping":{"sourceName":"x","tableMappings":{"s":{"t":"renamed"}}}`)
		r, _, err := b.runner(t)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := r.Preview(t.Context(), launcher.PreviewOptions{Rows: 2, JSON: asJSON}, &out); err != nil {
			t.Fatal(err)
		}
		if text := out.String(); strings.Contains(text, "person") || strings.Contains(text, "v1") || !strings.Contains(text, "***") || asJSON && !strings.Contains(text, `"table":"s.renamed"`) {
			t.Errorf("the preview:\n%s", text)
		}
	}
}

// TestColumnsOfTablesThatAreNotThere stops a fresh run, a probe, and nothing else.
func TestColumnsOfTablesThatAreNotThere(t *testing.T) {
	b := newBench(t)
	people(b)
	b.between(`"tableColumns":[{"table":["s.t", "s.people"],"exclude":"name"}]`)
	want := "memory.json:1:102: job.content[0].tableColumns[0].table[1]: s.people fits none of the tables that are read: s.t"
	r := b.run(t, t.Context())
	wantEnd(t, r, launcher.Failed, launcher.ExitConfig)
	if !strings.Contains(r.Err.Error(), want) {
		t.Errorf("error %v, want %s", r.Err, want)
	}
	runner, _, err := b.runner(t)
	if err != nil {
		t.Fatal(err)
	}
	if err := runner.Probe(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("the probe: %v", err)
	}
}

// TestOtherColumnsAreAnotherJob leaves a run of a table behind half-way.
func TestOtherColumnsAreAnotherJob(t *testing.T) {
	b := newBench(t)
	people(b)
	b.between(`"tableColumns":[{"table":"t","exclude":"name"}]`)
	b.interrupted(t)
	b.readers, b.resume = nil, true
	b.text = strings.Replace(b.text, `"exclude":"name"`, `"exclude":"v"`, 1)
	r := b.run(t, context.Background())
	wantEnd(t, r, launcher.Failed, launcher.ExitPosition)
	if errclass.Of(r.Err) != errclass.PositionLost {
		t.Errorf("error %v", r.Err)
	}
}

func TestFaultsOfColumns(t *testing.T) {
	for _, tt := range []struct{ rules, want string }{
		{`{"exclude":"a"}`, "job.content[0].tableColumns[0].table: is required"},
		{`{"table":"t","exclud":"a"}`, `job.content[0].tableColumns[0].exclud: unknown key, did you mean "exclude"?`},
		{`{"table":"t"}`, "job.content[0].tableColumns[0]: says nothing about columns: expected include, exclude, mask, hash or truncate"},
		{`{"table":"t(","exclude":"a"}`, `job.content[0].tableColumns[0].table[0]: "t(" is no regular expression`},
		{`{"table":"t","exclude":["a"],"hash":[{"columns":["b","a"],"salt":"` + someSalt + `"}]}`, "job.content[0].tableColumns[0].hash[0].columns[1]: column a has a rule already, tableColumns[0].exclude[0]; keep one"},
		{`{"table":"t","hash":[{"columns":"a"}]}`, "job.content[0].tableColumns[0].hash[0].salt: is required"},
		{`{"table":"t","hash":[{"columns":"a","salt":"tooshrt"}]}`, "job.content[0].tableColumns[0].hash[0].salt: is shorter than 8 characters"},
		{`{"table":"t","hash":[{"columns":"a","salt":"` + someSalt + `","algorithm":"crc32"}]}`, "job.content[0].tableColumns[0].hash[0].algorithm: expected one of sha256, sha512"},
		{`{"table":"t","mask":[{"columns":"a","text":"x","length":3}]}`, "job.content[0].tableColumns[0].mask[0]: expected one of text, length, and keepFirst or keepLast; found 2"},
	} {
		b := newBench(t)
		b.between(`"tableColumns":[` + tt.rules + `]`)
		_, _, err := b.runner(t)
		if err == nil || !strings.Contains(err.Error(), tt.want) || errclass.Of(err) != errclass.Config {
			t.Errorf("%s: %v, want %s", tt.rules, err, tt.want)
		}
		if err != nil && (strings.Contains(err.Error(), someSalt) || strings.Contains(err.Error(), "tooshrt")) {
			t.Errorf("a salt is shown: %v", err)
		}
	}
}

// TestSaltIsASecret looks for it wherever a job's file is shown.
func TestSaltIsASecret(t *testing.T) {
	b := newBench(t)
	b.between(`"tableColumns":[{"table":"t","hash":[{"columns":["name"],"salt":"` + someSalt + `"}]}]`)
	_, j, err := b.runner(t)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"masked": string(j.Masked()), "converted": string(j.Canonical(false)), "an error": j.Scrubber()("about " + someSalt)} {
		if strings.Contains(text, someSalt) {
			t.Errorf("%s shows it:\n%s", name, text)
		}
	}
	if text := string(j.Canonical(false)); !strings.Contains(text, `"salt": "${env:TABLECOLUMNS_0_HASH_0_SALT}"`) || !strings.Contains(text, `"columns": ["name"]`) {
		t.Errorf("converted:\n%s", text)
	}
	if text := string(j.Canonical(true)); !strings.Contains(text, someSalt) {
		t.Errorf("a file for its owner lacks it:\n%s", text)
	}
}
