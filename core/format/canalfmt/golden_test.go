package canalfmt_test

import (
	"flag"
	"testing"

	"github.com/datasync-io/datasync/core/format/canalfmt"
	"github.com/datasync-io/datasync/core/plugintest/changes"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestGolden(t *testing.T) {
	changes.Golden(t, canalfmt.NewEncoder(canalfmt.Options{}), "messages", *update)
}
