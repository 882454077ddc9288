package flinksql_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
	"github.com/datasync-io/datasync/core/transform/flinksql"
)

var changing = record.NewSchema(record.Name{Table: "v"}, []record.Column{
	{Name: "id", Kind: record.Int64}, {Name: "d", Kind: record.Int64, Nullable: true}, {Name: "c", Kind: record.String, Nullable: true}}, 0)

// none is an absent value of a change below.
const none = -999

// change is one row: op, d, c.
type change struct {
	op   record.Op
	d    int64
	c    string
	link bool
}

func fill(b *record.Batch, changes []change) {
	for _, ch := range changes {
		b.Begin(changing, ch.op)
		b.Int64(1)
		if ch.d == none {
			b.Absent()
		} else {
			b.Int64(ch.d)
		}
		if ch.c == "" {
			b.Absent()
		} else {
			b.String([]byte(ch.c))
		}
		if ch.link {
			b.Link()
		}
	}
}

// TestChanges filters changes by d > 10: what comes out makes a destination
// hold the rows for which that is so.
func TestChanges(t *testing.T) {
	const ins, before, after, del = record.Insert, record.UpdateBefore, record.UpdateAfter, record.Delete
	for _, tt := range []struct {
		name string
		in   []change
		want []string
		bad  int
	}{
		{"insert in", []change{{op: ins, d: 11, c: "x"}}, []string{"insert int64:1|string:X"}, 0},
		{"insert out", []change{{op: ins, d: 9, c: "x"}}, nil, 0},
		{"delete in", []change{{op: del, d: 11, c: "x"}}, []string{"delete int64:1|string:X"}, 0},
		{"delete out", []change{{op: del, d: 9, c: "x"}}, nil, 0},
		{"delete that says the key alone", []change{{op: del, d: none}}, []string{"delete int64:1|absent"}, 0},
		{"update in and in", []change{{op: before, d: 11, c: "x"}, {op: after, d: 12, c: "y"}}, []string{"update-before int64:1|string:X", "update-after int64:1|string:Y"}, 0},
		{"update out of it", []change{{op: before, d: 11, c: "x"}, {op: after, d: 9, c: "y"}}, []string{"delete int64:1|string:X"}, 0},
		{"update into it", []change{{op: before, d: 9, c: "x"}, {op: after, d: 11, c: "y"}}, []string{"insert int64:1|string:Y"}, 0},
		{"update outside", []change{{op: before, d: 8, c: "x"}, {op: after, d: 9, c: "y"}}, nil, 0},
		{"upsert in", []change{{op: after, d: 11, c: "x"}}, []string{"update-after int64:1|string:X"}, 0},
		{"upsert out", []change{{op: after, d: 9, c: "x"}}, []string{"delete int64:1|string:X"}, 0},
		{"what did not change comes from the half before", []change{{op: before, d: 11, c: "x"}, {op: after, d: none, c: ""}}, []string{"update-before int64:1|string:X", "update-after int64:1|string:X"}, 0},
		{"an unknown half before", []change{{op: before, d: none}, {op: after, d: 11, c: "y"}}, []string{"update-after int64:1|string:Y"}, 0},
		{"an unknown half before, out", []change{{op: before, d: none}, {op: after, d: 9, c: "y"}}, []string{"delete int64:1|absent"}, 0},
		{"an unknown row", []change{{op: after, d: none, c: "y"}}, nil, 1},
		{"an unknown update", []change{{op: before, d: none, c: "x"}, {op: after, d: none, c: "y"}}, nil, 2},
		{"a value that is not said", []change{{op: after, d: 11}}, []string{"update-after int64:1|absent"}, 0},
	} {
		out, err := filter(t, "SELECT id, UPPER(c) AS c FROM v WHERE d > 10", tt.in)
		if got := texts(out); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
		var refused *errclass.Rows
		if errors.As(err, &refused); (refused == nil) != (tt.bad == 0) || refused != nil && (len(refused.Bad) != tt.bad || !strings.Contains(refused.Error(), "the filter needs it")) {
			t.Errorf("%s: error %v, want %d bad rows", tt.name, err, tt.bad)
		}
	}
}

func filter(t *testing.T, sql string, in []change) (*record.Batch, error) {
	t.Helper()
	q, err := flinksql.Parse(sql, "v")
	if err != nil {
		t.Fatal(err)
	}
	b, out := record.NewBatch(0, 0), record.NewBatch(0, 0)
	fill(b, in)
	err = q.NewTransform(flinksql.Options{}).Apply(context.Background(), b, out)
	return out, err
}

// TestPairsFailTogether has an update whose half after cannot be computed.
func TestPairsFailTogether(t *testing.T) {
	out, err := filter(t, "SELECT id, 10 / d AS x FROM v", []change{
		{op: record.Insert, d: 5, c: "a"}, {op: record.UpdateBefore, d: 5, c: "a"}, {op: record.UpdateAfter, d: 0, c: "a"}, {op: record.Insert, d: 2, c: "a"}})
	var refused *errclass.Rows
	if !errors.As(err, &refused) || len(refused.Bad) != 2 || refused.Bad[0].Index != 1 || refused.Bad[1].Index != 2 || !refused.Written {
		t.Fatalf("error %v", err)
	}
	if got := texts(out); !slices.Equal(got, []string{"insert int64:1|int64:2", "insert int64:1|int64:5"}) {
		t.Errorf("rows %v", got)
	}
}

func TestLinksHoldWhereBothRowsAreLeft(t *testing.T) {
	for _, tt := range []struct {
		first int64
		want  bool
	}{{11, true}, {9, false}} {
		out, err := filter(t, "SELECT * FROM v WHERE d > 10", []change{{op: record.Delete, d: tt.first, c: "x"}, {op: record.Insert, d: 11, c: "x", link: true}})
		if err != nil || out.Row(out.Len()-1).Linked() != tt.want {
			t.Errorf("delete with d = %d: linked %v, error %v", tt.first, !tt.want, err)
		}
	}
}
