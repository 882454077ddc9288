package flinkxfmt_test

import (
	"flag"
	"testing"

	"github.com/datasync-io/datasync/core/format/flinkxfmt"
	"github.com/datasync-io/datasync/core/plugintest/changes"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestGolden(t *testing.T) {
	for name, shape := range map[string]flinkxfmt.Shape{"paving": flinkxfmt.Paving, "nested": flinkxfmt.Nested, "split": flinkxfmt.Split} {
		changes.Golden(t, flinkxfmt.NewEncoder(flinkxfmt.Options{Shape: shape}), name, *update)
	}
}
