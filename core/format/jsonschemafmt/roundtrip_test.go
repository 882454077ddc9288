package jsonschemafmt_test

import (
	"testing"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/debeziumfmt"
	"github.com/datasync-io/datasync/core/format/jsonschemafmt"
	"github.com/datasync-io/datasync/core/format/registry"
	"github.com/datasync-io/datasync/core/plugintest/changes"
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

func TestRoundTrip(t *testing.T) {
	for name, o := range map[string]debeziumfmt.Options{
		"defaults": {}, "texts": {Decimal: "string", Binary: "hex", Unsigned: "precise", Time: "adaptive", Name: "srv"},
	} {
		t.Run(name, func(t *testing.T) {
			c := client(t, changes.NewRegistry(t, false))
			e := jsonschemafmt.NewEncoder(jsonschemafmt.Options{Options: o}, c)
			d := jsonschemafmt.NewDecoder(jsonschemafmt.Options{Options: o}, c, e.Meta())
			changes.Trip{Encoder: e, Decoder: d, Unlinked: true}.Run(t, changes.Batch(changes.Schema(e.Meta()...)))
		})
	}
}

// Types that only the source's name of them tells come back too.
func TestRoundTripOfNativeTypes(t *testing.T) {
	c, o := client(t, changes.NewRegistry(t, false)), jsonschemafmt.Options{}
	e := jsonschemafmt.NewEncoder(o, c)
	changes.Trip{Encoder: e, Decoder: jsonschemafmt.NewDecoder(o, c, nil), Unlinked: true}.Run(t, changes.Natives(e.Meta()...))
}

func BenchmarkEncoder(b *testing.B) {
	changes.Bench(b, func() changefmt.Encoder {
		return jsonschemafmt.NewEncoder(jsonschemafmt.Options{}, client(b, changes.NewRegistry(b, false)))
	})
}
