package sqlservercdc

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer/tdsdb"
	"github.com/datasync-io/datasync/core/record"
)

// small is a server with one captured table.
func small(t *testing.T, columns ...tdspeer.Column) (*tdsdb.Database, *tdspeer.Server, string) {
	t.Helper()
	if columns == nil {
		columns = []tdspeer.Column{column("id", "int"), column("v", "nvarchar(10)", true)}
	}
	db, server := tdsdb.Start(t, &tdsdb.Table{Name: "t", Key: []string{"id"}, Columns: columns})
	db.EnableCDC()
	db.Capture("t", "dbo_t")
	db.Quiet()
	return db, server, server.URL() + ";user=sa;password=secret"
}

func TestMetadata(t *testing.T) {
	db, _, url := small(t)
	f := follow(t, url, nil, "_txid", "_lsn", "_optime", "_ts", "_snapshot", "_gtid")
	began := time.Now().Add(-time.Minute)
	at := db.Transact("INSERT INTO t VALUES (1, 'x')")
	if err := f.fill(); err != nil {
		t.Fatal(err)
	}
	row := f.batch.Row(0)
	s := row.Schema()
	var names []string
	for _, c := range s.Columns[s.Data:] {
		names = append(names, c.Name)
	}
	if want := []string{"_ts", "_optime", "_lsn", "_txid", "_snapshot"}; !slices.Equal(names, want) {
		t.Fatalf("the metadata columns are %v, want %v", names, want)
	}
	for _, i := range []int{2, 3} {
		sec, _ := row.Timestamp(i)
		if since := time.Unix(sec, 0); since.Before(began) || since.After(time.Now().Add(time.Minute)) {
			t.Errorf("%s is %v", s.Columns[i].Name, since)
		}
	}
	if got := string(row.Bytes(4)); got != at {
		t.Errorf("_lsn is %s, want %s", got, at)
	}
	if got := string(row.Bytes(5)); got != "00000000000000000002" {
		t.Errorf("_txid is %s", got)
	}
	m := f.batch.Marks()[0]
	if string(m.Position) != `{"v":1,"at":"`+at+`"}` || m.At.Before(began) {
		t.Errorf("the mark is %s at %v", m.Position, m.At)
	}
	if s.Name != (record.Name{Database: "shop", Schema: "dbo", Table: "t"}) || !slices.Equal(s.Key, []int{0}) {
		t.Errorf("the table is %v with the key %v", s.Name, s.Key)
	}
}

// TestKinds reads some kinds of changes: an update that changes the key is an
// update, whatever the server makes of it.
func TestKinds(t *testing.T) {
	insert, before, after := []string{"int64 1", "string a"}, []string{"op update-before", "int64 1", "string a"}, []string{"op update-after", "int64 1", "string b"}
	gone, moved, deleted := []string{"op delete", "int64 1", "string b"}, []string{"int64 2", "string b"}, []string{"op delete", "int64 2", "string b"}
	for cat, want := range map[string][][]string{
		"INSERT": {insert}, "update": {before, after, gone, moved}, "delete, delete": {deleted}, "insert,delete": {insert, deleted},
		"UPDATE,INSERT,DELETE": {insert, before, after, gone, moved, deleted},
	} {
		t.Run(cat, func(t *testing.T) {
			db, _, url := small(t)
			f := follow(t, url, map[string]any{"cat": cat})
			db.Transact("INSERT INTO t VALUES (1, 'a')", "UPDATE t SET v = 'b'", "UPDATE t SET id = 2", "DELETE FROM t")
			for _, row := range want {
				got := f.next()
				if !slices.Equal(got.row, row) {
					t.Errorf("the changes gave %v, want %v", got.row, row)
				}
				if linked := &row[0] == &moved[0]; got.linked != linked {
					t.Errorf("%v is linked: %t, want %t", got.row, got.linked, linked)
				}
			}
			for _, e := range f.events {
				if e.marked == "" {
					t.Errorf("and more: %v", e.row)
				}
			}
		})
	}
}

