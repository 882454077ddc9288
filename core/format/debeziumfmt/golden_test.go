package debeziumfmt_test

import (
	"flag"
	"testing"

	"github.com/datasync-io/datasync/core/format/debeziumfmt"
	"github.com/datasync-io/datasync/core/plugintest/changes"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestGolden(t *testing.T) {
	for name, o := range map[string]debeziumfmt.Options{
		"plain": {Name: "shop"}, "schema": {Name: "shop", Schemas: true}, "exact": {Name: "shop", Decimal: "double", Unsigned: "precise", Binary: "hex", Time: "connect"},
	} {
		changes.Golden(t, debeziumfmt.NewEncoder(o), name, *update)
	}
}
