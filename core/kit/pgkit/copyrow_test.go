package pgkit_test

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// Long values are sent from where they stand, between short ones: they arrive
// whole, nothing of a row with a bad one does, and no memory of their size is
// taken.
func TestLongValues(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, "CREATE TABLE t (id int, s text, body bytea, tail text)")
	c := dial(t, settings(t, db.URL(), nil))
	const long = 3 << 20
	rows := func(texts ...string) *record.Batch {
		b := record.NewBatch(0, 0)
		schema := record.NewSchema(record.Name{}, []record.Column{{Name: "id", Kind: record.Int64}, {Name: "s", Kind: record.String},
			{Name: "body", Kind: record.Bytes}, {Name: "tail", Kind: record.String}})
		for i, s := range texts {
			b.Begin(schema, record.Insert)
			b.Int64(int64(i))
			b.String([]byte(s))
			b.Bytes([]byte(strings.Repeat("\x00\xff", long/2)))
			b.String([]byte("end"))
		}
		return b
	}
	names := []string{"id", "s", "body", "tail"}
	_, err := write(c, "t", names, rows("fine", strings.Repeat("x", long)+"\x00"))
	var bad *errclass.Value
	if !errors.As(err, &bad) || bad.Column != "s" {
		t.Fatalf("a NUL in a long text: %v", err)
	}
	b := rows(strings.Repeat("é", long/2), "short", "")
	before := allocated()
	if n, err := write(c, "t", names, b); n != 3 || err != nil {
		t.Fatalf("%d rows, %v", n, err)
	}
	if more := allocated() - before; more > long {
		t.Errorf("%d bytes were allocated for values of %d", more, long)
	}
	want := "0 3145728 1572864 3145728 t end\n1 5 5 3145728 t end\n2 0 0 3145728 t end"
	got := ask(t, c, "SELECT string_agg(concat_ws(' ', id, octet_length(s), char_length(s), octet_length(body), body = decode(repeat('00ff', 1572864), 'hex'), tail), E'\\n' ORDER BY id) FROM t")
	if got != want {
		t.Errorf("there is\n%s\nwant\n%s", got, want)
	}
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
