package avrofmt_test

import (
	"testing"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/format/avrofmt"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/debeziumfmt"
	"github.com/datasync-io/datasync/core/format/registry"
	"github.com/datasync-io/datasync/core/plugintest/changes"
	"github.com/datasync-io/datasync/core/record"
)

func client(t testing.TB, r *changes.Registry) *registry.Client {
	t.Helper()
	c := registry.NewConfig()
	c.URL = config.StringList{r.URL}
	client, err := registry.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// rows are changes that Avro can hold: bigint unsigned as long stops at 2^63.
func rows(s *record.Schema, absent bool) *record.Batch {
	all := changes.Batch(s)
	b := record.NewBatch(1<<20, 1<<30)
	b.Reset("0")
	for i := range all.Len() {
		r := all.Row(i)
		skip := false
		for c := range s.Data {
			skip = skip || !absent && r.Kind(c) == record.Absent
		}
		if !skip {
			b.CopyRow(r)
		}
	}
	return b
}

func TestRoundTrip(t *testing.T) {
	for name, o := range map[string]debeziumfmt.Options{
		"defaults": {Unsigned: "precise"},
		"texts":    {Decimal: "string", Binary: "base64", Unsigned: "precise", Time: "adaptive"},
		"hex":      {Binary: "hex", Unsigned: "precise", Name: "srv"},
	} {
		t.Run(name, func(t *testing.T) {
			c := client(t, changes.NewRegistry(t, false))
			e := avrofmt.NewEncoder(avrofmt.Options{Options: o}, c)
			d := avrofmt.NewDecoder(avrofmt.Options{Options: o}, c, e.Meta())
			changes.Trip{Encoder: e, Decoder: d, Unlinked: true}.Run(t, rows(changes.Schema(e.Meta()...), false))
		})
	}
}

// Types that only the source's name of them tells come back too.
func TestRoundTripOfNativeTypes(t *testing.T) {
	c, o := client(t, changes.NewRegistry(t, false)), avrofmt.Options{Options: debeziumfmt.Options{Unsigned: "precise"}}
	e := avrofmt.NewEncoder(o, c)
	changes.Trip{Encoder: e, Decoder: avrofmt.NewDecoder(o, c, nil), Unlinked: true}.Run(t, changes.Natives(e.Meta()...))
}

func BenchmarkEncoder(b *testing.B) {
	changes.Bench(b, func() changefmt.Encoder {
		return avrofmt.NewEncoder(avrofmt.Options{}, client(b, changes.NewRegistry(b, false)))
	})
}

func registrySchema(text string) registry.Schema {
	return registry.Schema{Text: text, Type: registry.Avro}
}

func BenchmarkDecoder(b *testing.B) {
	c := client(b, changes.NewRegistry(b, false))
	changes.BenchDecoder(b, func() changefmt.Encoder { return avrofmt.NewEncoder(avrofmt.Options{}, c) }, func() changefmt.Decoder { return avrofmt.NewDecoder(avrofmt.Options{}, c, nil) })
}
