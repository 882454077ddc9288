package canalfmt_test

import (
	"testing"

	"github.com/datasync-io/datasync/core/format/canalfmt"
	"github.com/datasync-io/datasync/core/plugintest/changes"
	"github.com/datasync-io/datasync/core/record"
)

func TestRoundTrip(t *testing.T) {
	meta := canalfmt.NewEncoder(canalfmt.Options{}).Meta()
	b := changes.Batch(changes.Schema(meta...))
	changes.Trip{
		Encoder: canalfmt.NewEncoder(canalfmt.Options{}), Decoder: canalfmt.NewDecoder(canalfmt.Options{}, meta),
		Want: func(r record.Row, c int) string {
			switch text := string(r.AppendText(nil, c)); r.Kind(c) {
			case record.UUID, record.Interval: // MySQL has no such types
				return "string " + text
			}
			return changes.Spell(r, c)
		},
	}.Run(t, b)
}
