package stream

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/record"
)

// TestSchemaChangesArePrinted has changes between the rows, of which the console
// shows one line each.
func TestSchemaChangesArePrinted(t *testing.T) {
	name := record.Name{Database: "shop", Table: "t\x1b"}
	for config, want := range map[string]string{
		`{}`:              "schema change: alter shop.t\\x1b: ALTER TABLE t\\n ADD c INT\nschema change: drop shop.t\\x1b\n",
		`{"print":false}`: "",
	} {
		var out bytes.Buffer
		m := plugintest.NewWriter(t, info(&out), config).(plugin.Migrator)
		for _, c := range []*record.Change{{Kind: record.Alter, Name: name, SQL: "ALTER TABLE t\n ADD c INT"}, {Kind: record.Drop, Name: name}} {
			if err := m.Migrate(t.Context(), c); err != nil {
				t.Error(err)
			}
		}
		if out.String() != want {
			t.Errorf("got %q, want %q", out.String(), want)
		}
	}
	err := plugintest.NewWriter(t, info(closedPipe{}), `{}`).(plugin.Migrator).Migrate(t.Context(), &record.Change{})
	if !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a console that is gone gave %v", err)
	}
}
