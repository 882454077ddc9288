package cloudeventsfmt_test

import (
	"flag"
	"testing"

	"github.com/datasync-io/datasync/core/format/cloudeventsfmt"
	"github.com/datasync-io/datasync/core/plugintest/changes"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestGolden(t *testing.T) {
	for name, binary := range map[string]bool{"structured": false, "binary": true} {
		changes.Golden(t, cloudeventsfmt.NewEncoder(cloudeventsfmt.Options{Binary: binary}), name, *update)
	}
}
