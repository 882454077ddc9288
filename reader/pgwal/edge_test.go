package pgwal

import (
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// TestIdentities changes rows whose identity is more than their key, or is
// stored out of line: what has not changed is no delete and insert.
func TestIdentities(t *testing.T) {
	db := prepared(t, "CREATE TABLE wide (id int PRIMARY KEY, n int NOT NULL, doc text)", "CREATE UNIQUE INDEX wide_i ON wide (id, n)", "ALTER TABLE wide REPLICA IDENTITY USING INDEX wide_i",
		"CREATE TABLE long (id text PRIMARY KEY, n int)", "ALTER TABLE long ALTER id SET STORAGE EXTERNAL",
		"INSERT INTO wide VALUES (1, 1, 'x')", "INSERT INTO long VALUES (repeat('k', 2500), 1)")
	f := follow(t, parameters(t, db, map[string]any{"cat": "update,delete"}))
	db.Exec(t, "UPDATE wide SET n = 2", "UPDATE long SET n = 2", "UPDATE wide SET id = 3")
	f.want([]string{"op update-after", "int64 1", "int64 2", "string x"},
		[]string{"op update-after", "string " + strings.Repeat("k", 2500), "int64 2"},
		[]string{"op delete", "int64 1", "int64 2", "absent"}, []string{"int64 3", "int64 2", "string x"})
}

// TestSeveralTablesAreTruncated empties tables by one statement, amid a
// transaction: each is told.
func TestSeveralTablesAreTruncated(t *testing.T) {
	db := prepared(t, "CREATE TABLE a (id int PRIMARY KEY)", "CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a)", "INSERT INTO a VALUES (1)", "INSERT INTO b VALUES (1, 1)")
	f := follow(t, parameters(t, db, map[string]any{"ddlSkip": false}))
	db.Exec(t, "INSERT INTO a VALUES (2)", "INSERT INTO b VALUES (2, 2)", "TRUNCATE a CASCADE", "INSERT INTO a VALUES (3)")
	f.want([]string{"int64 2"}, []string{"int64 2", "int64 2"})
	names := map[string]bool{}
	for range 2 {
		names[f.wantChange(record.Truncate).Name.Table] = true
	}
	if !names["a"] || !names["b"] {
		t.Errorf("truncated were %v", names)
	}
	f.want([]string{"int64 3"})
}

// TestIdentityIsNoSchemaChange changes nothing of a table but its identity.
func TestIdentityIsNoSchemaChange(t *testing.T) {
	db := prepared(t, "CREATE TABLE a (id int PRIMARY KEY)")
	f := follow(t, parameters(t, db, map[string]any{"ddlSkip": false}))
	db.Exec(t, "INSERT INTO a VALUES (1)", "ALTER TABLE a REPLICA IDENTITY FULL", "INSERT INTO a VALUES (2)")
	f.want([]string{"int64 1"}, []string{"int64 2"})
}

// TestIdleStreamTellsTheTime has positions without rows tell how far the job is
// by the server's clock, and not when the last transaction was.
func TestIdleStreamTellsTheTime(t *testing.T) {
	db := prepared(t, "CREATE TABLE a (id int PRIMARY KEY)")
	f := follow(t, parameters(t, db, nil))
	at := func() time.Time {
		f.batch.Reset(f.at.Split.ID)
		if err := f.source.Fill(t.Context(), f.batch); err != nil {
			t.Fatal(err)
		}
		return f.batch.Marks()[0].At
	}
	db.Exec(t, "INSERT INTO a VALUES (1)")
	committed := at()
	for f.batch.Len() == 0 {
		committed = at()
	}
	db.Exec(t, "CREATE TABLE elsewhere (id int)", "SELECT pg_switch_wal()")
	if idle := at(); f.batch.Len() != 0 || !idle.After(committed) {
		t.Errorf("%d rows, the position is of %v, the last commit of %v", f.batch.Len(), idle, committed)
	}
}

// TestTemporarySlotIsNotMadeTwice ends the connection of a temporary slot before
// a position was stored: what has happened since would be missing.
func TestTemporarySlotIsNotMadeTwice(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, "CREATE TABLE a (id int PRIMARY KEY)")
	r := plugintest.NewReader(t, Info(), parameters(t, db, map[string]any{"temporary": true}))
	splits, err := r.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: 1})
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.Open(t.Context(), plugin.Progress{Split: splits[0]})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, "INSERT INTO a VALUES (1)")
	if _, err := r.Open(t.Context(), plugin.Progress{Split: splits[0]}); errclass.Of(err) != errclass.PositionLost {
		t.Errorf("opening again gave %v, want a lost position", err)
	}
}

