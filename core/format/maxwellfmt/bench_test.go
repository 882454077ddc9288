package maxwellfmt_test

import (
	"testing"

	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/maxwellfmt"
	"github.com/datasync-io/datasync/core/plugintest/changes"
)

func BenchmarkEncoder(b *testing.B) {
	changes.Bench(b, func() changefmt.Encoder { return maxwellfmt.NewEncoder(maxwellfmt.Options{}) })
}

func BenchmarkDecoder(b *testing.B) {
	changes.BenchDecoder(b, func() changefmt.Encoder { return maxwellfmt.NewEncoder(maxwellfmt.Options{}) }, func() changefmt.Decoder { return maxwellfmt.NewDecoder(nil) })
}
