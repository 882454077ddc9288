package maxwellfmt_test

import (
	"testing"

	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/maxwellfmt"
	"github.com/datasync-io/datasync/core/plugintest/changes"
	"github.com/datasync-io/datasync/core/record"
)

func TestRoundTrip(t *testing.T) {
	meta := maxwellfmt.NewEncoder(maxwellfmt.Options{}).Meta()
	b := changes.Batch(changes.Schema(meta...))
	changes.Trip{Encoder: maxwellfmt.NewEncoder(maxwellfmt.Options{}), Decoder: maxwellfmt.NewDecoder(meta), Want: changes.Untyped}.Run(t, b)
	changes.Trip{Encoder: maxwellfmt.NewEncoder(maxwellfmt.Options{DecimalTexts: true}), Decoder: maxwellfmt.NewDecoder(meta), Want: func(r record.Row, c int) string {
		if r.Kind(c) == record.Decimal {
			return "string " + string(r.Bytes(c))
		}
		return changes.Untyped(r, c)
	}}.Run(t, b)
}

// A set is a list, a bit a number, and the last event of a transaction says so.
func TestNativeTypes(t *testing.T) {
	e := maxwellfmt.NewEncoder(maxwellfmt.Options{})
	s := changefmt.NewSchema(record.Name{Database: "d", Table: "t"}, []record.Column{{Name: "id", Kind: record.Int64}, {Name: "st", Kind: record.String, Native: "set('a','b')"},
		{Name: "b", Kind: record.Bool, Native: "bit(1)"}}, []int{0}, []string{changefmt.TxID})
	b := record.NewBatch(10, 1000)
	for i, id := range []string{"3e11fa47-71ca-11e1-9e33-c80aa9429562:17", "bin.000001/000000000000000154"} {
		b.Begin(s, record.Insert)
		b.Int64(int64(i))
		b.Text(record.String, []string{"a,b", ""}[i])
		b.Bool(i == 0)
		b.Text(record.String, id)
	}
	e.Begin(changes.Now)
	for i, want := range []string{
		`{"database":"d","table":"t","type":"insert","ts":1700000000,"xid":17,"primary_key_columns":["id"],"data":{"id":0,"st":["a","b"],"b":1}}`,
		`{"database":"d","table":"t","type":"insert","ts":1700000000,"xid":154,"commit":true,"primary_key_columns":["id"],"data":{"id":1,"st":[],"b":0}}`,
	} {
		e.Commits(i == 1)
		ev, _ := changefmt.At(b, i, e.Grouping())
		if got, err := e.AppendValue(nil, ev); err != nil || string(got) != want {
			t.Errorf("got %s (%v), want %s", got, err, want)
		}
	}
}

// A binary column comes back as such where the job says which it is.
func TestGivenColumns(t *testing.T) {
	columns := []record.Column{{Name: "id", Kind: record.Int64}, {Name: "b", Kind: record.Bytes, Native: "blob", Nullable: true}}
	s := record.NewSchema(record.Name{Database: "d", Table: "t"}, columns, 0)
	b := record.NewBatch(10, 1000)
	b.Begin(s, record.Insert)
	b.Int64(1)
	b.Bytes([]byte("\x00\xff"))
	changes.Trip{Encoder: maxwellfmt.NewEncoder(maxwellfmt.Options{}), Decoder: maxwellfmt.NewDecoder(nil, columns...)}.Run(t, b)
}
