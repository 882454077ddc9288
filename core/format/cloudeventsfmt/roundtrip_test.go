package cloudeventsfmt_test

import (
	"testing"

	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/cloudeventsfmt"
	"github.com/datasync-io/datasync/core/plugintest/changes"
)

func TestRoundTrip(t *testing.T) {
	for name, binary := range map[string]bool{"structured": false, "binary": true} {
		t.Run(name, func(t *testing.T) {
			o := cloudeventsfmt.Options{Binary: binary}
			e := cloudeventsfmt.NewEncoder(o)
			s := changes.Schema(e.Meta()...)
			changes.Trip{Encoder: e, Decoder: cloudeventsfmt.NewDecoder(o, s.Columns[:s.Data], e.Meta()), Unlinked: true}.Run(t, changes.Batch(s))
		})
	}
}

func BenchmarkEncoder(b *testing.B) {
	changes.Bench(b, func() changefmt.Encoder { return cloudeventsfmt.NewEncoder(cloudeventsfmt.Options{}) })
}
