package debeziumfmt_test

import (
	"testing"

	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/debeziumfmt"
	"github.com/datasync-io/datasync/core/plugintest/changes"
)

func BenchmarkEncoder(b *testing.B) {
	changes.Bench(b, func() changefmt.Encoder { return debeziumfmt.NewEncoder(debeziumfmt.Options{}) })
}

func BenchmarkEncoderWithSchema(b *testing.B) {
	changes.Bench(b, func() changefmt.Encoder { return debeziumfmt.NewEncoder(debeziumfmt.Options{Schemas: true}) })
}

func BenchmarkDecoder(b *testing.B) {
	changes.BenchDecoder(b, func() changefmt.Encoder { return debeziumfmt.NewEncoder(debeziumfmt.Options{}) }, func() changefmt.Decoder { return debeziumfmt.NewDecoder(debeziumfmt.Options{}, nil, nil) })
}

func BenchmarkDecoderWithSchema(b *testing.B) {
	o := debeziumfmt.Options{Schemas: true}
	changes.BenchDecoder(b, func() changefmt.Encoder { return debeziumfmt.NewEncoder(o) }, func() changefmt.Decoder { return debeziumfmt.NewDecoder(o, nil, nil) })
}
