package canalfmt_test

import (
	"testing"

	"github.com/datasync-io/datasync/core/format/canalfmt"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/plugintest/changes"
)

func BenchmarkEncoder(b *testing.B) {
	changes.Bench(b, func() changefmt.Encoder { return canalfmt.NewEncoder(canalfmt.Options{}) })
}

func BenchmarkDecoder(b *testing.B) {
	changes.BenchDecoder(b, func() changefmt.Encoder { return canalfmt.NewEncoder(canalfmt.Options{}) }, func() changefmt.Decoder { return canalfmt.NewDecoder(canalfmt.Options{}, nil) })
}
