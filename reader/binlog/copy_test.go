package binlog

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest/copies"
	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// TestSnapshotMeetsLog copies tables while they are changed, in parts that are
// left and taken up again at random, and goes on with the log: each row comes
// once and each change that it does not show.
func TestSnapshotMeetsLog(t *testing.T) {
	for _, l := range logs {
		t.Run(l.name, func(t *testing.T) {
			start := servers.StartMySQL
			if l.maria {
				start = servers.StartMariaDB
			}
			server := start(t, servers.WithArgs(l.options...))
			for seed := range uint64(2) {
				snapshotMeetsLog(t, server.DB(t), seed)
			}
		})
	}
}

func snapshotMeetsLog(t *testing.T, db servers.Database, seed uint64) {
	db.Exec(t, "CREATE TABLE a (id BIGINT PRIMARY KEY, n INT, doc TEXT)", "CREATE TABLE b (name VARCHAR(30) PRIMARY KEY, v INT, at DATETIME(3))", "CREATE TABLE c (x INT, y VARCHAR(10))")
	fill(t, db, "a", 2000, func(i int) string { return fmt.Sprintf("(%d, %d, REPEAT('x', %d))", i, i, i%2000) })
	fill(t, db, "b", 600, func(i int) string {
		return fmt.Sprintf("('%c%d', %d, '2024-02-29 12:00:00.125')", "kK"[i%2], i, i)
	})
	fill(t, db, "c", 200, func(i int) string { return fmt.Sprintf("(%d, 'y')", i) })
	change := func(rnd *rand.Rand) string {
		k, v := rnd.IntN(3000), rnd.IntN(1000)
		name := fmt.Sprintf("'%c%d'", "kK"[k%2], rnd.IntN(700))
		return []string{
			fmt.Sprintf("INSERT IGNORE INTO a VALUES (%d, %d, 'new')", k, v), fmt.Sprintf("UPDATE a SET n = %d WHERE id = %d", v, k),
			fmt.Sprintf("UPDATE a SET n = %d, id = id + 10000 WHERE id = %d", v, k), fmt.Sprintf("DELETE FROM a WHERE id = %d", k),
			fmt.Sprintf("INSERT IGNORE INTO b VALUES (%s, %d, NULL)", name, v), fmt.Sprintf("UPDATE b SET v = %d WHERE name = %s", v, name),
			fmt.Sprintf("DELETE FROM b WHERE name = %s", name), fmt.Sprintf("DELETE FROM b WHERE v = %d", v),
		}[rnd.IntN(8)]
	}
	tokens, stop := writers(t, db, seed, change)
	defer stop()
	job := func(mode string) string {
		text, err := json.Marshal(parameters(db, map[string]any{"start": map[string]any{"mode": mode}}))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	// A view may show a change or not that the log has near it: as one that is
	// seen before its place is known, or one that waits for a replica's word.
	rnd := rand.New(rand.NewPCG(seed, 77))
	near := db.Connect(t)
	info := Info()
	info.New = func(env plugin.Env, d *config.Decoder) (plugin.Reader, error) {
		r, err := Info().New(env, d)
		if own, ok := r.(*reader); ok {
			own.paused = func() {
				for range rnd.IntN(20) {
					for _, sql := range []string{change(rnd), change(rnd)} {
						if _, err := near.Execute(sql); err != nil {
							t.Logf("%s: %v", sql, err) // a deadlock
						}
					}
				}
			}
		}
		return r, err
	}
	j := copies.New(t, seed, info, job("initial"))
	j.Tokens = tokens
	if seed%2 == 1 { // a table is copied when the log is read already
		j.Step(nil)
		j.SetAside("a")
	}
	for !j.InLog() {
		j.Step(nil)
	}
	if seed%2 == 1 {
		db.Exec(t, "INSERT INTO b VALUES ('half', 0, NULL)")
		j.Until("b", "string half")
		j.Again()
		for !j.InLog() {
			j.Step(nil)
		}
	}
	j.Tokens = nil
	stop()
	db.Exec(t, "INSERT INTO b VALUES ('the end', 0, NULL)")
	j.Finish("b", "string the end", copies.New(t, seed, Info(), job("initial-only")).All())
}

func fill(t *testing.T, db servers.Database, table string, rows int, row func(i int) string) {
	t.Helper()
	all := make([]string, rows)
	for i := range all {
		all[i] = row(i + 1)
	}
	db.Exec(t, "INSERT INTO "+table+" VALUES "+strings.Join(all, ","))
}

// writers run a transaction for each token that they are given.
func writers(t *testing.T, db servers.Database, seed uint64, change func(rnd *rand.Rand) string) (tokens chan struct{}, stop func()) {
	t.Helper()
	var wg sync.WaitGroup
	tokens = make(chan struct{}, 20)
	for i := range 3 {
		rnd := rand.New(rand.NewPCG(seed, uint64(i)))
		conn := db.Connect(t)
		wg.Go(func() {
			for range tokens {
				begin, end := []string{"BEGIN"}, [][]string{{"COMMIT"}, {"COMMIT"}, {"COMMIT"}, {"COMMIT"}, {"ROLLBACK"}}[rnd.IntN(5)]
				xid := fmt.Sprintf("'%d-%d'", seed, i)
				if rnd.IntN(4) == 0 {
					begin = []string{"XA START " + xid}
					end = [][]string{{"XA PREPARE " + xid, "XA COMMIT " + xid}, {"XA PREPARE " + xid, "XA ROLLBACK " + xid}, {"XA COMMIT " + xid + " ONE PHASE"}}[rnd.IntN(3)]
					end = append([]string{"XA END " + xid}, end...)
				}
				statements := begin
				for range 1 + rnd.IntN(4) {
					statements = append(statements, change(rnd))
				}
				for _, sql := range append(statements, end...) {
					// A deadlock, or a key that is there: the transaction is undone.
					if _, err := conn.Execute(sql); err != nil {
						for _, undo := range []string{"ROLLBACK", "XA END " + xid, "XA ROLLBACK " + xid} {
							_, _ = conn.Execute(undo)
						}
						break
					}
				}
			}
		})
	}
	return tokens, sync.OnceFunc(func() { close(tokens); wg.Wait() })
}
