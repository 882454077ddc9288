package sqlservercdc

import (
	"slices"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer/tdsdb"
	"github.com/datasync-io/datasync/core/record"
)

// three is a server with captured tables a and b, and loose without a key.
func three(t *testing.T) (*tdsdb.Database, string) {
	t.Helper()
	column := []tdspeer.Column{column("id", "int")}
	db, server := tdsdb.Start(t, &tdsdb.Table{Name: "a", Key: []string{"id"}, Columns: column}, &tdsdb.Table{Name: "b", Key: []string{"id"}, Columns: column},
		&tdsdb.Table{Name: "loose", Columns: column}, &tdsdb.Table{Name: "blind", Key: []string{"id"}, Columns: column})
	db.EnableCDC()
	for _, name := range []string{"a", "b", "loose"} {
		db.Capture(name, "dbo_"+name)
	}
	db.Quiet()
	return db, server.URL() + ";user=sa;password=secret"
}

// listed is a job with a list of tables.
func listed(mode string, tables ...string) map[string]any {
	more := map[string]any{}
	if mode != "" {
		more = starting(mode, nil)
	}
	if len(tables) > 0 {
		more["tableList"] = tables
	}
	return more
}

// resumed goes on with what another run has stored.
func resumed(t *testing.T, url string, from plugin.Progress, more map[string]any) (*tail, error) {
	t.Helper()
	f := build(t, url, more)
	stored, err := f.reader.(plugin.Resumer).Resume(t.Context(), 1, []plugin.Progress{from})
	if err != nil {
		return f, err
	}
	f.at = stored[0]
	f.open()
	t.Cleanup(f.close)
	return f, nil
}

// TestListOfTables resumes jobs that copy no rows with other lists: a table that
// came is read from there on, in a window of which other tables have changes
// before and after that place, and one that left is read no longer.
func TestListOfTables(t *testing.T) {
	db, url := three(t)
	f := follow(t, url, listed("", "a"))
	db.Transact("INSERT INTO a VALUES (1)", "INSERT INTO b VALUES (1)")
	f.want([]string{"int64 1"})
	f.close()
	db.Transact("INSERT INTO b VALUES (2)", "INSERT INTO a VALUES (2)")

	more, err := resumed(t, url, f.at, listed("", "loose", "a", "B"))
	if err != nil {
		t.Fatal(err)
	}
	db.Transact("INSERT INTO b VALUES (3)", "INSERT INTO a VALUES (3)")
	db.Transact("INSERT INTO loose VALUES (4)")
	more.want([]string{"int64 2"}, []string{"int64 3"}, []string{"int64 3"}, []string{"int64 4"})
	more.reopen()
	db.Transact("INSERT INTO b VALUES (5)")
	more.want([]string{"int64 5"})
	more.close()

	less, err := resumed(t, url, more.at, listed("", "a"))
	if err != nil {
		t.Fatal(err)
	}
	db.Transact("INSERT INTO b VALUES (6)", "INSERT INTO a VALUES (6)")
	less.want([]string{"int64 6"})
	less.close()
	db.Transact("INSERT INTO b VALUES (7)", "INSERT INTO a VALUES (7)")
	again, err := resumed(t, url, less.at, listed("", "a", "b"))
	if err != nil {
		t.Fatal(err)
	}
	db.Transact("INSERT INTO b VALUES (8)")
	again.want([]string{"int64 7"}, []string{"int64 8"})
}

// TestListIsRefused resumes jobs with lists that they cannot do with.
func TestListIsRefused(t *testing.T) {
	db, url := three(t)
	f := follow(t, url, listed("", "a"))
	_, err := resumed(t, url, f.at, listed("initial", "a", "loose"))
	wantError(t, err, errclass.Config, "another list of tables", "loose has no key", "primary key")
	_, err = resumed(t, url, f.at, listed("", "a", "blind"))
	wantError(t, err, errclass.Config, "blind is not captured")
	_, err = resumed(t, url, f.at, listed("", "a", "nowhere"))
	wantError(t, err, errclass.Config, "nowhere")
	db.HideState()
	_, err = resumed(t, url, f.at, listed("initial", "a", "b"))
	wantError(t, err, errclass.Config, "VIEW DATABASE STATE")

	alone := planned(t, build(t, url, listed("initial-only", "a")))
	if _, err = resumed(t, url, plugin.Progress{Split: alone[0]}, listed("initial-only", "dbo.a")); err != nil {
		t.Errorf("the same list is refused: %v", err)
	}
	_, err = resumed(t, url, plugin.Progress{Split: alone[0]}, listed("initial-only", "a", "b"))
	wantError(t, err, errclass.PositionLost, "initial-only", "-fresh")
}

