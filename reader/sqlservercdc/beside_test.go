package sqlservercdc

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest/copies"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer/tdsdb"
	"github.com/datasync-io/datasync/core/record"
)

// amid is a shop whose tables change while some are copied: around each view
// that is opened, and between the steps of a run.
type amid struct {
	mu  sync.Mutex
	rnd *rand.Rand
	db  *tdsdb.Database
	url string
	off bool // nothing changes any more
}

func newAmid(t *testing.T, seed uint64) *amid {
	db, server := tdsdb.Start(t,
		&tdsdb.Table{Name: "a", Key: []string{"id"}, Columns: []tdspeer.Column{column("id", "bigint"), column("n", "int", true), column("doc", "nvarchar(100)", true)}},
		&tdsdb.Table{Name: "b", Key: []string{"name"}, Columns: []tdspeer.Column{column("name", "varchar(30)"), column("v", "int", true)}},
		&tdsdb.Table{Name: "d", Key: []string{"y", "x"}, Columns: []tdspeer.Column{column("x", "int"), column("y", "int"), column("z", "int", true)}})
	db.Exec("WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 600) INSERT INTO a SELECT i, i, substr('xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', 1, i % 30) FROM g")
	db.Exec("WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 250) INSERT INTO b SELECT substr('kK', 1 + i % 2, 1) || i, i FROM g")
	db.Exec("WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 300) INSERT INTO d SELECT i % 20, i / 20, i FROM g")
	db.EnableCDC()
	for _, name := range []string{"a", "b", "d"} {
		db.Capture(name, "dbo_"+name)
	}
	db.Quiet()
	db.Lag(3)
	return &amid{rnd: rand.New(rand.NewPCG(seed, 41)), db: db, url: server.URL() + ";user=sa;password=secret"}
}

func (c *amid) statement() string {
	k, v := c.rnd.IntN(900), c.rnd.IntN(1000)
	name := fmt.Sprintf("'%c%d'", "kK"[k%2], c.rnd.IntN(300))
	return []string{
		fmt.Sprintf("INSERT OR IGNORE INTO a VALUES (%d, %d, 'new')", k, v), fmt.Sprintf("UPDATE a SET n = %d WHERE id = %d", v, k),
		fmt.Sprintf("UPDATE OR IGNORE a SET n = %d, id = id + 10000 WHERE id = %d", v, k), fmt.Sprintf("DELETE FROM a WHERE id = %d", k),
		fmt.Sprintf("INSERT OR IGNORE INTO b VALUES (%s, %d)", name, v), fmt.Sprintf("UPDATE b SET v = NULL WHERE name = %s", name),
		fmt.Sprintf("DELETE FROM b WHERE name = %s", name), fmt.Sprintf("UPDATE OR IGNORE d SET z = %d, y = y + 1 WHERE x = %d AND y = %d", v, v%20, k%20),
		fmt.Sprintf("UPDATE d SET z = %d WHERE x = %d", v, v%20), fmt.Sprintf("INSERT OR IGNORE INTO d VALUES (%d, %d, %d)", v%20, k%25, v),
	}[c.rnd.IntN(10)]
}

// some carries out fewer transactions than that.
func (c *amid) some(most int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.off {
		return
	}
	for range c.rnd.IntN(most) {
		var statements []string
		for range 1 + c.rnd.IntN(4) {
			statements = append(statements, c.statement())
		}
		c.db.Transact(statements...)
	}
}

// does carries out one transaction.
func (c *amid) does(statement string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.db.Transact(statement)
}

// captures makes another capture instance.
func (c *amid) captures(table, instance string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.db.Capture(table, instance)
}

func (c *amid) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off = true
}

// info is that of a reader with small chunks beside the changes.
func (c *amid) info() plugin.ReaderInfo {
	info := Info()
	info.New = func(env plugin.Env, d *config.Decoder) (plugin.Reader, error) {
		r, err := Info().New(env, d)
		if own, ok := r.(*reader); ok {
			own.paused, own.pieceBytes, own.chunk = func() { c.some(6) }, 3000, 60
		}
		return r, err
	}
	return info
}

