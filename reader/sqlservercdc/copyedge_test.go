package sqlservercdc

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer/tdsdb"
	"github.com/datasync-io/datasync/core/record"
)

// planned plans a job that copies rows.
func planned(t *testing.T, f *tail) []plugin.Split {
	t.Helper()
	t.Cleanup(func() {
		if err := f.reader.Close(); err != nil {
			t.Error(err)
		}
	})
	splits, err := f.reader.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: 1})
	if err != nil {
		t.Fatal(err)
	}
	return splits
}

// copied reads a chunk to its end: its rows, and how far it is.
func (f *tail) copied(s plugin.Split) (rows [][]string, p plugin.Progress, err error) {
	f.t.Helper()
	p = plugin.Progress{Split: s}
	src, err := f.reader.Open(f.t.Context(), p)
	if err != nil {
		return nil, p, err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	b := record.NewBatch(0, 0)
	for {
		b.Reset(s.ID)
		err := src.Fill(f.t.Context(), b)
		if err != nil && !errors.Is(err, io.EOF) {
			return rows, p, err
		}
		for i := range b.Len() {
			row := b.Row(i)
			cells := plugintest.Cells(row)
			for c := row.Schema().Data; c < len(row.Schema().Columns); c++ { // the metadata as well
				cells = append(cells, row.Kind(c).String()+" "+string(row.AppendText(nil, c)))
			}
			rows = append(rows, cells)
		}
		if marks := b.Marks(); len(marks) > 0 {
			p.Position = slices.Clone(marks[0].Position)
		}
		if err != nil {
			p.Done = true
			return rows, p, nil
		}
	}
}

// goOn opens the changes after chunks that have ended.
func (f *tail) goOn(now ...plugin.Progress) {
	f.t.Helper()
	splits, err := f.reader.(plugin.Splitter).Splits(f.t.Context(), plugin.Plan{Channels: 1, Now: now})
	if err != nil || len(splits) != 1 || !splits[0].Endless {
		f.t.Fatalf("after the rows come %v, %v", splits, err)
	}
	f.at = plugin.Progress{Split: splits[0]}
	f.open()
	f.t.Cleanup(f.close)
}

func (f *tail) must(s plugin.Split, want ...[]string) plugin.Progress {
	f.t.Helper()
	rows, p, err := f.copied(s)
	if err != nil {
		f.t.Fatal(err)
	}
	if diff := plugintest.SameOrder(want, rows); diff != "" {
		f.t.Error(diff)
	}
	return p
}

// TestWithoutKey copies a table without a key, of which rows were changed that
// are not captured yet: they cannot correct a view, which has to be after them.
func TestWithoutKey(t *testing.T) {
	db, url := peer(t)
	db.Transact("INSERT INTO log VALUES (1, 'a')")
	f := build(t, url, map[string]any{"tableList": "log", "start": map[string]any{"mode": "initial"}})
	split := planned(t, f)[0]
	db.Lag(4)
	db.Transact("UPDATE log SET y = 'b'", "INSERT INTO log VALUES (2, 'c')")
	views := 0
	f.reader.(*reader).paused = func() { views++ }
	p := f.must(split, []string{"int64 1", "string b"}, []string{"int64 2", "string c"})
	if views != 3 { // the pauses of one view
		t.Errorf("%d pauses", views)
	}
	f.goOn(p)
	db.Transact("DELETE FROM log WHERE x = 1")
	f.want([]string{"op delete", "int64 1", "string b"})
}

// TestCopied copies rows with a condition and what is known of them, and goes on
// with the changes of all rows. The capture job lags behind: what was changed
// before the view comes once.
func TestCopied(t *testing.T) {
	for _, still := range []bool{true, false} {
		t.Run(fmt.Sprintf("snapshots %t", still), func(t *testing.T) {
			db, _, url := small(t)
			if !still {
				db.ForbidSnapshot()
			}
			db.Transact("INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')")
			db.Lag(4)
			f := build(t, url, starting("initial", map[string]any{"where": map[string]any{"T": "id > 1"}}), "_lsn", "_optime", "_snapshot", "_txid")
			splits := planned(t, f)
			if s := splits[0]; len(splits) != 1 || s.Endless || !s.Leads || s.Apart || s.ID != "snapshot/dbo.t/0" {
				t.Fatalf("the plan is %+v", splits)
			}
			last := db.Transact("UPDATE t SET v = 'x' WHERE id = 3")
			rows, p, err := f.copied(splits[0])
			if err != nil || len(rows) != 2 {
				t.Fatalf("copied %v, %v", rows, err)
			}
			high := strings.TrimSuffix(last, "1") + "2" // the end of the log
			for i, want := range [][]string{{"int64 2", "string b"}, {"int64 3", "string x"}} {
				if got := rows[i]; !slices.Equal(got[:2], want) || !strings.HasPrefix(got[2], "timestamp 20") || got[3] != "string "+high || got[4] != "null " || got[5] != "bool true" {
					t.Errorf("a copied row is %v, want %v at %s", got, want, high)
				}
			}
			db.Transact("UPDATE t SET v = 'y'")
			f.goOn(p)
			for id, was := range []string{"a", "b", "x"} {
				for _, image := range [][]string{{"op update-before", fmt.Sprintf("int64 %d", id+1), "string " + was}, {"op update-after", fmt.Sprintf("int64 %d", id+1), "string y"}} {
					if got := f.next().row; !slices.Equal(got, image) {
						t.Errorf("the changes gave %v, want %v", got, image)
					}
				}
			}
			if f.logged.has("no snapshot isolation") == still {
				t.Errorf("the log is %s", f.logged.text.String())
			}
		})
	}
}

// TestSetApart plans several tables: each is set aside alone.
func TestSetApart(t *testing.T) {
	_, url := peer(t)
	for _, s := range planned(t, build(t, url, starting("initial", nil))) {
		if !s.Apart || s.Table.Database != "shop" || s.Table.Schema != "dbo" || !strings.Contains(s.ID, "dbo."+s.Table.Table) {
			t.Errorf("a split is %+v", s)
		}
	}
	for _, s := range planned(t, build(t, url, starting("initial-only", nil))) {
		if s.Leads {
			t.Errorf("a split of rows alone is %+v", s)
		}
	}
}

// TestIdleDatabase copies what has never been changed since it is captured: a
// capture job that finds nothing is enough, once it has begun after the view.
func TestIdleDatabase(t *testing.T) {
	db, server := tdsdb.Start(t, &tdsdb.Table{Name: "t", Key: []string{"id"}, Columns: []tdspeer.Column{column("id", "int")}})
	db.Exec("INSERT INTO t VALUES (1), (2)")
	db.EnableCDC()
	db.Capture("t", "dbo_t")
	f := build(t, server.URL()+";user=sa", starting("initial", nil))
	p := f.must(planned(t, f)[0], []string{"int64 1"}, []string{"int64 2"})
	db.Transact("INSERT INTO t VALUES (3)")
	f.goOn(p)
	f.want([]string{"int64 3"})
}

func TestDrained(t *testing.T) {
	for i, c := range []struct {
		before, now scans
		want        bool
	}{
		{scans{5, 3}, scans{5, 3}, false}, {scans{5, 3}, scans{5, 4}, false}, {scans{5, 3}, scans{5, 5}, true},
		{scans{5, 3}, scans{6, 0}, false}, {scans{5, 3}, scans{7, 1}, false}, {scans{5, 0}, scans{6, 2}, true},
		{scans{}, scans{1, 1}, false}, {scans{}, scans{1, 2}, true}, {scans{40, 9}, scans{1, 2}, true}, // started anew
	} {
		if got := c.now.drained(c.before); got != c.want {
			t.Errorf("%d: %+v after %+v is drained: %t", i, c.now, c.before, got)
		}
	}
}

// TestSettled: a transaction that is captured and not visible yet is waited for
// before a view is opened; another one that begins meanwhile is not.
func TestSettled(t *testing.T) {
	db, server, url := small(t)
	db.Transact("INSERT INTO t VALUES (1, 'a')")
	var asked atomic.Int32
	db.Intercept(func(q *tdspeer.Request) *tdspeer.Reply {
		if !strings.Contains(q.SQL, "database_transaction_state IN") {
			return nil
		}
		r := tdspeer.Result{Columns: []tdspeer.Column{column("transaction_id", "bigint")}}
		n := asked.Add(1)
		if n < 4 {
			r.Rows = append(r.Rows, []any{int64(77)})
		}
		if n > 1 {
			r.Rows = append(r.Rows, []any{int64(78)})
		}
		return &tdspeer.Reply{Results: []tdspeer.Result{r}}
	})
	f := build(t, url, starting("initial", nil))
	f.must(planned(t, f)[0], []string{"int64 1", "string a"})
	var order []string
	for _, sql := range server.Log() {
		for _, word := range []string{"database_transaction_state", sqlBegin} {
			if strings.Contains(sql, word) {
				order = append(order, word)
			}
		}
	}
	if n := int(asked.Load()); n != 4 || len(order) != 5 || order[4] != sqlBegin {
		t.Errorf("the server was asked %d times, in the order %v", n, order)
	}
}

// TestGroup: in an availability group a capture job that finds nothing has not
// read everything, so that a further commit is waited for.
func TestGroup(t *testing.T) {
	db, server, url := small(t)
	db.Transact("INSERT INTO t VALUES (1, 'a')")
	db.Group()
	f := build(t, url, starting("initial", nil))
	var after atomic.Int32
	db.Intercept(func(q *tdspeer.Request) *tdspeer.Reply {
		switch {
		case strings.Contains(q.SQL, "dm_db_log_stats"):
			after.Add(1)
		case after.Load() > 0 && q.SQL == sqlStatus:
			if after.Add(1) == 5 {
				db.Quiet()
			}
		}
		return nil
	})
	f.must(planned(t, f)[0], []string{"int64 1", "string a"})
	if after.Load() < 5 || slices.Contains(server.Log(), sqlScans) {
		t.Errorf("the view was opened after %d questions", after.Load())
	}
}

// TestAlteredWhileCopied changes a table before and after a view of it is
// opened: the rows are as it is then.
func TestAlteredWhileCopied(t *testing.T) {
	for _, still := range []bool{true, false} {
		t.Run(fmt.Sprintf("snapshots %t", still), func(t *testing.T) {
			db, _, url := small(t, column("id", "int"), column("v", "nvarchar(10)", true), column("w", "int", true), column("x", "int", true))
			if !still {
				db.ForbidSnapshot()
			}
			db.Transact("INSERT INTO t VALUES (1, 'a', NULL, 1)")
			f := build(t, url, starting("initial", nil))
			pauses := 0
			f.reader.(*reader).paused = func() {
				switch pauses++; pauses {
				case 1:
					db.Retype("t", "v", "nvarchar(20)")
				case 2:
					db.Retype("t", "x", "bit")
					db.Forget("t", "w")
				}
			}
			split := planned(t, f)[0]
			p := f.must(split, []string{"int64 1", "string a", "null", "bool true"})
			f.goOn(p)
			db.Transact("INSERT INTO t VALUES (2, 'b', NULL, 0)")
			f.want([]string{"int64 2", "string b", "null", "bool false"})
			if got := f.batch.Row(0).Schema().Columns[1].Native; got != "nvarchar(20)" {
				t.Errorf("the column is %s", got)
			}
		})
	}
}

// TestLargeWindow changes more around a view than is held in memory: another
// view comes after it.
func TestLargeWindow(t *testing.T) {
	for _, still := range []bool{true, false} {
		t.Run(fmt.Sprintf("snapshots %t", still), func(t *testing.T) {
			db, _, url := small(t)
			if !still {
				db.ForbidSnapshot()
			}
			db.Transact("INSERT INTO t VALUES (1, 'a')")
			f := build(t, url, starting("initial", nil))
			own, pauses := f.reader.(*reader), 0
			own.windowBytes = 2000
			own.paused = func() {
				if pauses++; pauses < 3 {
					db.Transact(fmt.Sprintf("WITH RECURSIVE g(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM g WHERE i < 300) INSERT INTO t SELECT i + %d, 'x' FROM g", pauses*1000))
				}
			}
			rows, p, err := f.copied(planned(t, f)[0])
			if err != nil || len(rows) != 599 || !f.logged.has("too much was changed") {
				t.Fatalf("copied %d rows, %v: %s", len(rows), err, f.logged.text.String())
			}
			f.goOn(p)
			db.Transact("INSERT INTO t VALUES (5000, 'end')")
			f.want([]string{"int64 5000", "string end"})
		})
	}
}

// TestJustCaptured copies a table that is captured from a moment ago on: what is
// captured otherwise is from before.
func TestJustCaptured(t *testing.T) {
	db, server := tdsdb.Start(t, &tdsdb.Table{Name: "t", Key: []string{"id"}, Columns: []tdspeer.Column{column("id", "int")}})
	db.EnableCDC()
	db.Quiet()
	db.Lag(5)
	db.Transact("INSERT INTO t VALUES (1)", "UPDATE cdc_clock SET dirty = 1")
	db.Capture("t", "dbo_t")
	db.Transact("INSERT INTO t VALUES (2)")
	f := build(t, server.URL()+";user=sa", starting("initial", nil))
	f.reader.(*reader).paused = func() { f.reader.(*reader).paused = nil; db.Transact("INSERT INTO t VALUES (3)") }
	p := f.must(planned(t, f)[0], []string{"int64 1"}, []string{"int64 2"}, []string{"int64 3"})
	db.Transact("DELETE FROM t WHERE id = 2")
	f.goOn(p)
	f.want([]string{"op delete", "int64 2"})
}

// TestParted moves a row from a part that was copied after it to one that was
// copied before: it comes in with nothing that it is linked with.
func TestParted(t *testing.T) {
	db, _, url := small(t)
	db.Transact("INSERT INTO t VALUES (1, 'a'), (2, 'b'), (1000001, 'c'), (1000002, 'd')")
	f := build(t, url, starting("initial", nil))
	t.Cleanup(func() {
		if err := f.reader.Close(); err != nil {
			t.Error(err)
		}
	})
	splits, err := f.reader.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: 2})
	if err != nil || len(splits) < 2 {
		t.Fatalf("the plan is %v, %v", splits, err)
	}
	var now []plugin.Progress
	n := 0
	for i, s := range splits {
		rows, p, err := f.copied(s)
		if err != nil {
			t.Fatal(err)
		}
		n += len(rows)
		now = append(now, p)
		if i == 0 {
			db.Transact("UPDATE t SET id = 3 WHERE id = 1000002", "UPDATE t SET id = 4 WHERE id = 2")
		}
	}
	if n != 3 {
		t.Fatalf("%d rows were copied", n)
	}
	f.goOn(now...)
	for _, want := range []struct {
		row    []string
		linked bool
	}{{[]string{"int64 3", "string d"}, false}, {[]string{"op delete", "int64 2", "string b"}, false}, {[]string{"int64 4", "string b"}, true}} {
		if got := f.next(); !slices.Equal(got.row, want.row) || got.linked != want.linked {
			t.Errorf("the changes gave %v, linked: %t, want %v, %t", got.row, got.linked, want.row, want.linked)
		}
	}
}