// change is a row of a change table: sequence, operation, mask and values.
type change struct {
	sequence, operation, mask int
	id                        int
	v                         string
}

// TestOrders puts changes as they are into the change table: each is what
// comes of its operation and its neighbours, in the order of the sequence and
// the operation.
func TestOrders(t *testing.T) {
	for name, c := range map[string]struct {
		changes []change
		want    [][]string
		links   []int
	}{
		"by sequence":               {changes: []change{{2, 2, 3, 2, "b"}, {1, 2, 3, 1, "a"}, {3, 1, 3, 1, "a"}}, want: [][]string{{"int64 1", "string a"}, {"int64 2", "string b"}, {"op delete", "int64 1", "string a"}}},
		"pair":                      {changes: []change{{1, 4, 2, 1, "b"}, {1, 3, 2, 1, "a"}}, want: [][]string{{"op update-before", "int64 1", "string a"}, {"op update-after", "int64 1", "string b"}}},
		"pair with another key":     {changes: []change{{1, 3, 1, 1, "a"}, {1, 4, 1, 2, "a"}}, want: [][]string{{"op delete", "int64 1", "string a"}, {"int64 2", "string a"}}, links: []int{1}},
		"pair with the key touched": {changes: []change{{1, 3, 1, 1, "a"}, {1, 4, 1, 1, "a"}}, want: [][]string{{"op update-before", "int64 1", "string a"}, {"op update-after", "int64 1", "string a"}}},
		"delete and insert":         {changes: []change{{1, 2, 3, 2, "b"}, {1, 1, 3, 1, "a"}}, want: [][]string{{"op delete", "int64 1", "string a"}, {"int64 2", "string b"}}, links: []int{1}},
		"delete, then insert":       {changes: []change{{1, 1, 3, 1, "a"}, {2, 2, 3, 1, "b"}}, want: [][]string{{"op delete", "int64 1", "string a"}, {"int64 1", "string b"}}},
		"after alone":               {changes: []change{{1, 4, 2, 1, "a"}}, want: [][]string{{"op update-after", "int64 1", "string a"}}},
		"before alone":              {changes: []change{{1, 3, 2, 1, "a"}, {2, 2, 3, 2, "b"}}, want: [][]string{{"op delete", "int64 1", "string a"}, {"int64 2", "string b"}}},
	} {
		t.Run(name, func(t *testing.T) {
			db, _, url := small(t)
			f := follow(t, url, nil)
			var statements []string
			for _, c := range c.changes {
				statements = append(statements, fmt.Sprintf("INSERT INTO [dbo_t_CT] SELECT unhex(printf('00000032%%08X0001', n)), NULL, unhex(printf('%%020X', %d)), %d, unhex('%02x'), %d, '%s', 1 FROM cdc_clock",
					c.sequence, c.operation, c.mask, c.id, c.v))
			}
			db.Transact(append(statements, "UPDATE cdc_clock SET dirty = 1")...)
			for i, row := range c.want {
				got := f.next()
				if !slices.Equal(got.row, row) || got.linked != slices.Contains(c.links, i) {
					t.Errorf("the changes gave %v, linked: %t, want %v", got.row, got.linked, row)
				}
			}
		})
	}
}

