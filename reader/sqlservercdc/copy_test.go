package sqlservercdc

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/copies"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer/tdsdb"
	"github.com/datasync-io/datasync/core/record"
)

// changing is a shop whose tables change, and whose capture job lags behind.
type changing struct {
	rnd *rand.Rand
	db  *tdsdb.Database
	url string
}

func newChanging(t *testing.T, seed uint64) *changing {
	db, server := tdsdb.Start(t,
		&tdsdb.Table{Name: "a", Key: []string{"id"}, Columns: []tdspeer.Column{column("id", "bigint"), column("n", "int", true), column("doc", "nvarchar(100)", true)}},
		&tdsdb.Table{Name: "b", Key: []string{"name"}, Columns: []tdspeer.Column{column("name", "varchar(30)"), column("v", "int", true)}},
		&tdsdb.Table{Name: "c", Columns: []tdspeer.Column{column("x", "int", true), column("y", "varchar(10)", true)}})
	db.Exec("WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 1500) INSERT INTO a SELECT i, i, substr('xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', 1, i % 30) FROM g")
	db.Exec("WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 500) INSERT INTO b SELECT substr('kK', 1 + i % 2, 1) || i, i FROM g")
	db.Exec("WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 150) INSERT INTO c SELECT i, 'y' FROM g")
	db.EnableCDC()
	for _, name := range []string{"a", "b", "c"} {
		db.Capture(name, "dbo_"+name)
	}
	c := &changing{rnd: rand.New(rand.NewPCG(seed, 31)), db: db, url: server.URL() + ";user=sa;password=secret"}
	db.Quiet()
	db.Lag(3)
	c.some(4)
	return c
}

func (c *changing) statement() string {
	k, v := c.rnd.IntN(2200), c.rnd.IntN(1000)
	name := fmt.Sprintf("'%c%d'", "kK"[k%2], c.rnd.IntN(600))
	return []string{
		fmt.Sprintf("INSERT OR IGNORE INTO a VALUES (%d, %d, 'new')", k, v), fmt.Sprintf("UPDATE a SET n = %d WHERE id = %d", v, k),
		fmt.Sprintf("UPDATE OR IGNORE a SET n = %d, id = id + 10000 WHERE id = %d", v, k), fmt.Sprintf("DELETE FROM a WHERE id = %d", k),
		fmt.Sprintf("INSERT OR IGNORE INTO b VALUES (%s, %d)", name, v), fmt.Sprintf("UPDATE b SET v = NULL WHERE name = %s", name),
		fmt.Sprintf("DELETE FROM b WHERE name = %s", name), fmt.Sprintf("DELETE FROM b WHERE v = %d", v), fmt.Sprintf("UPDATE a SET n = NULL WHERE id > %d AND id < %d", k, k+20),
	}[c.rnd.IntN(9)]
}

// some carries out fewer transactions than that.
func (c *changing) some(most int) {
	for range c.rnd.IntN(most) {
		var statements []string
		for range 1 + c.rnd.IntN(4) {
			statements = append(statements, c.statement())
		}
		c.db.Transact(statements...)
	}
}

// info is that of a reader that is paused before and after it opens a view.
func (c *changing) info() plugin.ReaderInfo {
	info := Info()
	info.New = func(env plugin.Env, d *config.Decoder) (plugin.Reader, error) {
		r, err := Info().New(env, d)
		if own, ok := r.(*reader); ok {
			own.paused, own.pieceBytes = func() { c.some(12) }, 4000
		}
		return r, err
	}
	return info
}

func starting(mode string, more map[string]any) map[string]any {
	start := map[string]any{"mode": mode}
	maps.Copy(start, more)
	return map[string]any{"start": start}
}

// TestSnapshotMeetsLog copies tables while they are changed, in parts that are
// left and taken up again at random, and goes on with the changes: each row
// comes once and each change that it does not show. The capture job lags
// behind, capture instances are replaced on the way.
func TestSnapshotMeetsLog(t *testing.T) {
	for _, still := range []bool{true, false} {
		for seed := range uint64(6) {
			t.Run(fmt.Sprintf("%d, snapshots %t", seed, still), func(t *testing.T) {
				c := newChanging(t, seed)
				if !still {
					c.db.ForbidSnapshot()
				}
				snapshotMeetsLog(t, c, seed)
			})
		}
	}
}

func snapshotMeetsLog(t *testing.T, c *changing, seed uint64) {
	j := copies.New(t, seed, c.info(), parameters(c.url, starting("initial", nil)))
	if seed%3 == 1 { // a table is copied when the changes are read already
		j.Step(nil)
		j.SetAside("a")
	}
	for n := 0; !j.InLog(); n++ {
		if seed%3 == 2 && n == 3 {
			c.db.Capture("a", "a_2")
		}
		c.some(3)
		j.Step(nil)
	}
	if seed%3 == 1 {
		c.db.Transact("INSERT INTO b VALUES ('half', 0)")
		j.Until("b", "string half")
		j.Again()
		for !j.InLog() {
			c.some(3)
			j.Step(nil)
		}
	}
	c.some(20)
	c.db.Transact("INSERT INTO b VALUES ('the end', 0)")
	j.Finish("b", "string the end", copies.New(t, seed, Info(), parameters(c.url, starting("initial-only", nil))).All())
}

// BenchmarkCopy copies a table through the peer, in one view and in pieces.
func BenchmarkCopy(b *testing.B) {
	for _, still := range []bool{true, false} {
		b.Run(fmt.Sprintf("snapshots %t", still), func(b *testing.B) {
			t := &tdsdb.Table{Name: "a", Key: []string{"id"}, Columns: []tdspeer.Column{column("id", "bigint"), column("n", "int", true), column("s", "nvarchar(100)", true)}}
			db, server := tdsdb.Start(b, t)
			const rows = 50_000
			db.Exec(fmt.Sprintf("WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < %d) INSERT INTO a SELECT i, i, 'a text of some eighty characters, as rows of about one hundred bytes have them' FROM g", rows))
			db.EnableCDC()
			db.Capture("a", "dbo_a")
			if !still {
				db.ForbidSnapshot()
			}
			r := plugintest.NewReader(b, Info(), parameters(server.URL()+";user=sa;password=secret", starting("initial", nil)))
			splits, err := r.(plugin.Splitter).Splits(b.Context(), plugin.Plan{Channels: 1})
			if err != nil {
				b.Fatal(err)
			}
			batch := record.NewBatch(0, 0)
			b.ReportAllocs()
			for b.Loop() {
				s, err := r.Open(b.Context(), plugin.Progress{Split: splits[0]})
				if err != nil {
					b.Fatal(err)
				}
				for n := 0; n < rows; n += batch.Len() {
					batch.Reset("")
					if err := s.Fill(b.Context(), batch); err != nil && !errors.Is(err, io.EOF) {
						b.Fatal(err)
					}
				}
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
