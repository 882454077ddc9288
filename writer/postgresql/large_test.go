package postgresql

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// filled is a batch of as many rows as one channel writes at once, numbered from
// first; those of which change is told have the text that it gives.
func filled(first int64, change map[int]string) *record.Batch {
	s := record.NewSchema(record.Name{Table: "t"}, []record.Column{{Name: "id", Kind: record.Int64}, {Name: "s", Kind: record.String, Nullable: true}}, 0)
	b := record.NewBatch((&driver{}).Batch(1))
	b.Reset("0")
	for i := 0; !b.Full(); i++ {
		b.Begin(s, record.Insert)
		b.Int64(first + int64(i))
		v, changed := change[i]
		switch {
		case !changed:
			v = fmt.Sprintf("the text of row %d, a little longer than others", i)
		case v == "NULL":
			b.Null()
			continue
		}
		b.String([]byte(v))
	}
	return b
}

// A refused row is named at the end of a large batch as it is at its beginning,
// whoever refuses it; what was written before stays, and what follows goes on.
// The server has something to say of each row, which nobody reads meanwhile.
func TestRowsOfLargeBatchesAreRefused(t *testing.T) {
	const rows = 32768
	last := rows - 1
	for name, tt := range map[string]struct {
		change map[int]string
		bad    []int
		reason errclass.Reason // of the last of them
	}{
		"check":           {map[int]string{last: "bad"}, []int{last}, errclass.Constraint},
		"trigger":         {map[int]string{30_000: "trap", last: "trap"}, []int{30_000}, errclass.Constraint},
		"not null":        {map[int]string{20_001: "NULL"}, []int{20_001}, errclass.Null},
		"unique":          {map[int]string{7: "twice", 31_999: "twice"}, []int{31_999}, errclass.Duplicate},
		"before the wire": {map[int]string{0: "bad", 15_000: "\x00", last: "\xff"}, []int{0, 15_000, last}, errclass.Encoding},
	} {
		t.Run(name, func(t *testing.T) {
			db := servers.PostgreSQL(t).DB(t)
			db.Exec(t, "CREATE TABLE t (id bigint PRIMARY KEY, s text NOT NULL CHECK (s <> 'bad'))",
				"CREATE UNIQUE INDEX ON t (s) WHERE s = 'twice'",
				"CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', repeat('x', 1000);"+
					" IF NEW.s = 'trap' THEN RAISE 'not this one'; END IF; RETURN NEW; END $$",
				"CREATE TRIGGER tell BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION tell()")
			w := plugintest.NewWriter(t, Info(), job(db, "t", nil))
			defer func() { _ = w.Close() }()
			s, err := w.Open(t.Context(), plugin.Task{Job: "j", Of: 1})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			take := func(b *record.Batch) {
				t.Helper()
				if b.Len() != rows {
					t.Fatalf("a batch is full with %d rows", b.Len())
				}
				if err := s.Write(t.Context(), b); err != nil {
					t.Fatal(err)
				}
			}
			take(filled(0, nil))
			for range 2 { // the second time it is beside nothing that was refused
				err = s.Write(t.Context(), filled(rows, tt.change))
				var refused *errclass.Rows
				if !errors.As(err, &refused) || refused.Written || len(refused.Bad) != len(tt.bad) {
					t.Fatalf("got %v, want rows %v", err, tt.bad)
				}
				for i, bad := range refused.Bad {
					if bad.Index != tt.bad[i] || i == len(tt.bad)-1 && bad.Reason != tt.reason {
						t.Errorf("row %d: %v, want row %d: %v", bad.Index, bad.Reason, tt.bad[i], tt.reason)
					}
				}
			}
			take(filled(2*rows, nil))
			if err := s.(plugin.Flusher).Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			got := db.Query(t, "SELECT count(*)::text, count(*) FILTER (WHERE id / 32768 = 1)::text FROM t")
			if want := fmt.Sprint(2 * rows); *got[0][0] != want || *got[0][1] != "0" {
				t.Errorf("%s rows are there, %s of them of what was refused; want %s and none", *got[0][0], *got[0][1], want)
			}
		})
	}
}

// A server that is killed amid a large batch leaves nothing of it, and the error
// says that it is worth trying again.
func TestConnectionLostAmidALargeBatch(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, "CREATE TABLE t (id bigint PRIMARY KEY, s text)",
		"CREATE FUNCTION last() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.s = 'kill' THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; RETURN NEW; END $$",
		"CREATE TRIGGER last BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION last()")
	err := write(t, job(db, "t", nil), filled(0, nil), filled(32768, map[int]string{20_000: "kill"}))
	if errclass.Of(err) != errclass.Transient || !strings.Contains(err.Error(), "table") {
		t.Errorf("got %v, of class %s", err, errclass.Of(err))
	}
	if got := *db.Query(t, "SELECT count(*)::text FROM t WHERE id >= 32768")[0][0]; got != "0" {
		t.Errorf("%s rows of it are there", got)
	}
}