func (c *amid) job(mode string, tables ...string) string {
	return parameters(c.url, map[string]any{"tableList": tables, "start": map[string]any{"mode": mode}})
}

// until reads until what is stored says so.
func (c *amid) until(j *copies.Run, come func() bool) {
	for !come() {
		c.some(3)
		j.Step(come)
	}
}

// TestTablesAreCopiedBesideTheChanges adds tables to a job whose changes are
// read, and copies one again, while they are changed, the capture job lags and
// the job is left and taken up again at random: each row comes once, each change
// that it does not show, and of the table that is copied again each row as it is
// there.
func TestTablesAreCopiedBesideTheChanges(t *testing.T) {
	for _, still := range []bool{true, false} {
		for seed := range uint64(4) {
			t.Run(fmt.Sprintf("%d, snapshots %t", seed, still), func(t *testing.T) {
				c := newAmid(t, seed)
				if !still {
					c.db.ForbidSnapshot()
				}
				copiedBeside(t, c, seed)
			})
		}
	}
}

func copiedBeside(t *testing.T, c *amid, seed uint64) {
	j := copies.New(t, seed, c.info(), c.job("initial", "a"))
	if seed%2 == 1 { // the list is another one before the changes are read
		j.Step(nil)
		j.With(c.job("initial", "a", "dbo.d"))
	}
	for !j.InLog() {
		c.some(3)
		j.Step(nil)
	}
	j.With(c.job("initial", "d", "b", "A"))
	done := func() bool { return len(j.Copying().Tables) == 0 }
	c.until(j, done)
	a := record.Name{Database: "shop", Schema: "dbo", Table: "a"}
	pausedAndResumed(t, c, j, a)
	if seed%2 == 0 {
		c.captures("a", "a_2")
	}
	c.until(j, done)
	if j.Twice() < 200 {
		t.Errorf("%d rows came again", j.Twice())
	}
	j.With(c.job("initial", "d", "a"))
	c.stop()
	c.does("INSERT INTO b VALUES ('off the list', 0)")
	c.does("INSERT INTO a VALUES (-1, 0, 'the end')")
	j.Until("a", "int64 -1")
	j.With(c.job("initial", "d", "a", "b")) // the rows of b are copied anew
	j.Forget("b")
	c.until(j, done)
	c.does("INSERT INTO b VALUES ('the end', 0)")
	j.Finish("b", "string the end", copies.New(t, seed, Info(), c.job("initial-only", "a", "b", "d")).All())
}

// pausedAndResumed has a table copied again, which is paused on the way.
func pausedAndResumed(t *testing.T, c *amid, j *copies.Run, table record.Name) {
	j.Signal(plugin.Signal{ID: "1", Verb: plugin.SignalSnapshot, Tables: []record.Name{table}})
	c.until(j, func() bool { return len(j.Copying().Tables) == 1 })
	j.Signal(plugin.Signal{ID: "2", Verb: plugin.SignalPause})
	c.until(j, func() bool { tables := j.Copying().Tables; return len(tables) != 1 || tables[0].State == "paused" })
	if len(j.Copying().Tables) == 0 {
		t.Fatal("the copy has ended before it was paused")
	}
	c.does("INSERT INTO b VALUES ('paused', 0)")
	j.Until("b", "string paused")
	at := j.Copying().Tables[0].Rows
	c.does("INSERT INTO b VALUES ('still paused', 0)")
	j.Until("b", "string still paused")
	if now := j.Copying().Tables[0].Rows; now != at {
		t.Errorf("%d rows were copied before a pause, and %d in it", at, now)
	}
	j.Signal(plugin.Signal{ID: "3", Verb: plugin.SignalResume, Tables: []record.Name{table}})
}
