package pgwal

import (
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// beats makes parameters of a job with a heartbeat each second.
func beats(t *testing.T, db servers.PostgreSQLDatabase, heartbeat, more map[string]any) string {
	t.Helper()
	heartbeat["interval"] = 1
	more["heartbeat"] = heartbeat
	return parameters(t, db, more)
}

// TestHeartbeat follows a table of which nothing happens, with and without a
// list of tables: the table of the heartbeat is there, its commits are in the
// log, and the slot's position follows them. Its rows are nobody's.
func TestHeartbeat(t *testing.T) {
	for name, tt := range map[string]struct {
		tables []string
		beat   map[string]any
		rows   string
	}{
		"a list of tables": {[]string{"a"}, map[string]any{"table": "beats"}, "1"},
		"all tables":       {nil, map[string]any{"table": "public.beats"}, "1"},
		"a query":          {[]string{"a"}, map[string]any{"table": "own", "query": "INSERT INTO own VALUES (DEFAULT)"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			db := servers.PostgreSQL(t).DB(t)
			db.Exec(t, "CREATE TABLE a (id int PRIMARY KEY)", "CREATE TABLE own (id serial PRIMARY KEY)")
			t.Cleanup(func() {
				db.Exec(t, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '"+db.Name+"_s'")
			})
			more := map[string]any{"allowCreateSlot": true}
			if tt.tables != nil {
				more["tableList"] = tt.tables
			}
			f := follow(t, beats(t, db, tt.beat, more))
			s := f.source.(*source)
			table := s.reader.config.Heartbeat.name.Table
			if r := db.Query(t, "SELECT 1 FROM pg_publication_tables WHERE tablename = '"+table+"'"); len(r) != 1 {
				t.Errorf("table %s is published %d times", table, len(r))
			}
			begin, commits := s.at, map[string]bool{}
			for len(commits) < 3 { // of beats: each moves the position
				f.batch.Reset(f.at.Split.ID)
				if err := s.Fill(t.Context(), f.batch); err != nil {
					t.Fatal(err)
				}
				if f.batch.Len() > 0 {
					t.Fatalf("a row of %s", f.batch.Row(0).Schema().Name)
				}
				if len(s.tables.byID) > 0 {
					f.at.Position = f.batch.Marks()[0].Position
					commits[string(f.at.Position)] = true
				}
			}
			if rel := s.tables.byID; len(rel) != 1 || s.at <= begin {
				t.Errorf("%d tables were in the log, from %s to %s", len(rel), begin, s.at)
			}
			if err := s.Ack(t.Context(), f.at.Position); err != nil {
				t.Fatal(err)
			}
			for *db.Query(t, "SELECT confirmed_flush_lsn > '"+begin.String()+"' FROM pg_replication_slots WHERE slot_name = '"+db.Name+"_s'")[0][0] != "t" {
				if t.Context().Err() != nil {
					t.Fatal("the server was not told")
				}
			}
			f.reopen() // where the table is there, and published
			if n := *db.Query(t, "SELECT count(*) FROM "+table)[0][0]; tt.rows != "" && n != tt.rows {
				t.Errorf("table %s has %s rows", table, n)
			}
			db.Exec(t, "INSERT INTO a VALUES (7)")
			f.want([]string{"int64 7"})
		})
	}
}

// TestListedHeartbeat lists the table of the heartbeat: then its rows are read.
func TestListedHeartbeat(t *testing.T) {
	db := prepared(t, "CREATE TABLE beats (slot text PRIMARY KEY, at timestamptz NOT NULL)")
	f := follow(t, beats(t, db, map[string]any{"table": "beats"}, map[string]any{"tableList": []string{"beats"}, "cat": "insert"}))
	if got := f.next(); len(got.row) != 2 || got.row[0] != "string "+db.Name+"_s" {
		t.Errorf("the log gave %v", got.row)
	}
}

// TestHeartbeatIsRefused makes heartbeats that cannot be: the error comes when
// the log is opened, or when it is read, and says what is wrong.
func TestHeartbeatIsRefused(t *testing.T) {
	open := func(t *testing.T, db servers.PostgreSQLDatabase, beat, more map[string]any) (plugin.Source, error) {
		t.Helper()
		r := plugintest.NewReader(t, Info(), beats(t, db, beat, more))
		splits, err := r.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: 1})
		if err != nil {
			t.Fatal(err)
		}
		return r.Open(t.Context(), plugin.Progress{Split: splits[0]})
	}
	t.Run("another's publication", func(t *testing.T) {
		db := prepared(t, "CREATE TABLE a (id int PRIMARY KEY)", "CREATE PUBLICATION mine FOR TABLE a")
		_, err := open(t, db, map[string]any{"table": "beats"}, map[string]any{"publicationName": "mine"})
		if errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), `ALTER PUBLICATION "mine" ADD TABLE`) {
			t.Errorf("opening gave %v", err)
		}
	})
	t.Run("a bad statement", func(t *testing.T) {
		db := prepared(t, "CREATE TABLE a (id int PRIMARY KEY)")
		_, err := open(t, db, map[string]any{"query": "UPDATE nowhere SET x = 1"}, map[string]any{})
		if err == nil || errclass.Of(err) == errclass.Transient || !strings.Contains(err.Error(), "heartbeat") {
			t.Errorf("opening gave %v", err)
		}
	})
	t.Run("a table that goes", func(t *testing.T) {
		db := prepared(t, "CREATE TABLE a (id int PRIMARY KEY)")
		s, err := open(t, db, map[string]any{"table": "beats"}, map[string]any{})
		if err != nil {
			t.Fatal(err)
		}
		db.Exec(t, "DROP TABLE beats")
		f := follower{t: t, source: s, batch: record.NewBatch(0, 0)}
		if err := f.fails(); errclass.Of(err) == errclass.Transient || !strings.Contains(err.Error(), "heartbeat") {
			t.Errorf("reading gave %v", err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	for name, more := range map[string]string{"interval": `{"table":"beats","interval":0}`, "name": `{"table":"a.b.c"}`} {
		if err := plugintest.ReaderError(Info(), `{"url":"jdbc:postgresql://a/d","username":"u","heartbeat":`+more+`}`)(t); errclass.Of(err) != errclass.Config {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestHeartbeatProbe looks for what a heartbeat needs.
func TestHeartbeatProbe(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, "CREATE SCHEMA closed", "CREATE TABLE closed.beats (slot text)", "CREATE TABLE public.beats (slot text)",
		"GRANT USAGE ON SCHEMA closed TO "+servers.NativeUser, "GRANT SELECT, INSERT, DELETE ON public.beats TO "+servers.NativeUser)
	db.Exec(t, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
	for table, want := range map[string]string{"public.beats": "", "closed.beats": "GRANT INSERT", "closed.none": "CREATE TABLE", "nowhere.beats": "schema nowhere"} {
		c := defaults()
		c.URL, c.Username, c.Heartbeat.Table = db.URL(), servers.NativeUser, table
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
		c.settings.Password = config.NewSecret(servers.NativePassword)
		conn, err := pgkit.Dial(t.Context(), c.settings)
		if err != nil {
			t.Fatal(err)
		}
		err = c.Heartbeat.probe(t.Context(), conn)
		if want == "" && err != nil || want != "" && (errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", table, err, want)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
}
