package pgwal

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/datasync-io/datasync/core/plugintest/copies"
	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// writers run a transaction for each token that they are given.
func writers(t *testing.T, db servers.PostgreSQLDatabase, seed uint64, change func(rnd *rand.Rand) string) (tokens chan struct{}, stop func()) {
	t.Helper()
	ctx := t.Context()
	var wg sync.WaitGroup
	tokens = make(chan struct{}, 20)
	for i := range 3 {
		rnd := rand.New(rand.NewPCG(seed, uint64(i)))
		conn := db.Connect(t)
		wg.Go(func() {
			for range tokens {
				var sql strings.Builder
				sql.WriteString("BEGIN;")
				for range 1 + rnd.IntN(4) {
					sql.WriteString(change(rnd) + ";")
				}
				end := "COMMIT"
				if rnd.IntN(6) == 0 {
					end = "ROLLBACK"
				}
				// A deadlock, or a key that is there: the transaction is undone.
				if _, err := conn.Exec(ctx, sql.String()+end).ReadAll(); err != nil && ctx.Err() == nil {
					_, _ = conn.Exec(ctx, "ROLLBACK").ReadAll()
				}
			}
		})
	}
	return tokens, sync.OnceFunc(func() { close(tokens); wg.Wait() })
}

// TestSnapshotMeetsLog copies tables while they are changed, in parts that are
// left and taken up again at random, and goes on with the log: each row comes
// once and each change that it does not show.
func TestSnapshotMeetsLog(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			db := servers.PostgreSQL(t).DB(t)
			db.Exec(t, "CREATE TABLE a (id bigint PRIMARY KEY, n int, doc text)", "ALTER TABLE a ALTER doc SET STORAGE EXTERNAL",
				`CREATE TABLE b (name text COLLATE "en-x-icu" PRIMARY KEY, v int)`, "CREATE TABLE c (x int, y text)", "ALTER TABLE c REPLICA IDENTITY FULL",
				"INSERT INTO a SELECT g, g, repeat('x', g % 3000) FROM generate_series(1, 2000) g", "INSERT INTO b SELECT (CASE g % 2 WHEN 0 THEN 'k' ELSE 'K' END) || g, g FROM generate_series(1, 600) g",
				"INSERT INTO c SELECT g, 'y' FROM generate_series(1, 300) g")
			prepareSlot(t, db, seed%2 == 0)
			tokens, stop := writers(t, db, seed, func(rnd *rand.Rand) string {
				k, v := rnd.IntN(3000), rnd.IntN(1000)
				name := fmt.Sprintf("'%c%d'", "kK"[k%2], rnd.IntN(700))
				return []string{
					fmt.Sprintf("INSERT INTO a VALUES (%d, %d, 'new') ON CONFLICT DO NOTHING", k, v), fmt.Sprintf("UPDATE a SET n = %d WHERE id = %d", v, k),
					fmt.Sprintf("UPDATE a SET n = %d, id = id + 10000, doc = 'moved' WHERE id = %d", v, k), fmt.Sprintf("DELETE FROM a WHERE id = %d", k),
					fmt.Sprintf("INSERT INTO b VALUES (%s, %d) ON CONFLICT DO NOTHING", name, v), fmt.Sprintf("UPDATE b SET v = %d WHERE name = %s", v, name),
					fmt.Sprintf("DELETE FROM b WHERE name = %s", name), fmt.Sprintf("DELETE FROM c WHERE x = %d", rnd.IntN(400)),
					fmt.Sprintf("INSERT INTO c SELECT 1000000 + nextval('cs'), 'z' FROM generate_series(1, %d)", 1+rnd.IntN(3)),
				}[rnd.IntN(9)]
			})
			defer stop()
			j := copies.New(t, seed, Info(), parameters(t, db, map[string]any{"tableList": []string{"a", "b", "c"}, "start": map[string]any{"mode": "initial"}, "allowCreateSlot": true}))
			j.Tokens = tokens
			if seed%2 == 1 { // a table is copied when the log is read already
				j.Step(nil)
				j.SetAside("a")
			}
			for !j.InLog() {
				j.Step(nil)
			}
			if seed%2 == 1 {
				db.Exec(t, "INSERT INTO b VALUES ('half', 0)")
				j.Until("b", "string half")
				j.Again()
				for !j.InLog() {
					j.Step(nil)
				}
			}
			j.Tokens = nil
			stop()
			db.Exec(t, "INSERT INTO b VALUES ('the end', 0)")
			source := copies.New(t, seed, Info(), parameters(t, db, map[string]any{"tableList": []string{"a", "b", "c"}, "start": map[string]any{"mode": "initial-only"}})).All()
			n := *db.Query(t, "SELECT (SELECT count(*) FROM a) + (SELECT count(*) FROM b) + (SELECT count(*) FROM c)")[0][0]
			if n != fmt.Sprint(len(source)) {
				t.Errorf("initial-only has copied %d rows, want %s", len(source), n)
			}
			j.Finish("b", "string the end", source)
		})
	}
}

// prepareSlot makes what the test needs beside its tables, and drops the slot
// at the end.
func prepareSlot(t *testing.T, db servers.PostgreSQLDatabase, slot bool) {
	t.Helper()
	db.Exec(t, "CREATE SEQUENCE cs")
	if slot {
		db.Exec(t, fmt.Sprintf("SELECT pg_create_logical_replication_slot('%s_s', 'pgoutput')", db.Name))
	}
	t.Cleanup(func() {
		db.Exec(t, fmt.Sprintf("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '%s_s'", db.Name))
	})
}
