package flinkxfmt_test

import (
	"testing"

	"github.com/datasync-io/datasync/core/format/flinkxfmt"
	"github.com/datasync-io/datasync/core/plugintest/changes"
	"github.com/datasync-io/datasync/core/record"
)

func TestRoundTrip(t *testing.T) {
	want := func(r record.Row, c int) string {
		if r.Kind(c) == record.JSON {
			return "string " + string(r.Bytes(c))
		}
		return changes.Untyped(r, c)
	}
	for name, shape := range map[string]flinkxfmt.Shape{"paving": flinkxfmt.Paving, "nested": flinkxfmt.Nested, "split": flinkxfmt.Split} {
		t.Run(name, func(t *testing.T) {
			e := flinkxfmt.NewEncoder(flinkxfmt.Options{Shape: shape})
			b := changes.Batch(changes.Schema(e.Meta()...))
			changes.Trip{Encoder: e, Decoder: flinkxfmt.NewDecoder(e.Meta()), Want: want, Lone: shape == flinkxfmt.Split}.Run(t, b)
		})
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
	changes.Trip{Encoder: flinkxfmt.NewEncoder(flinkxfmt.Options{}), Decoder: flinkxfmt.NewDecoder(nil, columns...)}.Run(t, b)
}
