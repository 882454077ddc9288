package binlog

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest/copies"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// TestTablesAreCopiedBesideTheLog adds tables to a job whose log is read, and
// copies one again, while they are changed and the log is left and taken up
// again at random: each row comes once, each change that it does not show, and
// of the table that is copied again each row as it is there.
func TestTablesAreCopiedBesideTheLog(t *testing.T) {
	for _, l := range logs {
		t.Run(l.name, func(t *testing.T) {
			start := servers.StartMySQL
			if l.maria {
				start = servers.StartMariaDB
			}
			server := start(t, servers.WithArgs(l.options...))
			for seed := range uint64(2) {
				copiedBeside(t, server.DB(t), seed)
			}
		})
	}
}

func copiedBeside(t *testing.T, db servers.Database, seed uint64) {
	db.Exec(t, "CREATE TABLE a (id BIGINT PRIMARY KEY, n INT, doc TEXT)", "CREATE TABLE b (name VARCHAR(30) PRIMARY KEY, v INT, at DATETIME(3))",
		"CREATE TABLE c (x INT, y VARCHAR(10))", "CREATE TABLE d (x INT, y INT, z INT, PRIMARY KEY (y, x))")
	fill(t, db, "a", 1000, func(i int) string { return fmt.Sprintf("(%d, %d, REPEAT('x', %d))", i, i, i) })
	fill(t, db, "b", 300, func(i int) string {
		return fmt.Sprintf("('%c%d', %d, '2024-02-29 12:00:00.125')", "kK"[i%2], i, i)
	})
	fill(t, db, "d", 400, func(i int) string { return fmt.Sprintf("(%d, %d, %d)", i%20, i/20, i) })
	change := func(rnd *rand.Rand) string {
		k, v := rnd.IntN(1500), rnd.IntN(1000)
		name := fmt.Sprintf("'%c%d'", "kK"[k%2], rnd.IntN(350))
		return []string{
			fmt.Sprintf("INSERT IGNORE INTO a VALUES (%d, %d, 'new')", k, v), fmt.Sprintf("UPDATE a SET n = %d WHERE id = %d", v, k),
			fmt.Sprintf("UPDATE a SET n = %d, id = id + 10000 WHERE id = %d", v, k), fmt.Sprintf("DELETE FROM a WHERE id = %d", k),
			fmt.Sprintf("INSERT IGNORE INTO b VALUES (%s, %d, NULL)", name, v), fmt.Sprintf("UPDATE b SET v = %d WHERE name = %s", v, name),
			fmt.Sprintf("DELETE FROM b WHERE name = %s", name), fmt.Sprintf("UPDATE d SET z = %d, y = y + 1 WHERE x = %d AND y = %d", v, v%20, k%20),
			fmt.Sprintf("UPDATE d SET z = %d WHERE x = %d", v, v%20), fmt.Sprintf("INSERT IGNORE INTO d VALUES (%d, %d, %d)", v%20, k%25, v),
		}[rnd.IntN(10)]
	}
	tokens, stop := writers(t, db, seed, change)
	defer stop()
	job := func(mode string, tables ...string) string {
		var list []string
		for _, name := range tables {
			list = append(list, db.Name+"."+name)
		}
		text, err := json.Marshal(parameters(db, map[string]any{"start": map[string]any{"mode": mode}, "table": list}))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	rnd := rand.New(rand.NewPCG(seed, 77))
	near := db.Connect(t)
	j := copies.New(t, seed, watched(60, func() {
		for range rnd.IntN(10) {
			_, _ = near.Execute(change(rnd)) // it may meet a deadlock, or a key that is there
		}
	}), job("initial", "a", "c"))
	j.Tokens = tokens
	if seed%2 == 1 { // the list is another one before the log is read
		j.Step(nil)
		j.With(job("initial", "a", "d"))
		j.Forget("c")
	}
	for !j.InLog() {
		j.Step(nil)
	}
	j.With(job("initial", "d", "b", "a"))
	j.Forget("c")
	stepUntil(j, func() bool { return len(j.Copying().Tables) == 0 })
	a := record.Name{Database: db.Name, Table: "a"}
	j.Signal(plugin.Signal{ID: "1", Verb: plugin.SignalSnapshot, Tables: []record.Name{a}})
	stepUntil(j, func() bool { return len(j.Copying().Tables) == 1 })
	j.Signal(plugin.Signal{ID: "2", Verb: plugin.SignalPause})
	stepUntil(j, func() bool { tables := j.Copying().Tables; return len(tables) != 1 || tables[0].State == "paused" })
	if len(j.Copying().Tables) == 0 {
		t.Fatalf("seed %d: the copy has ended before it was paused", seed)
	}
	db.Exec(t, "INSERT INTO b VALUES ('paused', 0, NULL)")
	j.Until("b", "string paused") // a chunk that was begun has come
	at := j.Copying().Tables[0].Rows
	db.Exec(t, "INSERT INTO b VALUES ('still paused', 0, NULL)")
	j.Until("b", "string still paused")
	if now := j.Copying().Tables[0].Rows; now != at {
		t.Errorf("seed %d: %d rows were copied before a pause, and %d in it", seed, at, now)
	}
	j.Signal(plugin.Signal{ID: "3", Verb: plugin.SignalResume, Tables: []record.Name{a}})
	stepUntil(j, func() bool { return len(j.Copying().Tables) == 0 })
	if j.Twice() < 200 {
		t.Errorf("seed %d: %d rows came again", seed, j.Twice())
	}
	j.With(job("initial", "d", "a"))
	j.Tokens = nil
	stop()
	db.Exec(t, "INSERT INTO b VALUES ('off the list', 0, NULL)", "INSERT INTO a VALUES (-1, 0, 'the end')")
	j.Until("a", "int64 -1")
	j.With(job("initial", "d", "a", "b")) // the rows of b are copied anew
	j.Forget("b")
	stepUntil(j, func() bool { return len(j.Copying().Tables) == 0 })
	db.Exec(t, "INSERT INTO b VALUES ('the end', 0, NULL)")
	j.Finish("b", "string the end", copies.New(t, seed, Info(), job("initial-only", "a", "b", "d")).All())
}

// TestListOfTables resumes jobs with other lists, where the log does not say
// what the columns of tables are.
func TestListOfTables(t *testing.T) {
	for _, l := range []struct {
		name   string
		start  func(testing.TB, ...servers.Option) servers.SQLServer
		option string
	}{{"MySQL", servers.StartMySQL, "--binlog-row-metadata=MINIMAL"}, {"MariaDB", servers.StartMariaDB, "--binlog-row-metadata=NO_LOG"}} {
		t.Run(l.name, func(t *testing.T) { listOfTables(t, l.start(t, servers.WithArgs(l.option)).DB(t)) })
	}
}

func listOfTables(t *testing.T, db servers.Database) {
	db.Exec(t, "CREATE TABLE a (id INT PRIMARY KEY)", "CREATE TABLE b (id INT PRIMARY KEY)", "CREATE TABLE loose (x INT)", "CREATE TABLE moved (id INT PRIMARY KEY)")
	list := func(mode string, tables ...string) plugin.Reader {
		return build(t, parameters(db, map[string]any{"start": map[string]any{"mode": mode}, "table": tables}))
	}
	resume := func(r plugin.Reader, from ...plugin.Progress) ([]plugin.Progress, error) {
		return r.(plugin.Resumer).Resume(t.Context(), 1, from)
	}
	s := follow(t, list("latest", "a"))
	db.Exec(t, "INSERT INTO b VALUES (1)", "INSERT INTO a VALUES (1)", "INSERT INTO loose VALUES (1)")
	same(t, s.until(1), []string{"insert a id=int64:1"})
	s.close()
	db.Exec(t, "INSERT INTO b VALUES (2)", "INSERT INTO loose VALUES (2)", "ALTER TABLE moved ADD COLUMN n INT", "INSERT INTO moved VALUES (1, 1)", "INSERT INTO a VALUES (2)")

	r := list("latest", "loose", "a", "b")
	stored, err := resume(r, s.last)
	if err != nil {
		t.Fatal(err)
	}
	more := reopen(t, r, stored[0])
	same(t, more.until(3), []string{"insert b id=int64:2", "insert loose x=int64:2", "insert a id=int64:2"})
	for more.last.State == nil {
		if err := more.fill(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	more.close()
	again, err := resume(list("latest", "a"), more.last)
	if err != nil {
		t.Fatal(err)
	}
	db.Exec(t, "INSERT INTO b VALUES (3)", "INSERT INTO a VALUES (3)")
	same(t, reopen(t, list("latest", "a"), again[0]).until(1), []string{"insert a id=int64:3"})

	_, err = resume(list("latest", "a", "moved"), s.last)
	if err == nil || errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), "moved was added to the list and was altered") {
		t.Errorf("a table whose columns are not known there: %v", err)
	}
	_, err = resume(list("initial", "a", "loose"), s.last)
	if err == nil || errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), "has no key that its rows can be read in the order of") {
		t.Errorf("a table without a key: %v", err)
	}
}

// watched is the reader with chunks of so many rows beside the log, and
// something done around the opening of each view.
func watched(chunk int, paused func()) plugin.ReaderInfo {
	info := Info()
	info.New = func(env plugin.Env, d *config.Decoder) (plugin.Reader, error) {
		r, err := Info().New(env, d)
		if own, ok := r.(*reader); ok {
			own.chunk, own.paused = chunk, paused
		}
		return r, err
	}
	return info
}

// stepUntil reads until what is stored says so.
func stepUntil(j *copies.Run, come func() bool) {
	for !come() {
		j.Step(come)
	}
}
