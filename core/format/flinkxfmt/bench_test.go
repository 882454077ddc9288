package flinkxfmt_test

import (
	"testing"

	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/flinkxfmt"
	"github.com/datasync-io/datasync/core/plugintest/changes"
)

func BenchmarkEncoder(b *testing.B) {
	changes.Bench(b, func() changefmt.Encoder { return flinkxfmt.NewEncoder(flinkxfmt.Options{}) })
}

func BenchmarkDecoder(b *testing.B) {
	changes.BenchDecoder(b, func() changefmt.Encoder { return flinkxfmt.NewEncoder(flinkxfmt.Options{}) }, func() changefmt.Decoder { return flinkxfmt.NewDecoder(nil) })
}
