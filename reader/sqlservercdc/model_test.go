package sqlservercdc

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer/tdsdb"
	"github.com/datasync-io/datasync/core/record"
)

// model knows what three tables hold and what has to come of each statement.
type model struct {
	rnd    *rand.Rand
	db     *tdsdb.Database
	a, b   map[int]string // keys, and the value as a cell
	c      []int          // in the order in which they came
	narrow bool           // a's instance has the key alone
	want   [][]string
	key    int
}

func newModel(t *testing.T, seed uint64) (*model, string) {
	db, server := tdsdb.Start(t,
		&tdsdb.Table{Name: "a", Key: []string{"id"}, Columns: []tdspeer.Column{column("id", "bigint"), column("n", "int", true)}},
		&tdsdb.Table{Name: "b", Key: []string{"id"}, Columns: []tdspeer.Column{column("id", "int"), column("doc", "nvarchar(max)", true)}},
		&tdsdb.Table{Name: "c", Columns: []tdspeer.Column{column("x", "smallint", true)}})
	db.EnableCDC()
	for _, name := range []string{"a", "b", "c"} {
		db.Capture(name, "dbo_"+name)
	}
	return &model{rnd: rand.New(rand.NewPCG(seed, 6)), db: db, a: map[int]string{}, b: map[int]string{}}, server.URL() + ";user=sa;password=secret"
}

func (m *model) row(cells ...string) { m.want = append(m.want, cells) }

// ofA is a row of a, of the columns that are captured.
func (m *model) ofA(op string, id int, n string) {
	row := []string{fmt.Sprintf("int64 %d", id), n}
	if m.narrow {
		row = row[:1]
	}
	if op != "" {
		row = append([]string{op}, row...)
	}
	m.row(row...)
}

func any1(rnd *rand.Rand, of map[int]string) (int, bool) {
	var keys []int
	for k := range of {
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return 0, false
	}
	slices.Sort(keys)
	return keys[rnd.IntN(len(keys))], true
}

// value is one for a column, as a literal and as a cell.
func (m *model) value(kind string) (literal, cell string) {
	if m.rnd.IntN(4) == 0 {
		return "NULL", "null"
	}
	n := m.rnd.IntN(1000)
	if kind == "string" {
		return fmt.Sprintf("'zoë %d'", n), fmt.Sprintf("string zoë %d", n)
	}
	return fmt.Sprint(n), fmt.Sprintf("int64 %d", n)
}

// statement makes up one, carries it out in the model and returns it.
func (m *model) statement() string {
	m.key++
	switch m.rnd.IntN(9) {
	case 0, 1:
		literal, cell := m.value("int64")
		m.a[m.key] = cell
		m.ofA("", m.key, cell)
		return fmt.Sprintf("INSERT INTO a VALUES (%d, %s)", m.key, literal)
	case 2:
		literal, cell := m.value("string")
		m.b[m.key] = cell
		m.row(fmt.Sprintf("int64 %d", m.key), cell)
		return fmt.Sprintf("INSERT INTO b VALUES (%d, %s)", m.key, literal)
	case 3:
		return m.change()
	case 4: // the key of a
		id, ok := any1(m.rnd, m.a)
		if !ok {
			break
		}
		m.a[m.key] = m.a[id]
		delete(m.a, id)
		m.ofA("op delete", id, m.a[m.key])
		m.ofA("", m.key, m.a[m.key])
		return fmt.Sprintf("UPDATE a SET id = %d WHERE id = %d", m.key, id)
	case 5:
		id, ok := any1(m.rnd, m.b)
		if !ok {
			break
		}
		literal, cell := m.value("string")
		was := m.b[id]
		if was == cell {
			was = "absent"
		}
		m.row("op update-before", fmt.Sprintf("int64 %d", id), was)
		m.row("op update-after", fmt.Sprintf("int64 %d", id), cell)
		m.b[id] = cell
		return fmt.Sprintf("UPDATE b SET doc = %s WHERE id = %d", literal, id)
	case 6:
		id, ok := any1(m.rnd, m.b)
		if !ok {
			break
		}
		m.row("op delete", fmt.Sprintf("int64 %d", id), m.b[id])
		delete(m.b, id)
		return fmt.Sprintf("DELETE FROM b WHERE id = %d", id)
	case 7: // several rows of c
		for _, x := range m.c {
			m.row("op delete", fmt.Sprintf("int64 %d", x))
		}
		m.c = nil
		return "DELETE FROM c"
	}
	x := m.rnd.IntN(100)
	m.c = append(m.c, x)
	m.row(fmt.Sprintf("int64 %d", x))
	return fmt.Sprintf("INSERT INTO c VALUES (%d)", x)
}

// change changes the value of a row of a.
func (m *model) change() string {
	id, ok := any1(m.rnd, m.a)
	if !ok {
		return "SELECT 1"
	}
	literal, cell := m.value("int64")
	m.ofA("op update-before", id, m.a[id])
	m.ofA("op update-after", id, cell)
	m.a[id] = cell
	return fmt.Sprintf("UPDATE a SET n = %s WHERE id = %d", literal, id)
}