// TestCompare compares keys of two columns, and their first column alone, as the
// database does.
func TestCompare(t *testing.T) {
	db, server := tdsdb.Start(t, &tdsdb.Table{Name: "t", Key: []string{"k", "n"}, Columns: []tdspeer.Column{column("k", "varchar(10)"), column("n", "int")}})
	db.EnableCDC()
	db.Capture("t", "dbo_t")
	f := build(t, server.URL()+";user=sa", nil)
	t.Cleanup(func() {
		if err := f.reader.Close(); err != nil {
			t.Error(err)
		}
	})
	v, name := &views{f.reader.(*reader)}, record.Name{Database: "shop", Schema: "dbo", Table: "t"}
	key := func(k string, n ...int) handover.Key {
		key := handover.Key{{Kind: record.String, Text: k}}
		for _, one := range n {
			key = append(key, sqlkit.Value{Kind: record.Int64, Text: fmt.Sprint(one)})
		}
		return key
	}
	for _, c := range []struct {
		a, b handover.Key
		want int
	}{
		{key("a", 2), key("b", 1), -1}, {key("b", 1), key("a", 2), 1}, {key("it's", 9), key("it's", 10), -1}, {key("a", 10), key("a", 9), 1}, {key("a", 1), key("a", 1), 0}, {key("a"), key("b"), -1}, {key("z"), key("z"), 0},
	} {
		if got, err := v.Compare(t.Context(), name, c.a, c.b); err != nil || got != c.want {
			t.Errorf("%v and %v compare as %d, %v, want %d", c.a, c.b, got, err, c.want)
		}
	}
	_, err := v.Compare(t.Context(), name, key("a", 1, 2), key("a", 1, 2))
	wantError(t, err, errclass.PositionLost, "another key")
}