// TestRejected reads values that are none of their columns: the rows are
// rejected in their place, an update as a whole if its later half is.
func TestRejected(t *testing.T) {
	db, _, url := small(t)
	f := follow(t, url, nil)
	at, err := parseLSN(db.Transact("INSERT INTO t VALUES (1, 'a')"))
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)
	row := func(sequence byte, operation int64, v any) []any {
		return []any{int64(sequence), v, at[:], append(make([]byte, 9), sequence), operation, []byte{2}}
	}
	db.Intercept(func(q *tdspeer.Request) *tdspeer.Reply {
		if !strings.Contains(q.SQL, "fn_cdc_get_all_changes_dbo_t") {
			return nil
		}
		return &tdspeer.Reply{Results: []tdspeer.Result{{
			Columns: []tdspeer.Column{column("id", "int"), column("v", "date", true), column("l", "binary(10)"), column("s", "binary(10)"), column("o", "int"), column("m", "varbinary(8)")},
			Rows:    [][]any{row(1, 2, day), row(2, 2, nil), row(3, 3, nil), row(3, 4, day), row(4, 3, day), row(4, 4, nil), row(5, 1, day), row(5, 2, nil), row(6, 1, nil)},
		}}}
	})
	rejected := func() {
		t.Helper()
		if got := f.next().row; got[0] != "rejected" || !strings.Contains(got[1], `column "v"`) || !strings.Contains(got[1], at.String()) || !strings.Contains(got[1], "dbo.t") {
			t.Errorf("the changes gave %v", got)
		}
	}
	rejected()
	f.want([]string{"int64 2", "null"})
	rejected()
	rejected()
	f.want([]string{"op update-after", "int64 4", "null"})
	rejected()
	f.want([]string{"int64 5", "null"}, []string{"op delete", "int64 6", "null"})
}

func TestUnknownOperation(t *testing.T) {
	db, _, url := small(t)
	f := follow(t, url, nil)
	db.Transact("INSERT INTO t VALUES (1, 'a')", "UPDATE [dbo_t_CT] SET [__$operation] = 9")
	f.refused(errclass.Permanent, "operation 9", "dbo.t")
}

// TestBeginnings begins at the end, at the oldest change, and at a place; a
// later run goes on where the last one has ended.
func TestBeginnings(t *testing.T) {
	db, _, url := small(t)
	first := db.Transact("INSERT INTO t VALUES (1, NULL)")
	second := db.Transact("INSERT INTO t VALUES (2, NULL)")
	third := db.Transact("INSERT INTO t VALUES (3, NULL)")
	for name, c := range map[string]struct {
		more map[string]any
		next int
	}{
		"latest": {nil, 4}, "latest, said": {map[string]any{"start": map[string]any{"mode": "latest"}}, 4}, "earliest": {map[string]any{"START": map[string]any{"Mode": "earliest"}}, 1},
		"lsn": {map[string]any{"LSN": first}, 2}, "lsn, short": {map[string]any{"lsn": "32:" + strings.TrimLeft(strings.Split(second, ":")[1], "0") + ":1"}, 3}, "lsn at the end": {map[string]any{"lsn": third}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			f := follow(t, url, c.more)
			if name == "latest" {
				db.Transact("INSERT INTO t VALUES (4, NULL)")
			}
			f.batch.SetTarget(1, 0)
			if c.next < 4 || name == "latest" {
				f.want([]string{fmt.Sprintf("int64 %d", c.next), "null"})
			}
			if c.next < 3 {
				f.reopen() // the key lsn begins the first run alone
				f.want([]string{fmt.Sprintf("int64 %d", c.next+1), "null"})
			}
		})
	}
	plan := func(lsn string) error {
		f := build(t, url, map[string]any{"lsn": lsn})
		_, err := f.reader.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: 1})
		return err
	}
	wantError(t, plan("FFFFFFFF:00000000:0000"), errclass.Config, "lsn", "beyond", first[:8])
	db.Purge(second)
	wantError(t, plan("00000001:00000001:0001"), errclass.PositionLost, "00000001:00000001:0001", second, "-fresh")
}

