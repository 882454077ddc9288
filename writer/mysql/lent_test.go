package mysql

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// TestLentValues writes long values, which go before their statement, beside
// short ones and NULLs: nothing of a row that was refused is in those that the
// same statement writes next, and no memory of their size is taken.
func TestLentValues(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		db.Exec(t, "CREATE TABLE l (id INT PRIMARY KEY, v LONGTEXT, body LONGBLOB, j JSON)")
		l := newLab(t, db, quiet())
		s := record.NewSchema(record.Name{Table: "l"}, []record.Column{{Name: "id", Kind: record.Int64}, {Name: "v", Kind: record.String, Nullable: true},
			{Name: "body", Kind: record.Bytes, Nullable: true}, {Name: "j", Kind: record.JSON, Nullable: true}}, 0)
		rows := func(id int64, texts ...string) *record.Batch {
			b := record.NewBatch(0, 0)
			for i, v := range texts {
				b.Begin(s, record.Insert)
				b.Int64(id + int64(i))
				if v == "" {
					b.Null()
					b.Null()
					b.Null()
					continue
				}
				b.Text(record.String, v)
				b.Bytes([]byte(v))
				b.Text(record.JSON, `["`+v+`"]`)
			}
			return b
		}
		a, z := strings.Repeat("a", 1<<20), strings.Repeat("ü", 300<<10)
		f, at := l.formOf(sqlwrite.Insert, s, nil)
		l.must(l.s.Begin(t.Context()))
		write := func(b *record.Batch) error {
			_, err := l.write(t.Context(), f, at, b)
			return err
		}
		l.must(write(rows(0, a, "short", "", z)))
		l.must(l.s.Savepoint(t.Context()))
		for name, b := range map[string]*record.Batch{
			"a key that is there": rows(0, a), "one key after the other": rows(3, z, a), "a text that is no UTF-8": rows(7, a+"\xff"), "another at the end": rows(8, z, a+"\xff"),
		} {
			if err := write(b); errclass.Of(err) != errclass.Data {
				t.Fatalf("%s: %v", name, err)
			}
			l.must(l.s.Restore(t.Context()))
			l.must(l.s.Savepoint(t.Context()))
			l.must(write(rows(10, "", "x", z)))
			got := l.text("SELECT id, LENGTH(v), LENGTH(body), v = body, LENGTH(j) FROM " + db.Name + ".l ORDER BY id")
			n, m := len(a), len(z)
			if want := fmt.Sprintf("0 %d %d 1 %d; 1 5 5 1 9; 2 NULL NULL NULL NULL; 3 %d %d 1 %d; 10 NULL NULL NULL NULL; 11 1 1 1 5; 12 %d %d 1 %d", n, n, n+4, m, m, m+4, m, m, m+4); got != want {
				t.Fatalf("after %s there is\n%s\nwant\n%s", name, got, want)
			}
			l.must(l.s.Restore(t.Context()))
			l.must(l.s.Savepoint(t.Context()))
		}
		long := rows(20, strings.Repeat("b", 4<<20))
		before := allocated()
		l.must(write(long))
		if more := allocated() - before; more > 1<<20 {
			t.Errorf("%d bytes were allocated for values of 4 MiB", more)
		}
		l.must(l.s.Commit(t.Context()))
		if got := l.text("SELECT COUNT(*) FROM " + db.Name + ".l WHERE v = body"); got != "4" {
			t.Errorf("%s rows hold one value twice, want 4", got)
		}
	})
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
