package pgwal

import (
	"slices"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// follower reads a job's split batch by batch.
type follower struct {
	t      *testing.T
	reader plugin.Reader
	at     plugin.Progress
	source plugin.Source
	batch  *record.Batch
	events []event // that have come and were not asked for yet
}

func follow(t *testing.T, parameters string) *follower {
	t.Helper()
	return followWith(t, Info(), parameters)
}

func followWith(t *testing.T, info plugin.ReaderInfo, parameters string) *follower {
	t.Helper()
	r := plugintest.NewReader(t, info, parameters)
	splits, err := r.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: 1})
	if err != nil {
		t.Fatal(err)
	}
	f := &follower{t: t, reader: r, at: plugin.Progress{Split: splits[0]}, batch: record.NewBatch(0, 0)}
	f.open()
	t.Cleanup(f.close)
	return f
}

func (f *follower) open() {
	f.t.Helper()
	var err error
	if f.source, err = f.reader.Open(f.t.Context(), f.at); err != nil {
		f.t.Fatal(err)
	}
}

func (f *follower) close() {
	if f.source != nil {
		if err := f.source.Close(); err != nil {
			f.t.Error(err)
		}
		f.source = nil
	}
}

// reopen goes on at the last mark.
func (f *follower) reopen() {
	f.t.Helper()
	f.close()
	f.open()
}

// event is a row or a schema change.
type event struct {
	row    []string
	change *record.Change
}

// next returns the next row or schema change.
func (f *follower) next() event {
	f.t.Helper()
	for len(f.events) == 0 {
		f.batch.Reset(f.at.Split.ID)
		if err := f.source.Fill(f.t.Context(), f.batch); err != nil {
			f.t.Fatal(err)
		}
		rejects := f.batch.Rejects()
		for i := range f.batch.Len() + 1 {
			for len(rejects) > 0 && rejects[0].Row == i {
				f.events = append(f.events, event{row: []string{"rejected", rejects[0].Err.Error()}})
				rejects = rejects[1:]
			}
			if i < f.batch.Len() {
				f.events = append(f.events, event{row: plugintest.Cells(f.batch.Row(i))})
			}
		}
		if c := f.batch.SchemaChange(); c != nil {
			f.events = append(f.events, event{change: c})
		}
		for _, m := range f.batch.Marks() {
			f.at.Position = m.Position
			if m.State != nil {
				f.at.State = m.State
			}
		}
	}
	one := f.events[0]
	f.events = f.events[1:]
	return one
}

func (f *follower) want(want ...[]string) {
	f.t.Helper()
	for _, row := range want {
		if got := f.next(); !slices.Equal(got.row, row) {
			f.t.Errorf("the log gave %v %+v, want %v", got.row, got.change, row)
		}
	}
}

func (f *follower) wantChange(kind record.ChangeKind) *record.Change {
	f.t.Helper()
	got := f.next()
	if got.change == nil || got.change.Kind != kind {
		f.t.Fatalf("the log gave row %v, change %+v, want a change of kind %d", got.row, got.change, kind)
	}
	return got.change
}

// TestUnchangedValues updates rows with a value that is stored out of line: the
// log leaves it out, and so it is absent, or, with the whole row as it was, there.
func TestUnchangedValues(t *testing.T) {
	db := prepared(t, "CREATE TABLE big (id int PRIMARY KEY, n int, doc text)", "ALTER TABLE big ALTER doc SET STORAGE EXTERNAL",
		"INSERT INTO big SELECT g, g, repeat(md5(g::text), 300) FROM generate_series(1, 2) g")
	f := follow(t, parameters(t, db, map[string]any{"cat": "update,delete"}))
	db.Exec(t, "UPDATE big SET n = 5 WHERE id = 1", "UPDATE big SET id = 7 WHERE id = 1", "ALTER TABLE big REPLICA IDENTITY FULL", "UPDATE big SET n = NULL WHERE id = 2")
	f.want([]string{"op update-after", "int64 1", "int64 5", "absent"})
	if got := f.next(); len(got.row) != 2 || got.row[0] != "rejected" || !strings.Contains(got.row[1], "REPLICA IDENTITY FULL") {
		t.Errorf("a changed key with a value that is left out gave %v", got)
	}
	doc := "string " + *db.Query(t, "SELECT doc FROM big WHERE id = 2")[0][0]
	f.want([]string{"op update-before", "int64 2", "int64 2", doc}, []string{"op update-after", "int64 2", "null", doc})
}