// TestLostPositions takes away what a job needs to go on.
func TestLostPositions(t *testing.T) {
	for name, c := range map[string]struct {
		lose  func(db *tdsdb.Database, last string)
		parts []string
	}{
		"purged": {func(db *tdsdb.Database, _ string) {
			db.Transact("INSERT INTO t VALUES (10, NULL)")
			db.Purge(db.Transact("INSERT INTO t VALUES (11, NULL)"))
		}, []string{"dbo.t", "dbo_t", "4320 minutes", "@retention", "-fresh", "earliest", "copies the tables again"}},
		"disabled": {func(db *tdsdb.Database, _ string) { db.Uncapture("dbo_t"); db.Quiet() }, []string{"dbo_t of table shop.dbo.t is gone", "sp_cdc_enable_table @source_schema = N'dbo', @source_name = N't'", "-fresh"}},
		"enabled anew": {func(db *tdsdb.Database, _ string) {
			db.Uncapture("dbo_t")
			db.Transact("UPDATE cdc_clock SET dirty = 1", "INSERT INTO t VALUES (10, NULL)")
			db.Capture("t", "dbo_t")
			db.Transact("INSERT INTO t VALUES (11, NULL)")
		}, []string{"dbo_t", "-fresh"}},
		"under another name": {func(db *tdsdb.Database, _ string) {
			db.Uncapture("dbo_t")
			db.Quiet()
			db.Capture("t", "t_2")
			db.Transact("INSERT INTO t VALUES (11, NULL)")
		}, []string{"capture instance dbo_t of table shop.dbo.t is gone", "t_2", "-fresh"}},
		"restored": {func(db *tdsdb.Database, _ string) { db.Rewind(1) }, []string{"restored", "shop", "-fresh"}},
	} {
		t.Run(name, func(t *testing.T) {
			db, _, url := small(t)
			f := follow(t, url, nil)
			last := db.Transact("INSERT INTO t VALUES (1, NULL)")
			f.want([]string{"int64 1", "null"})
			c.lose(db, last)
			f.refused(errclass.PositionLost, c.parts...)
		})
	}
}

// TestPurgedMeanwhile removes changes of a window that is being read: what was
// marked before is whole, what comes after is not marked.
func TestPurgedMeanwhile(t *testing.T) {
	db, _, url := small(t)
	f := follow(t, url, nil)
	var last string
	for i := range 20 {
		last = db.Transact(fmt.Sprintf("INSERT INTO t VALUES (%d, NULL)", i))
	}
	f.batch.SetTarget(5, 0)
	f.want([]string{"int64 0", "null"})
	db.Purge(last)
	f.refusedGoingOn(errclass.PositionLost, "the cleanup job", "dbo.t")
}

// refusedGoingOn reads on until an error.
func (f *tail) refusedGoingOn(class errclass.Class, parts ...string) {
	f.t.Helper()
	var err error
	for n := 0; err == nil; n++ {
		if err = f.fill(); n > 1000 {
			f.t.Fatal("the source goes on")
		}
	}
	wantError(f.t, err, class, parts...)
}

// TestAlteredMeanwhile changes a column's type while its changes are read: what
// was read as it was is read again.
func TestAlteredMeanwhile(t *testing.T) {
	db, _, url := small(t)
	f := follow(t, url, nil)
	for i := range 20 {
		db.Transact(fmt.Sprintf("INSERT INTO t VALUES (%d, 'x')", i))
	}
	f.batch.SetTarget(5, 0)
	f.want([]string{"int64 0", "string x"})
	db.Retype("t", "v", "nvarchar(20)")
	f.refusedGoingOn(errclass.Transient, "altered", "dbo.t")
	f.reopen()
	f.want([]string{"int64 5", "string x"})
	if got := f.batch.Row(0).Schema().Columns[1].Native; got != "nvarchar(20)" {
		t.Errorf("the column is %s", got)
	}
}

