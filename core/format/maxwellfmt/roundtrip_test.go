package maxwellfmt_test

import (
	"testing"

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