// TestStoredSignals asks stored splits for tables, without a connection.
func TestStoredSignals(t *testing.T) {
	db, url := three(t)
	f := follow(t, url, listed("", "a", "loose"))
	db.Transact("INSERT INTO a VALUES (1)")
	f.want([]string{"int64 1"})
	stored := []plugin.Progress{f.at}
	for _, text := range []string{"a", "dbo.A", "[dbo].[a]"} {
		if name, err := storedTable(stored, text); err != nil || name != (record.Name{Database: "shop", Schema: "dbo", Table: "a"}) {
			t.Errorf("%s is %v, %v", text, name, err)
		}
	}
	_, err := storedTable(stored, "b")
	wantError(t, err, errclass.Config, "not among those")
	_, err = storedTable(stored, "loose")
	wantError(t, err, errclass.Config, "loose has no key")
	_, err = storedTable(stored, "x.a")
	wantError(t, err, errclass.Config, "not among those")
	alone := planned(t, build(t, url, listed("initial-only", "a")))
	_, err = storedTable([]plugin.Progress{{Split: alone[0]}}, "a")
	wantError(t, err, errclass.Config, "follows no changes")

	first := planned(t, build(t, url, listed("initial", "a", "b")))
	var chunks []plugin.Progress
	for _, s := range first {
		chunks = append(chunks, plugin.Progress{Split: s})
	}
	if name, err := storedTable(chunks, "b"); err != nil || name.Table != "b" {
		t.Errorf("b, of which rows are copied first, is %v, %v", name, err)
	}
}

// TestSignalIsRefused has tables copied again that cannot be: the changes go on,
// and what is stored says why.
func TestSignalIsRefused(t *testing.T) {
	db, url := three(t)
	f := follow(t, url, listed("", "a", "loose"))
	loose := record.Name{Database: "shop", Schema: "dbo", Table: "loose"}
	b := record.Name{Database: "shop", Schema: "dbo", Table: "b"}
	f.reader.(plugin.Signaler).Signals([]plugin.Signal{{ID: "1", Verb: plugin.SignalSnapshot, Tables: []record.Name{loose, b}}})
	for {
		if err := f.fill(); err != nil {
			t.Fatal(err)
		}
		all, err := storedCopying([]plugin.Progress{f.at})
		if err != nil {
			t.Fatal(err)
		}
		if len(all.Refused) == 2 && len(all.Tables) == 0 && slices.Equal(all.Noted, []string{"1"}) {
			break
		}
	}
	f.events = nil
	db.Transact("INSERT INTO a VALUES (1)")
	f.want([]string{"int64 1"})
}

// TestChangesThatAreLeftOut copies a table again of which updates are not read:
// rows are as they were when the changes had come so far.
func TestChangesThatAreLeftOut(t *testing.T) {
	db, _, url := small(t)
	f := follow(t, url, map[string]any{"cat": "insert"})
	db.Transact("INSERT INTO t VALUES (1, 'a')")
	f.want([]string{"int64 1", "string a"})
	f.close()
	changes := 0
	r := f.reader.(*reader)
	r.paused = func() { // amid the first view
		if changes++; changes == 2 {
			db.Transact("UPDATE t SET v = 'b' WHERE id = 1")
		}
	}
	r.Signals([]plugin.Signal{{ID: "1", Verb: plugin.SignalSnapshot, Tables: []record.Name{{Database: "shop", Schema: "dbo", Table: "t"}}}})
	f.open()
	f.want([]string{"int64 1", "string b"})
}
