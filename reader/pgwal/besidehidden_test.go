package pgwal

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest/copies"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// hidden is a database whose transactions may wait for a standby's word: the log
// has them then, and nobody sees them.
type hidden struct {
	servers.PostgreSQLDatabase
	t       *testing.T
	done    chan error
	viewing atomic.Bool  // each view that is opened writes a row
	views   atomic.Int32 // that were opened while one waits
}

func newHidden(t *testing.T) *hidden {
	t.Helper()
	h := &hidden{PostgreSQLDatabase: servers.StartPostgreSQL(t).DB(t), t: t, done: make(chan error, 1)}
	h.Exec(t, "CREATE TABLE a (id bigint PRIMARY KEY, n int)", "CREATE TABLE b (name text PRIMARY KEY, v int)", "INSERT INTO a SELECT g, 0 FROM generate_series(1, 200) g",
		"ALTER SYSTEM SET synchronous_standby_names = 'nobody'", "ALTER SYSTEM SET synchronous_commit = 'local'", "SELECT pg_reload_conf()")
	h.await("SELECT current_setting('synchronous_standby_names') || current_setting('synchronous_commit')", "nobodylocal")
	return h
}

func (h *hidden) await(query, want string) {
	h.t.Helper()
	for *h.Query(h.t, query)[0][0] != want {
		if h.t.Context().Err() != nil {
			h.t.Fatalf("%s is not %s", query, want)
		}
	}
}

// commit changes a row in a transaction that waits.
func (h *hidden) commit() {
	h.t.Helper()
	result := h.Connect(h.t).Exec(h.t.Context(), "SET synchronous_commit = 'on'; UPDATE a SET n = 1 WHERE id = 77")
	go func() { h.done <- result.Close() }()
	h.await("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'", "1")
}

// show lets it end.
func (h *hidden) show() {
	h.t.Helper()
	h.viewing.Store(false)
	if n := *h.Query(h.t, "SELECT n FROM a WHERE id = 77")[0][0]; n != "0" {
		h.t.Fatalf("the transaction was visible: %s", n)
	}
	h.Exec(h.t, "ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()")
	if err := <-h.done; err != nil {
		h.t.Fatal(err)
	}
}

// watched is the reader with small chunks beside the log, whose views write a
// row once they are open.
func (h *hidden) watched() plugin.ReaderInfo {
	conn := h.Connect(h.t)
	info := Info()
	info.New = func(env plugin.Env, d *config.Decoder) (plugin.Reader, error) {
		r, err := Info().New(env, d)
		if own, ok := r.(*reader); ok {
			own.chunk = 60
			own.viewed = func() {
				if h.viewing.Load() {
					_, err := conn.Exec(h.t.Context(), fmt.Sprintf("INSERT INTO b VALUES ('view %d', 0)", h.views.Add(1))).ReadAll()
					if err != nil {
						h.t.Error(err)
					}
				}
			}
		}
		return r, err
	}
	return info
}

// TestHiddenCommits copies a table again while a transaction that changed it is
// in the log and not visible, which earlier streams have read: no view is handed
// on that lacks it.
func TestHiddenCommits(t *testing.T) {
	h := newHidden(t)
	job := func(mode string) string {
		return parameters(t, h.PostgreSQLDatabase, map[string]any{"tableList": []string{"a", "b"}, "start": map[string]any{"mode": mode}, "allowCreateSlot": true})
	}
	j := copies.New(t, 1, h.watched(), job("initial"))
	for !j.InLog() {
		j.Step(nil)
	}
	h.commit()
	h.Exec(t, "INSERT INTO b VALUES ('behind it', 0)")
	j.Until("b", "string behind it") // the target has the change now
	h.viewing.Store(true)
	j.Signal(plugin.Signal{ID: "1", Verb: plugin.SignalSnapshot, Tables: []record.Name{{Database: h.Name, Schema: "public", Table: "a"}}})
	h.Exec(t, "INSERT INTO b VALUES ('signalled', 0)")
	j.Until("b", "string view 3")
	j.Again()
	h.Exec(t, "INSERT INTO b VALUES ('again', 0)")
	j.Until("b", "string view 5")
	if j.Twice() > 0 {
		t.Errorf("%d rows of a view that lacks a change were handed on", j.Twice())
	}
	h.show()
	stepUntil(j, func() bool { return len(j.Copying().Tables) == 0 })
	if j.Twice() != 200 {
		t.Errorf("%d rows were copied again, want 200", j.Twice())
	}
	h.Exec(t, "INSERT INTO b VALUES ('the end', 0)")
	j.Finish("b", "string the end", copies.New(t, 1, Info(), job("initial-only")).All())
}

// TestHiddenCommitsOfTheStream is the same in the stream that has read the
// transaction itself.
func TestHiddenCommitsOfTheStream(t *testing.T) {
	h := newHidden(t)
	h.Exec(t, "CREATE PUBLICATION dtstack_flinkx FOR TABLE a, b")
	f := followWith(t, h.watched(), parameters(t, h.PostgreSQLDatabase, map[string]any{"tableList": []string{"a", "b"}, "allowCreateSlot": true}))
	h.commit()
	f.want([]string{"op update-after", "int64 77", "int64 1"})
	h.viewing.Store(true)
	f.reader.(plugin.Signaler).Signals([]plugin.Signal{{ID: "1", Verb: plugin.SignalSnapshot, Tables: []record.Name{{Database: h.Name, Schema: "public", Table: "a"}}}})
	h.Exec(t, "INSERT INTO b VALUES ('signalled', 0)")
	for row := f.next().row; row[0] != "string view 3"; row = f.next().row {
		if row[0] == "int64 77" {
			t.Fatalf("a row came as it was before the log's last word: %v", row)
		}
	}
	h.show()
	for row := f.next().row; row[0] != "int64 77"; row = f.next().row {
		if row[0] == "int64 200" {
			t.Fatal("the last row came before the 77th")
		}
		if slices.Equal(row, []string{"int64 77", "int64 0"}) {
			t.Fatal("a row came as it was")
		}
	}
}