// TestSchemaChanges alters and empties a table: the change stands between the
// rows, and is found again by a stream that begins at the mark before it.
func TestSchemaChanges(t *testing.T) {
	db := prepared(t, "CREATE TABLE c (id int PRIMARY KEY, a text)")
	f := follow(t, parameters(t, db, map[string]any{"ddlSkip": false}))
	db.Exec(t, "INSERT INTO c VALUES (1, 'x')")
	f.want([]string{"int64 1", "string x"})
	db.Exec(t, "ALTER TABLE c ADD b numeric(5,1), DROP a", "INSERT INTO c VALUES (2, 2.5)", "TRUNCATE c", "INSERT INTO c VALUES (3, NULL)")
	for range 2 { // the second time in another stream
		c := f.wantChange(record.Alter)
		if len(c.From.Columns) != 2 || c.From.Columns[1].Name != "a" || len(c.To.Columns) != 2 || c.To.Columns[1].Name != "b" || c.Name.Table != "c" {
			t.Fatalf("the change is %+v", c)
		}
		f.events = nil
		f.reopen()
	}
	f.wantChange(record.Alter)
	f.want([]string{"int64 2", "decimal 2.5"})
	f.wantChange(record.Truncate)
	f.want([]string{"int64 3", "null"})
}

// TestLostPositions takes away what a job needs to go on: each is an error of
// class PositionLost that says what is missing.
func TestLostPositions(t *testing.T) {
	for name, lose := range map[string]func(t *testing.T, db servers.PostgreSQLDatabase, slot string){
		"no slot": func(t *testing.T, db servers.PostgreSQLDatabase, slot string) {
			db.Exec(t, "SELECT pg_drop_replication_slot('"+slot+"')")
		},
		"made anew": func(t *testing.T, db servers.PostgreSQLDatabase, slot string) {
			db.Exec(t, "SELECT pg_drop_replication_slot('"+slot+"')", "INSERT INTO l VALUES (100)", "SELECT pg_create_logical_replication_slot('"+slot+"', 'pgoutput')")
		},
		"read by somebody else": func(t *testing.T, db servers.PostgreSQLDatabase, slot string) {
			db.Exec(t, "INSERT INTO l VALUES (200)",
				"SELECT count(*) FROM pg_logical_slot_get_binary_changes('"+slot+"', NULL, NULL, 'proto_version', '1', 'publication_names', 'dtstack_flinkx')")
		},
	} {
		t.Run(name, func(t *testing.T) {
			db := prepared(t, "CREATE TABLE l (id int PRIMARY KEY)")
			f := follow(t, parameters(t, db, nil))
			db.Exec(t, "INSERT INTO l VALUES (1)")
			f.want([]string{"int64 1"})
			f.close()
			lose(t, db, db.Name+"_s")
			_, err := f.reader.Open(t.Context(), f.at)
			if errclass.Of(err) != errclass.PositionLost {
				t.Errorf("opening gave %v, want a lost position", err)
			}
		})
	}
}

// TestServerGoesAway kills the session and the server's patience: the source
// ends with an error after which it can be opened again, and nothing is lost.
func TestServerGoesAway(t *testing.T) {
	db := prepared(t, "CREATE TABLE k (id int PRIMARY KEY)")
	f := follow(t, parameters(t, db, nil))
	db.Exec(t, "INSERT INTO k VALUES (1)")
	f.want([]string{"int64 1"})
	db.Exec(t, "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '"+db.Name+"_s'", "INSERT INTO k VALUES (2)")
	var err error
	for err == nil {
		f.batch.Reset(f.at.Split.ID)
		err = f.source.Fill(t.Context(), f.batch)
	}
	if errclass.Of(err) != errclass.Transient {
		t.Errorf("a killed session gave %v", err)
	}
	f.reopen()
	f.want([]string{"int64 2"})
}

// TestAcknowledged acknowledges a position: the server is told, and an idle
// stream moves on all the same.
func TestAcknowledged(t *testing.T) {
	db := prepared(t, "CREATE TABLE n (id int PRIMARY KEY)")
	f := follow(t, parameters(t, db, map[string]any{"statusInterval": 1}))
	confirmed := func() string {
		return *db.Query(t, "SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = '"+db.Name+"_s'")[0][0]
	}
	db.Exec(t, "INSERT INTO n VALUES (1)")
	f.want([]string{"int64 1"})
	begin := confirmed()
	if err := f.source.(plugin.Acker).Ack(t.Context(), f.at.Position); err != nil {
		t.Fatal(err)
	}
	for confirmed() == begin {
		if t.Context().Err() != nil {
			t.Fatal("the server was not told")
		}
	}
	db.Exec(t, "CREATE TABLE elsewhere (id int)", "SELECT pg_switch_wal()")
	f.batch.Reset(f.at.Split.ID)
	if err := f.source.Fill(t.Context(), f.batch); err != nil { // a position without rows
		t.Fatal(err)
	}
	if f.batch.Len() != 0 || len(f.batch.Marks()) != 1 {
		t.Errorf("an idle stream gave %d rows and %d marks", f.batch.Len(), len(f.batch.Marks()))
	}
}