// TestSlotsOfJobs names the slots of jobs: no two have the same.
func TestSlotsOfJobs(t *testing.T) {
	long := strings.Repeat("a", 80)
	seen := map[string]string{}
	for _, job := range []string{"orders-0", "orders-1", "orders_0", "Orders-0", "o.rders-0", "o-rders-0", "o_rders-0", long + "-0", long + "-1", long + "b-0"} {
		name := (&Config{}).slot(job)
		if other, taken := seen[name]; taken {
			t.Errorf("jobs %s and %s have the slot %s", job, other, name)
		}
		seen[name] = job
		if len(name) > maxName || strings.Trim(name, slotLetters) != "" {
			t.Errorf("job %s has the slot %s", job, name)
		}
	}
	if got := (&Config{}).slot("orders-0"); got != "datasync_orders_0" {
		t.Errorf("got %s", got)
	}
}

// TestChangeAmidTransaction uses a table for the first time since it was changed
// when rows of another table are there already: the transaction is read again,
// with the change before it. One that has rows of the table before stays as it is.
func TestChangeAmidTransaction(t *testing.T) {
	db := prepared(t, "CREATE TABLE a (id int PRIMARY KEY)", "CREATE TABLE b (id int PRIMARY KEY)", "CREATE TABLE c (id int PRIMARY KEY)")
	f := follow(t, parameters(t, db, map[string]any{"ddlSkip": false}))
	db.Exec(t, "INSERT INTO a VALUES (1)", "INSERT INTO b VALUES (1)", "INSERT INTO c VALUES (1)")
	f.want([]string{"int64 1"}, []string{"int64 1"}, []string{"int64 1"})
	db.Exec(t, "ALTER TABLE b ADD x int", "ALTER TABLE c ADD y int", "BEGIN; INSERT INTO a VALUES (2); INSERT INTO b VALUES (2, 3); INSERT INTO c VALUES (2, 4); TRUNCATE a; COMMIT")
	for range 2 { // changes, each found by a stream that ends with it
		err := f.fails()
		if errclass.Of(err) != errclass.Transient || !strings.Contains(err.Error(), "amid a transaction") {
			t.Fatalf("the stream ends with %v", err)
		}
		f.reopen()
	}
	for _, table := range []string{"b", "c"} {
		if c := f.wantChange(record.Alter); c.Name.Table != table || len(c.To.Columns) != 2 {
			t.Errorf("the change is %+v", c)
		}
	}
	f.want([]string{"int64 2"}, []string{"int64 2", "int64 3"}, []string{"int64 2", "int64 4"})
	if c := f.wantChange(record.Truncate); c.Name.Table != "a" {
		t.Errorf("the change is %+v", c)
	}
}

// fails reads on until the stream ends with an error; what came before is
// dropped but for the marks.
func (f *follower) fails() error {
	f.t.Helper()
	for {
		f.batch.Reset(f.at.Split.ID)
		if err := f.source.Fill(f.t.Context(), f.batch); err != nil {
			f.events = nil
			return err
		}
		for _, m := range f.batch.Marks() {
			f.at.Position = m.Position
			if m.State != nil {
				f.at.State = m.State
			}
		}
	}
}

// TestChangeBeforeTheFirstRow alters a table before the log has had a row of it
// since the slot was made.
func TestChangeBeforeTheFirstRow(t *testing.T) {
	db := prepared(t, "CREATE TABLE a (id int PRIMARY KEY)")
	db.Exec(t, "SELECT pg_drop_replication_slot('"+db.Name+"_s')")
	f := follow(t, parameters(t, db, map[string]any{"ddlSkip": false, "allowCreateSlot": true}))
	db.Exec(t, "ALTER TABLE a ADD x int", "INSERT INTO a VALUES (1, 2)")
	if c := f.wantChange(record.Alter); len(c.From.Columns) != 1 || len(c.To.Columns) != 2 {
		t.Errorf("the change is %+v", c)
	}
	f.want([]string{"int64 1", "int64 2"})
}
