package pgwal

import (
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// TestSignalToUnlisted names tables to a job that has no list, while its rows are
// to be copied and when the log is to be read alone.
func TestSignalToUnlisted(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, "CREATE TABLE a (id int PRIMARY KEY)")
	for _, mode := range []string{"initial", "latest"} {
		slot := mode + "_" + db.Name
		r := plugintest.NewReader(t, Info(), parameters(t, db, map[string]any{"slotName": slot, "start": map[string]any{"mode": mode}, "allowCreateSlot": true}))
		splits, err := r.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: 1})
		if err != nil {
			t.Fatal(err)
		}
		var stored []plugin.Progress
		for _, s := range splits {
			stored = append(stored, plugin.Progress{Split: s})
		}
		if got, err := signals().Table(stored, "a"); err != nil || got != (record.Name{Database: db.Name, Schema: "public", Table: "a"}) {
			t.Errorf("%s: a is %s, %v", mode, got, err)
		}
		db.Exec(t, "SELECT pg_drop_replication_slot('"+slot+"')")
	}
}

// TestIdleLogIsLeft has a stream look for signals while the server says nothing,
// which may be for half a minute.
func TestIdleLogIsLeft(t *testing.T) {
	s := &source{copier: new(handover.Copier[high, uint32])}
	if wait := s.waits(record.NewBatch(0, 0)); wait <= 0 || wait > time.Second {
		t.Errorf("an idle log is waited for %v", wait)
	}
}
