package pgwal

import (
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// TestGauges computes what is behind, and how long the server keeps it.
func TestGauges(t *testing.T) {
	var g gauges
	now := time.Unix(1_700_000_000, 0)
	p := pace{}
	for _, test := range []struct {
		name         string
		read         pgkit.LSN
		kept         kept
		bytes, purge float64
	}{
		{"the first time", 1000, kept{end: 5000, oldest: 500, left: 60_000}, 4000, math.Inf(1)},
		{"at 100 bytes a second", 1500, kept{end: 6000, oldest: 500, left: 60_000}, 4500, 600},
		{"nothing was written", 6000, kept{end: 6000, oldest: 700, left: 60_000}, 0, math.Inf(1)},
		{"no bound", 6000, kept{end: 7000, oldest: 700, left: math.Inf(1)}, 1000, math.Inf(1)},
		{"lost", 6000, kept{end: 7000, oldest: 800, left: 0}, 1000, 0},
	} {
		g.committed(now, test.read)
		want := handover.Kept{Oldest: float64(test.kept.oldest), Behind: test.bytes, Purge: test.purge, Near: true}
		if got := g.measure(test.kept, &p, now); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", test.name, got, want)
		}
		now = now.Add(10 * time.Second)
	}
}

// TestKept asks a server what it keeps for a slot, with a bound and without.
func TestKept(t *testing.T) {
	bounded := servers.StartPostgreSQL(t, servers.WithArgs("-c", "wal_level=logical", "-c", "max_slot_wal_keep_size=64MB"))
	for name, server := range map[string]servers.PostgreSQLServer{"no bound": servers.PostgreSQL(t), "64 MiB": bounded} {
		db := server.DB(t)
		settings, err := pgkit.SettingsOf(db.URL(), map[string]string{"user": servers.RootUser, "password": servers.RootPassword})
		if err != nil {
			t.Fatal(err)
		}
		c, err := pgkit.Dial(t.Context(), settings)
		if err != nil {
			t.Fatal(err)
		}
		slot := "kept_" + db.Name
		db.Exec(t, "SELECT pg_create_logical_replication_slot('"+slot+"', 'pgoutput')")
		before, err := keptFor(t.Context(), c, slot)
		if err != nil {
			t.Fatal(err)
		}
		db.Exec(t, "CREATE TABLE filler AS SELECT repeat('x', 1000) AS s FROM generate_series(1, 10000)")
		after, err := keptFor(t.Context(), c, slot)
		if err != nil {
			t.Fatal(err)
		}
		if after.end-before.end < 1<<20 || after.oldest == 0 || after.oldest > before.end {
			t.Errorf("%s: before 10 MB were written %+v, afterwards %+v", name, before, after)
		}
		if isBounded := !math.IsInf(after.left, 1); isBounded != (name == "64 MiB") || isBounded && (after.left >= before.left || after.left > 128<<20) {
			t.Errorf("%s: %v bytes may be written, and after some were %v", name, before.left, after.left)
		}
		db.Exec(t, "SELECT pg_drop_replication_slot('"+slot+"')")
		if _, err := keptFor(t.Context(), c, slot); err == nil {
			t.Errorf("%s: a slot that is gone is kept", name)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}
