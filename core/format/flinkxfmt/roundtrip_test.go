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
