package maxwellfmt_test

import (
	"flag"
	"testing"

	"github.com/datasync-io/datasync/core/format/maxwellfmt"
	"github.com/datasync-io/datasync/core/plugintest/changes"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestGolden(t *testing.T) {
	changes.Golden(t, maxwellfmt.NewEncoder(maxwellfmt.Options{}), "messages", *update)
}
