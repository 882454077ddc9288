package pgwal

import (
	"fmt"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// TestTablesStayWritable begins jobs on tables with and without a replica
// identity: what is published can still be changed by those who use it.
func TestTablesStayWritable(t *testing.T) {
	for name, tt := range map[string]struct {
		tables []string // nil: all
		cat    string
		wrong  string // is named in the error; "": none
	}{
		"a key":                 {[]string{"keyed"}, "insert,update,delete", ""},
		"an index":              {[]string{"indexed"}, "insert,update,delete", ""},
		"nothing":               {[]string{"keyed", "bare"}, "insert,update,delete", "public.bare"},
		"nothing, inserts":      {[]string{"keyed", "bare"}, "insert", ""},
		"a partition of a root": {[]string{"parted"}, "delete", "public.part"},
		"all tables":            {nil, "insert,update", "public.bare"},
		"all tables, inserts":   {nil, "insert", ""},
	} {
		t.Run(name, func(t *testing.T) {
			db := servers.PostgreSQL(t).DB(t)
			db.Exec(t, "CREATE TABLE keyed (id int PRIMARY KEY, v int)", "CREATE TABLE bare (id int, v int)", "CREATE TABLE indexed (id int NOT NULL UNIQUE, v int)",
				"ALTER TABLE indexed REPLICA IDENTITY USING INDEX indexed_id_key", "CREATE TABLE parted (id int, v int) PARTITION BY RANGE (id)",
				"CREATE TABLE part PARTITION OF parted DEFAULT", "INSERT INTO keyed VALUES (1, 1)", "INSERT INTO bare VALUES (1, 1)")
			t.Cleanup(func() {
				db.Exec(t, fmt.Sprintf("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = '%s'", db.Name))
			})
			r := plugintest.NewReader(t, Info(), parameters(t, db, map[string]any{"tableList": tt.tables, "cat": tt.cat, "allowCreateSlot": true}))
			_, err := r.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: 1})
			if tt.wrong == "" && err != nil || tt.wrong != "" && (errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), "table "+tt.wrong)) {
				t.Errorf("got %v, want it to name %q", err, tt.wrong)
			}
			for _, table := range []string{"keyed", "bare", "parted"} {
				db.Exec(t, fmt.Sprintf("UPDATE %s SET v = 2", table), "DELETE FROM "+table)
			}
		})
	}
}