// commit makes up a transaction.
func (m *model) commit() {
	if m.rnd.IntN(6) == 0 {
		m.db.Quiet()
		return
	}
	var statements []string
	for range 1 + m.rnd.IntN(12) {
		statements = append(statements, m.statement())
	}
	m.db.Transact(statements...)
}

// swap has a read from another instance from now on.
func (m *model) swap(n int) {
	m.narrow = !m.narrow
	var columns []string
	if m.narrow {
		columns = []string{"id"}
	}
	m.db.Capture("a", fmt.Sprintf("a_%d", n), columns...)
}

// TestModel reads what random transactions over several capture instances come
// to, in batches of random sizes, with crashes after any batch: what was stored
// up to the marks is what happened, in its order, once. Instances are replaced
// and changes are purged on the way.
func TestModel(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			m, url := newModel(t, seed)
			f := follow(t, url, map[string]any{"ddlSkip": seed%2 == 0})
			var durable, pending [][]string
			swaps, crashes := 0, 0
			for len(durable) < 250 || len(durable) < len(m.want) {
				if len(m.want) < 250 {
					for range m.rnd.IntN(4) {
						m.commit()
					}
					if m.rnd.IntN(12) == 0 && swaps < 5 {
						swaps++
						m.swap(swaps)
					}
				}
				if len(durable) == len(m.want) && len(m.want) < 250 {
					m.commit()
					continue
				}
				f.batch.SetTarget(1+m.rnd.IntN(20), 0)
				f.events = nil
				if err := f.fill(); err != nil {
					t.Fatalf("after %d of %d rows: %v", len(durable), len(m.want), err)
				}
				for _, e := range f.events {
					switch {
					case e.row != nil:
						pending = append(pending, e.row)
					case e.marked != "":
						durable, pending = append(durable, pending...), nil
					}
				}
				if m.rnd.IntN(10) == 0 && f.at.Position != nil {
					at, err := parsePosition(f.at.Position)
					if err != nil {
						t.Fatal(err)
					}
					m.db.Purge(at.String())
				}
				if m.rnd.IntN(3) == 0 {
					crashes++
					pending = nil
					f.reopen()
				}
			}
			if diff := plugintest.SameOrder(m.want, durable); diff != "" {
				t.Errorf("%d crashes, %d replaced instances: %s", crashes, swaps, diff)
			}
			if crashes == 0 {
				t.Error("nothing has crashed")
			}
		})
	}
}

// TestHugeTransaction reads a transaction that is larger than a batch may be:
// its pieces have no mark, and its tables take turns as they did.
func TestHugeTransaction(t *testing.T) {
	m, url := newModel(t, 1)
	f := follow(t, url, nil)
	const rows = 3000
	var statements []string
	for i := range rows {
		statements = append(statements, fmt.Sprintf("INSERT INTO %s VALUES (%d%s)", [3]string{"a", "b", "c"}[i%3], i, [3]string{", 0", ", NULL", ""}[i%3]))
	}
	at := m.db.Transact(statements...)
	f.batch.SetTarget(100, 0)
	for got, batches := 0, 0; got < rows; batches++ {
		f.events = nil
		if err := f.fill(); err != nil {
			t.Fatal(err)
		}
		marks := 0
		for _, e := range f.events {
			if e.marked != "" {
				if marks++; !strings.Contains(e.marked, at) {
					t.Errorf("a mark at %s inside of a transaction", e.marked)
				}
				continue
			}
			if e.row[0] != fmt.Sprintf("int64 %d", got) || len(e.row) != [3]int{2, 2, 1}[got%3] {
				t.Fatalf("row %d is %v", got, e.row)
			}
			got++
		}
		if got < rows && marks > 0 {
			t.Errorf("a mark after %d rows", got)
		}
		if f.batch.Len() > 200 {
			t.Errorf("a batch of %d rows", f.batch.Len())
		}
	}
}

// BenchmarkWindow reads changes of one table through the peer.
func BenchmarkWindow(b *testing.B) {
	t := &tdsdb.Table{Name: "a", Key: []string{"id"}, Columns: []tdspeer.Column{column("id", "bigint"), column("n", "int", true), column("s", "nvarchar(100)", true)}}
	db, server := tdsdb.Start(b, t)
	db.EnableCDC()
	db.Capture("a", "dbo_a")
	const rows = 50_000
	db.Transact(fmt.Sprintf("WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < %d) INSERT INTO a SELECT i, i, 'a text of some eighty characters, as rows of about one hundred bytes have them' FROM g", rows))
	r := plugintest.NewReader(b, Info(), parameters(server.URL()+";user=sa;password=secret", map[string]any{"start": map[string]any{"mode": "earliest"}}))
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
			if err := s.Fill(b.Context(), batch); err != nil {
				b.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
