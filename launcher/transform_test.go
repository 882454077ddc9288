package launcher_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/core/record"
	"github.com/datasync-io/datasync/launcher"
)

// numbered gives the bench rows with the ids 0 to rows-1 and a text.
func numbered(b *bench) {
	s := record.NewSchema(record.Name{Schema: "s", Table: "t"}, []record.Column{{Name: "id", Kind: record.Int64}, {Name: "v", Kind: record.String}}, 0)
	table := record.NewBatch(rows, 64<<20)
	table.Reset("0")
	for i := range int64(rows) {
		table.Begin(s, record.Insert)
		table.Int64(i)
		table.String(fmt.Appendf(nil, "v%d", i))
	}
	b.from.Table = table
}

// between puts members between reader and writer, and allows bad rows.
func (b *bench) between(members string) {
	b.text = strings.Replace(b.text, `"writer":`, members+`,"writer":`, 1)
	b.text = strings.Replace(b.text, `"setting":{`, `"setting":{"errorLimit":{"record":100},`, 1)
}

func TestTransformedRowsAreCounted(t *testing.T) {
	for _, tt := range []struct {
		name, members            string
		written, filtered, dirty int64
	}{
		{"sql", `"transformer":{"transformSql":"SELECT 1000 / (id - 40) AS x, UPPER(v) AS v FROM t WHERE id >= 20"}`, rows - 21, 20, 1},
		{"steps", `"transformer":[{"name":"dx_filter","parameter":{"columnIndex":0,"paras":["<","20"]}},{"name":"dx_substr","parameter":{"columnIndex":1,"paras":["3","1"]}}]`, rows - 20, 20, 0},
		{"steps that fail", `"transformer":[{"name":"dx_substr","parameter":{"columnIndex":1,"paras":["3","1"]}}]`, rows - 10, 0, 10},
		{"names", `"nameMapping":{"sourceName":"x","schemaMappings":{"s":"d"}}`, rows, 0, 0},
		{"names and sql", `"nameMapping":{"sourceName":"x","casing":"UPPER"},"transformer":{"transformSql":"SELECT ID FROM T WHERE ID < 10"}`, 10, rows - 10, 0},
	} {
		b := newBench(t)
		numbered(b)
		b.between(tt.members)
		r := b.run(t, t.Context())
		wantEnd(t, r, launcher.Finished, 0)
		c := b.stored(t).Counters
		if c.Read != rows || c.Written != tt.written || c.Filtered != tt.filtered || c.Errors() != tt.dirty || int64(len(b.to.Rows())) != tt.written {
			t.Errorf("%s: counted %+v, %d rows are there", tt.name, c, len(b.to.Rows()))
		}
	}
}

// TestDirtyRowsAreShownAsRead has a row that cannot be computed: what is kept of
// it is the source's row, with the column of the result that it lacks.
func TestDirtyRowsAreShownAsRead(t *testing.T) {
	b := newBench(t)
	numbered(b)
	b.between(`"transformer":{"transformSql":"SELECT id, 1 / (id - 40) AS x FROM t"}`)
	wantEnd(t, b.run(t, t.Context()), launcher.Finished, 0)
	log := b.log.String()
	for _, want := range []string{"column=x", `1 / (id - 40): division by zero`, `\"id\":\"40\"`, `\"v\":\"v40\"`} {
		if !strings.Contains(log, want) {
			t.Errorf("the log does not say %s:\n%s", want, log)
		}
	}
}

// TestQueryOfUnlistedColumns finds what cannot be done once the source has said
// which columns there are.
func TestQueryOfUnlistedColumns(t *testing.T) {
	b := newBench(t)
	numbered(b)
	b.between(`"transformer":{"transformSql":"SELECT nope FROM t"}`)
	r := b.run(t, t.Context())
	wantEnd(t, r, launcher.Failed, launcher.ExitConfig)
	if want := "job.content[0].transformer: transformSql, table s.t: nope: there is no such column, there are id, v"; !strings.Contains(r.Err.Error(), want) {
		t.Errorf("error %v, want %s", r.Err, want)
	}
	if len(b.calls) == 0 || strings.Contains(fmt.Sprint(b.calls), "before") {
		t.Errorf("calls %v", b.calls)
	}
}

func TestPreviewShowsTransformedRows(t *testing.T) {
	b := newBench(t)
	numbered(b)
	b.between(`"transformer":{"transformSql":"SELECT id * 2 AS twice, 10 / (id - 8) AS x FROM t WHERE id > 4"},"nameMapping":{"sourceName":"x","tableMappings":{"s":{"t":"renamed"}}}`)
	j, err := job.Parse([]byte(b.text), job.Options{File: "memory.json"})
	if err != nil {
		t.Fatal(err)
	}
	r, err := launcher.New(j, launcher.Options{Registry: b.registry, StateDir: b.state})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := r.Preview(t.Context(), launcher.PreviewOptions{Rows: 2, JSON: true}, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"table":"s.renamed"`, `{"twice":24,"x":2}`, `{"twice":32,"x":1}`, `division by zero`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the preview does not say %s:\n%s", want, &out)
		}
	}
}

// TestAnotherTransformerIsAnotherJob leaves a run behind half-way.
func TestAnotherTransformerIsAnotherJob(t *testing.T) {
	b := newBench(t)
	numbered(b)
	b.between(`"transformer":{"transformSql":"SELECT id, v FROM t"}`)
	b.interrupted(t)
	b.readers, b.resume = nil, true
	b.text = strings.Replace(b.text, "SELECT id, v", "SELECT id, UPPER(v)", 1)
	r := b.run(t, context.Background())
	wantEnd(t, r, launcher.Failed, launcher.ExitPosition)
	if errclass.Of(r.Err) != errclass.PositionLost {
		t.Errorf("error %v", r.Err)
	}
}

func TestWhatHasNoEffectIsNoted(t *testing.T) {
	b := newBench(t)
	b.between(`"nameMapping":{"schemaMappings":{"a":"b"}},"restoration":{"workerNum":2,"ddl":{"type":"mysql"}}`)
	j, err := job.Parse([]byte(b.text), job.Options{File: "memory.json"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := launcher.New(j, launcher.Options{Registry: b.registry, StateDir: b.state}); err != nil {
		t.Fatal(err)
	}
	var notes strings.Builder
	for _, n := range j.Notes() {
		fmt.Fprintln(&notes, n.Path, n.Msg)
	}
	for _, want := range []string{
		"job.content[0].nameMapping has no effect: memoryreader reads no changes; with sourceName in it, names are mapped all the same",
		"job.content[0].restoration has no effect: schema changes keep their place among the rows here",
	} {
		if !strings.Contains(notes.String(), want) {
			t.Errorf("no note says %s:\n%s", want, &notes)
		}
	}
}
