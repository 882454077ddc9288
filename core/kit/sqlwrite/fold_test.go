package sqlwrite_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/record"
)

var three = record.NewSchema(record.Name{Table: "t"}, []record.Column{
	{Name: "id", Kind: record.Int64}, {Name: "a", Kind: record.String, Nullable: true}, {Name: "b", Kind: record.String, Nullable: true}}, 0)

// threeToo has the same rows in another order and of another kind.
var threeToo = record.NewSchema(record.Name{Table: "t"}, []record.Column{
	{Name: "b", Kind: record.String, Nullable: true}, {Name: "id", Kind: record.Decimal}, {Name: "a", Kind: record.String, Nullable: true}}, 1)

const threeTable = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT DEFAULT 'new');"

// sinkOf opens a sink that keeps no marks.
func sinkOf(t testing.TB, d *lite, parameters string) plugin.Sink {
	t.Helper()
	w := plugintest.NewWriter(t, d.info(), `{"connection": [{"jdbcUrl": "x", "table": "t"}], "column": ["*"]`+parameters+`}`)
	s, err := w.Open(t.Context(), plugin.Task{Job: "j", Of: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// put appends a row; "-" is absent, "" NULL.
func put(b *record.Batch, s *record.Schema, op record.Op, id int, a, c string) {
	text := func(v string) {
		switch v {
		case "-":
			b.Absent()
		case "":
			b.Null()
		default:
			b.Text(record.String, v)
		}
	}
	b.Begin(s, op)
	if s == three {
		b.Int64(int64(id))
		text(a)
		text(c)
		return
	}
	text(c)
	b.Text(record.Decimal, fmt.Sprintf("%d", id))
	text(a)
}

// model applies changes one by one.
type model struct {
	rows map[int][2]string
	keep bool
}

func (m *model) apply(op record.Op, id int, a, c string) {
	old, there := m.rows[id]
	if !there {
		old = [2]string{"", "new"}
	}
	for i, v := range []string{a, c} {
		if v != "-" && (v != "" || !m.keep || !there || op != record.Insert) {
			old[i] = v
		}
	}
	if m.rows[id] = old; op == record.Delete {
		delete(m.rows, id)
	}
}

// TestChangesAreFolded compares random changes with their application one by one.
func TestChangesAreFolded(t *testing.T) {
	for name, parameters := range map[string]string{
		"insert": ``, "replace": `, "mode": "replace"`, "update": `, "mode": "update", "allReplace": true`, "keep": `, "mode": "update"`,
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(6) {
				d := newLite(t, threeTable)
				s := sinkOf(t, d, parameters)
				rnd := rand.New(rand.NewPCG(seed, 3))
				m := &model{rows: map[int][2]string{}, keep: name == "keep"}
				for range 30 {
					b := record.NewBatch(0, 0)
					b.Reset("0")
					for range 1 + rnd.IntN(12) {
						change(b, m, rnd, name)
					}
					if err := s.Write(t.Context(), b); err != nil {
						t.Fatalf("seed %d: %v", seed, err)
					}
				}
				if err := s.(plugin.Flusher).Flush(t.Context()); err != nil {
					t.Fatal(err)
				}
				var want [][]string
				for _, id := range slices.Sorted(maps.Keys(m.rows)) {
					row := []string{fmt.Sprint(id), m.rows[id][0], m.rows[id][1]}
					for i := range row {
						if row[i] == "" {
							row[i] = "NULL"
						}
					}
					want = append(want, row)
				}
				if diff := plugintest.SameOrder(want, d.rows("SELECT * FROM t ORDER BY id")); diff != "" {
					t.Fatalf("seed %d: %s", seed, diff)
				}
			}
		})
	}
}

// change appends a random change that the mode takes.
func change(b *record.Batch, m *model, rnd *rand.Rand, mode string) {
	schema := three
	if rnd.IntN(4) == 0 {
		schema = threeToo
	}
	value := func(absent bool) string {
		switch rnd.IntN(6) {
		case 0:
			return ""
		case 1, 2:
			if absent {
				return "-"
			}
		}
		return fmt.Sprint(rnd.IntN(100))
	}
	id := rnd.IntN(8)
	_, there := m.rows[id]
	op, a, c := record.Insert, value(false), value(false)
	switch {
	case rnd.IntN(4) == 0:
		op = record.Delete
	case there && mode == "insert", rnd.IntN(2) == 0:
		op, a, c = record.UpdateAfter, value(true), value(true)
		if rnd.IntN(2) == 0 {
			put(b, schema, record.UpdateBefore, id, "x", "y")
		}
	}
	put(b, schema, op, id, a, c)
	m.apply(op, id, a, c)
}

func TestDuplicatesAreLeftToTheDatabase(t *testing.T) {
	d := newLite(t, threeTable)
	s := sinkOf(t, d, "")
	b := record.NewBatch(0, 0)
	b.Reset("0")
	put(b, three, record.UpdateAfter, 1, "x", "y")
	put(b, threeToo, record.Insert, 2, "x", "y")
	put(b, threeToo, record.Insert, 2, "z", "y")
	var refused *errclass.Rows
	if err := s.Write(t.Context(), b); !errors.As(err, &refused) || refused.Written || refused.Bad[0].Index != 2 || refused.Bad[0].Reason != errclass.Duplicate {
		t.Errorf("got %v, want row 2 refused as a duplicate", err)
	}
}

// TestInsertsAreNotCopied looks at what reaches the driver.
func TestInsertsAreNotCopied(t *testing.T) {
	d := newLite(t, threeTable)
	var forms []*sqlwrite.Form
	b := record.NewBatch(0, 0)
	b.Reset("0")
	d.wrote = func(f *sqlwrite.Form, r *sqlwrite.Rows) {
		forms = append(forms, f)
		if r.Batch != b || r.Rows != nil {
			t.Error("the rows were copied")
		}
	}
	s := sinkOf(t, d, "")
	for i := range 3 {
		b.Reset("0")
		put(b, three, record.Insert, i, "x", "y")
		if err := s.Write(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	if len(forms) != 3 || forms[0] != forms[2] {
		t.Errorf("%d forms, the same %t", len(forms), forms[0] == forms[len(forms)-1])
	}
}

// TestChangedRowsWithAbsentColumns: a row that is there is changed, another added.
func TestChangedRowsWithAbsentColumns(t *testing.T) {
	d := newLite(t, threeTable+"INSERT INTO t VALUES (1, 'a', 'b'), (2, 'a', 'b')")
	s := sinkOf(t, d, "")
	b := record.NewBatch(0, 0)
	b.Reset("0")
	put(b, three, record.UpdateAfter, 1, "x", "-")
	put(b, three, record.UpdateAfter, 2, "-", "y")
	put(b, three, record.UpdateAfter, 3, "x", "-")
	if err := errors.Join(s.Write(t.Context(), b), s.(plugin.Flusher).Flush(t.Context())); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(d.rows("SELECT * FROM t")); got != "[[1 x b] [2 a y] [3 x new]]" {
		t.Errorf("got %s", got)
	}
}

func BenchmarkFold(b *testing.B) {
	d := newLite(b, threeTable)
	s := sinkOf(b, d, `, "mode": "update", "allReplace": true`)
	batch := record.NewBatch(0, 0)
	batch.Reset("0")
	for i := range 1024 {
		put(batch, three, record.Insert, i, "some text", "more text")
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Write(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
}
