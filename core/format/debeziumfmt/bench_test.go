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
