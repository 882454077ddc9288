package pgwal

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/datasync-io/datasync/core/config"
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
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { copiedBeside(t, servers.PostgreSQL(t).DB(t), seed) })
	}
}

func copiedBeside(t *testing.T, db servers.PostgreSQLDatabase, seed uint64) {
	db.Exec(t, "CREATE TABLE a (id bigint PRIMARY KEY, n int, doc text)", "ALTER TABLE a ALTER doc SET STORAGE EXTERNAL",
		`CREATE TABLE b (name text COLLATE "en-x-icu" PRIMARY KEY, v int)`, "CREATE TABLE d (x int, y int, z int, PRIMARY KEY (y, x))", "ALTER TABLE d REPLICA IDENTITY FULL",
		"INSERT INTO a SELECT g, g, repeat('x', g % 3000) FROM generate_series(1, 1000) g",
		"INSERT INTO b SELECT (CASE g % 2 WHEN 0 THEN 'k' ELSE 'K' END) || g, g FROM generate_series(1, 300) g", "INSERT INTO d SELECT g % 20, g / 20, g FROM generate_series(1, 400) g")
	prepareSlot(t, db, false)
	change := func(rnd *rand.Rand) string {
		k, v := rnd.IntN(1500), rnd.IntN(1000)
		name := fmt.Sprintf("'%c%d'", "kK"[k%2], rnd.IntN(350))
		return []string{
			fmt.Sprintf("INSERT INTO a VALUES (%d, %d, 'new') ON CONFLICT DO NOTHING", k, v), fmt.Sprintf("UPDATE a SET n = %d WHERE id = %d", v, k),
			fmt.Sprintf("UPDATE a SET n = %d, id = id + 10000, doc = 'moved' WHERE id = %d", v, k), fmt.Sprintf("DELETE FROM a WHERE id = %d", k),
			fmt.Sprintf("INSERT INTO b VALUES (%s, %d) ON CONFLICT DO NOTHING", name, v), fmt.Sprintf("UPDATE b SET v = %d WHERE name = %s", v, name),
			fmt.Sprintf("DELETE FROM b WHERE name = %s", name), fmt.Sprintf("UPDATE d SET z = %d, y = y + 1000 WHERE x = %d AND y = %d", v, v%20, k%20),
			fmt.Sprintf("UPDATE d SET z = %d WHERE x = %d", v, v%20), fmt.Sprintf("INSERT INTO d VALUES (%d, %d, %d) ON CONFLICT DO NOTHING", v%20, k%25, v),
		}[rnd.IntN(10)]
	}
	tokens, stop := writers(t, db, seed, change)
	defer stop()
	job := func(mode string, tables ...string) string {
		return parameters(t, db, map[string]any{"tableList": tables, "start": map[string]any{"mode": mode}, "allowCreateSlot": true})
	}
	j := copies.New(t, seed, chunked60(), job("initial", "a"))
	j.Tokens = tokens
	if seed%2 == 1 { // the list is another one before the log is read
		j.Step(nil)
		j.With(job("initial", "a", "d"))
	}
	for !j.InLog() {
		j.Step(nil)
	}
	j.With(job("initial", "d", "b", "a"))
	stepUntil(j, func() bool { return len(j.Copying().Tables) == 0 })
	a := record.Name{Database: db.Name, Schema: "public", Table: "a"}
	j.Signal(plugin.Signal{ID: "1", Verb: plugin.SignalSnapshot, Tables: []record.Name{a}})
	stepUntil(j, func() bool { return len(j.Copying().Tables) == 1 })
	j.Signal(plugin.Signal{ID: "2", Verb: plugin.SignalPause})
	stepUntil(j, func() bool { tables := j.Copying().Tables; return len(tables) != 1 || tables[0].State == "paused" })
	if len(j.Copying().Tables) == 0 {
		t.Fatalf("seed %d: the copy has ended before it was paused", seed)
	}
	db.Exec(t, "INSERT INTO b VALUES ('paused', 0)")
	j.Until("b", "string paused") // a chunk that was begun has come
	at := j.Copying().Tables[0].Rows
	db.Exec(t, "INSERT INTO b VALUES ('still paused', 0)")
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
	db.Exec(t, "INSERT INTO b VALUES ('off the list', 0)", "INSERT INTO a VALUES (-1, 0, 'the end')")
	j.Until("a", "int64 -1")
	j.With(job("initial", "d", "a", "b")) // the rows of b are copied anew
	j.Forget("b")
	stepUntil(j, func() bool { return len(j.Copying().Tables) == 0 })
	db.Exec(t, "INSERT INTO b VALUES ('the end', 0)")
	j.Finish("b", "string the end", copies.New(t, seed, Info(), job("initial-only", "a", "b", "d")).All())
}

// chunked60 is the reader with small chunks beside the log.
func chunked60() plugin.ReaderInfo {
	info := Info()
	info.New = func(env plugin.Env, d *config.Decoder) (plugin.Reader, error) {
		r, err := Info().New(env, d)
		if own, ok := r.(*reader); ok {
			own.chunk = 60
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