// TestSchemaChanges replaces a capture instance, alters a column, captures a
// further table and drops one: each stands between the rows before and after,
// and is found again by a source that begins at the mark before it.
func TestSchemaChanges(t *testing.T) {
	db, server := tdsdb.Start(t,
		&tdsdb.Table{Name: "t", Key: []string{"id"}, Columns: []tdspeer.Column{column("id", "int"), column("v", "nvarchar(10)", true), column("w", "bit", true)}},
		&tdsdb.Table{Name: "later", Columns: []tdspeer.Column{column("x", "int")}})
	db.EnableCDC()
	db.Capture("t", "dbo_t", "id", "v")
	f := follow(t, server.URL()+";user=sa;password=secret", map[string]any{"ddlSkip": false})
	again := func(kind record.ChangeKind) *record.Change {
		t.Helper()
		for range 2 { // the second time in another source
			f.wantChange(kind)
			f.reopen()
		}
		return f.wantChange(kind)
	}
	db.Transact("INSERT INTO t VALUES (1, 'a', 1)")
	f.want([]string{"int64 1", "string a"})
	db.Transact("INSERT INTO t VALUES (2, 'b', 1)")
	db.Capture("t", "t_2", "id", "w")
	db.Transact("INSERT INTO t VALUES (3, 'c', 0)")
	f.want([]string{"int64 2", "string b"})
	c := again(record.Alter)
	if len(c.From.Columns) != 2 || c.From.Columns[1].Name != "v" || len(c.To.Columns) != 2 || c.To.Columns[1].Name != "w" || c.Name.Table != "t" || c.LSN == "" {
		t.Fatalf("the change is %+v", c)
	}
	f.want([]string{"int64 3", "bool false"})
	db.Uncapture("dbo_t")
	db.Transact("INSERT INTO t VALUES (4, 'd', NULL)")
	f.want([]string{"int64 4", "null"})

	db.Retype("t", "w", "tinyint")
	db.Transact("INSERT INTO t VALUES (5, 'd', 7)")
	if c := again(record.Alter); c.From.Columns[1].Native != "bit" || c.To.Columns[1].Native != "tinyint" {
		t.Errorf("the change is %+v", c)
	}
	f.want([]string{"int64 5", "int64 7"})

	db.Capture("later", "dbo_later")
	db.Transact("INSERT INTO later VALUES (1)")
	if c := again(record.Create); c.To.Name.Table != "later" {
		t.Errorf("the change is %+v", c)
	}
	f.want([]string{"int64 1"})
	db.Drop("later")
	db.Transact("INSERT INTO t VALUES (6, NULL, NULL)")
	if c := again(record.Drop); c.From.Name.Table != "later" || c.To != nil {
		t.Errorf("the change is %+v", c)
	}
	f.want([]string{"int64 6", "null"})
	if !f.logged.has("a table was dropped") || !f.logged.has("another capture instance") {
		t.Errorf("the log is %s", f.logged.text.String())
	}
}

// TestIdle lets other tables be changed alone: the position moves with them.
func TestIdle(t *testing.T) {
	db, _, url := small(t)
	f := follow(t, url, nil)
	at := db.Quiet()
	if err := f.fill(); err != nil {
		t.Fatal(err)
	}
	if len(f.events) != 1 || !strings.Contains(f.events[0].marked, at) {
		t.Errorf("an idle source gave %+v, want a position at %s", f.events, at)
	}
	if lag := f.gauges["lagSeconds"](); lag != 0 {
		t.Errorf("lagSeconds is %v where all is read", lag)
	}
	if left := f.gauges["purgeSeconds"](); left < 4320*60-600 || left > 4320*60 {
		t.Errorf("purgeSeconds is %v", left)
	}
	db.StopCapture(time.Hour, "Stopped")
	db.Transact("INSERT INTO t VALUES (1, NULL)")
	f.want([]string{"int64 1", "null"})
	if !f.logged.has("nothing has been captured for long") || !f.logged.has("agent=Stopped") {
		t.Errorf("the log is %s", f.logged.text.String())
	}
	if lag := f.gauges["captureLagSeconds"](); lag < 3600 || lag > 4200 {
		t.Errorf("captureLagSeconds is %v", lag)
	}
}

