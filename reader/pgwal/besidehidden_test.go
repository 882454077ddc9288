package pgwal

import (
	"testing"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest/copies"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// TestHiddenCommits has a transaction wait for a standby's word: the log has it,
// and nobody sees it. A table that is copied again meanwhile is not handed on as
// it was before, by the stream that has read the transaction and by the next one.
func TestHiddenCommits(t *testing.T) {
	server := servers.StartPostgreSQL(t)
	db := server.DB(t)
	db.Exec(t, "CREATE TABLE a (id bigint PRIMARY KEY, n int)", "CREATE TABLE b (name text PRIMARY KEY, v int)", "INSERT INTO a SELECT g, 0 FROM generate_series(1, 200) g",
		"ALTER SYSTEM SET synchronous_standby_names = 'nobody'", "ALTER SYSTEM SET synchronous_commit = 'local'", "SELECT pg_reload_conf()")
	for *db.Query(t, "SHOW synchronous_standby_names")[0][0] != "nobody" || *db.Query(t, "SHOW synchronous_commit")[0][0] != "local" {
		if t.Context().Err() != nil {
			t.Fatal("the server does not take its settings")
		}
	}
	j := copies.New(t, 1, chunked60(), parameters(t, db, map[string]any{"tableList": []string{"a", "b"}, "start": map[string]any{"mode": "initial"}, "allowCreateSlot": true}))
	for !j.InLog() {
		j.Step(nil)
	}
	waiting := db.Connect(t)
	result := waiting.Exec(t.Context(), "SET synchronous_commit = 'on'; UPDATE a SET n = 1 WHERE id = 77")
	done := make(chan error, 1)
	go func() { done <- result.Close() }()
	for *db.Query(t, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")[0][0] == "0" {
		if t.Context().Err() != nil {
			t.Fatal("the transaction does not wait")
		}
	}
	db.Exec(t, "INSERT INTO b VALUES ('behind it', 0)")
	j.Until("b", "string behind it") // the target has the change now
	if n := *db.Query(t, "SELECT n FROM a WHERE id = 77")[0][0]; n != "0" {
		t.Fatalf("the transaction is visible: %s", n)
	}
	j.Signal(plugin.Signal{ID: "1", Verb: plugin.SignalSnapshot, Tables: []record.Name{{Database: db.Name, Schema: "public", Table: "a"}}})
	for _, name := range []string{"one", "two", "three"} {
		db.Exec(t, "INSERT INTO b VALUES ('"+name+"', 0)")
		j.Until("b", "string "+name)
		j.Again() // another process, which has not read the transaction
	}
	if j.Twice() > 0 {
		t.Errorf("%d rows of a view that lacks a change were handed on", j.Twice())
	}
	db.Exec(t, "ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	stepUntil(j, func() bool { return len(j.Copying().Tables) == 0 })
	if j.Twice() != 200 {
		t.Errorf("%d rows were copied again, want 200", j.Twice())
	}
	db.Exec(t, "INSERT INTO b VALUES ('the end', 0)")
	j.Finish("b", "string the end", copies.New(t, 1, Info(), parameters(t, db, map[string]any{"tableList": []string{"a", "b"}, "start": map[string]any{"mode": "initial-only"}})).All())
}
