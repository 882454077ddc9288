package debeziumfmt_test

import (
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/format/debeziumfmt"
	"github.com/datasync-io/datasync/core/plugintest/changes"
	"github.com/datasync-io/datasync/core/record"
)

func TestRoundTripWithSchema(t *testing.T) {
	for name, o := range map[string]debeziumfmt.Options{
		"defaults": {},
		"texts":    {Decimal: "string", Binary: "base64", Unsigned: "precise", Time: "adaptive"},
		"hex":      {Decimal: "double", Binary: "hex"},
		"url":      {Binary: "base64-url-safe"},
	} {
		t.Run(name, func(t *testing.T) {
			o.Name, o.Schemas = "srv", true
			e := debeziumfmt.NewEncoder(o)
			changes.Trip{Encoder: e, Decoder: debeziumfmt.NewDecoder(o, nil, e.Meta()), Unlinked: true}.Run(t, changes.Batch(changes.Schema(e.Meta()...)))
		})
	}
}

// Without schemas a decoder that is told the columns reads as much.
func TestRoundTripWithGivenColumns(t *testing.T) {
	for name, o := range map[string]debeziumfmt.Options{
		"defaults": {}, "precise": {Decimal: "precise", Unsigned: "precise", Binary: "hex"},
	} {
		t.Run(name, func(t *testing.T) {
			e := debeziumfmt.NewEncoder(o)
			s := changes.Schema(e.Meta()...)
			changes.Trip{Encoder: e, Decoder: debeziumfmt.NewDecoder(o, s.Columns[:s.Data], e.Meta()), Unlinked: true}.Run(t, changes.Batch(s))
		})
	}
}

// Types that only the source's name of them tells come back too.
func TestRoundTripOfNativeTypes(t *testing.T) {
	for name, o := range map[string]debeziumfmt.Options{"with schema": {Schemas: true}, "given columns": {}} {
		t.Run(name, func(t *testing.T) {
			e := debeziumfmt.NewEncoder(o)
			b := changes.Natives(e.Meta()...)
			var given []record.Column
			for _, c := range b.Row(0).Schema().Columns {
				switch native, err := convert.ParseType(strings.Replace(c.Native, "point", "geometry", 1)); { // as a job file tells it
				case c.Name == "id":
					given = append(given, c)
				case err == nil:
					given = append(given, native.Column(c.Name))
				}
			}
			changes.Trip{Encoder: e, Decoder: debeziumfmt.NewDecoder(o, given, nil), Unlinked: true}.Run(t, b)
		})
	}
}