// TestServerGoesAway cuts the connections: the source ends with an error after
// which it can be opened again, and nothing is lost.
func TestServerGoesAway(t *testing.T) {
	db, server, url := small(t)
	f := follow(t, url, nil)
	db.Transact("INSERT INTO t VALUES (1, NULL)")
	f.want([]string{"int64 1", "null"})
	server.Cut()
	db.Transact("INSERT INTO t VALUES (2, NULL)")
	f.refusedGoingOn(errclass.Transient)
	f.reopen()
	f.want([]string{"int64 2", "null"})
	db.Lose("SELECT [id]", 1) // the answer to the next stream
	db.Transact("INSERT INTO t VALUES (3, NULL)")
	f.refusedGoingOn(errclass.Transient, "dbo.t")
	f.reopen()
	f.want([]string{"int64 3", "null"})
}

// TestProbe lets what is needed be missing: each is said with the remedy.
func TestProbe(t *testing.T) {
	for name, c := range map[string]struct {
		more  map[string]any
		spoil func(db *tdsdb.Database)
		parts []string // nil: nothing is wrong
	}{
		"well":         {},
		"no table":     {map[string]any{"tableList": "dbo.tt"}, nil, []string{`there is no such table: dbo.tt; did you mean "t"`}},
		"not captured": {map[string]any{"tableList": []string{"T", "plain"}}, nil, []string{"EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'plain'"}},
		"nothing":      {nil, func(db *tdsdb.Database) { db.Uncapture("dbo_t") }, []string{"no table of the database is captured", "sp_cdc_enable_table"}},
		"role":         {nil, func(db *tdsdb.Database) { db.Deny("dbo_t", "readers") }, []string{"ALTER ROLE [readers] ADD MEMBER [sa]"}},
		"permission":   {nil, func(db *tdsdb.Database) { db.Deny("dbo_t", "") }, []string{"GRANT SELECT ON SCHEMA::cdc TO [sa]"}},
		"agent":        {nil, func(db *tdsdb.Database) { db.StopCapture(0, "Stopped") }, []string{"SQL Server Agent is stopped"}},
		"two": {map[string]any{"tableList": []string{"t", "plain"}}, func(db *tdsdb.Database) { db.StopCapture(0, "Paused") },
			[]string{"N'plain'", "SQL Server Agent is paused"}},
		"agent unseen": {nil, func(db *tdsdb.Database) { db.StopCapture(0, "") }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			db, server := tdsdb.Start(t, &tdsdb.Table{Name: "t", Columns: []tdspeer.Column{column("id", "int")}}, &tdsdb.Table{Name: "plain", Columns: []tdspeer.Column{column("id", "int")}})
			db.EnableCDC()
			db.Capture("t", "dbo_t")
			if c.spoil != nil {
				c.spoil(db)
			}
			err := build(t, server.URL()+";user=sa", c.more).reader.(plugin.Prober).Probe(t.Context())
			if c.parts == nil {
				if err != nil {
					t.Errorf("probing gave %v", err)
				}
				return
			}
			wantError(t, err, errclass.Config, c.parts...)
		})
	}
	t.Run("not enabled", func(t *testing.T) {
		_, server := tdsdb.Start(t)
		f := build(t, server.URL()+";user=sa", nil)
		wantError(t, f.reader.(plugin.Prober).Probe(t.Context()), errclass.Config, "database shop", "USE [shop]; EXEC sys.sp_cdc_enable_db")
		_, err := f.reader.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: 1})
		wantError(t, err, errclass.Config, "sp_cdc_enable_db")
	})
	t.Run("denied meanwhile", func(t *testing.T) {
		db, _, url := small(t)
		f := follow(t, url, nil)
		db.Deny("dbo_t", "readers")
		db.Transact("INSERT INTO t VALUES (1, NULL)")
		f.refusedGoingOn(errclass.Config, "dbo.t", "role of capture instance dbo_t")
	})
}
