package sqlservercdc

import (
	"testing"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer/tdsdb"
	"github.com/datasync-io/datasync/core/record"
)

// TestPlaceOfCopiedRows changes a table right before a view of it is opened, and
// reads on when the view has been read: its rows come behind what it shows, and
// not at all if the table has gone over to another capture instance meanwhile.
func TestPlaceOfCopiedRows(t *testing.T) {
	update := [][]string{{"op update-before", "int64 1", "string a"}, {"op update-after", "int64 1", "string b"}}
	for name, c := range map[string]struct {
		do   func(db *tdsdb.Database)
		want [][]string
	}{
		"a row is changed": {func(*tdsdb.Database) {}, append(update, []string{"int64 2", "string x"})},
		"another instance": {func(db *tdsdb.Database) { db.Capture("t", "t_2") }, append(update, []string{"int64 1", "string b"}, []string{"int64 2", "string x"})},
	} {
		t.Run(name, func(t *testing.T) {
			db, _, url := small(t)
			f := follow(t, url, nil)
			db.Transact("INSERT INTO t VALUES (1, 'a'), (2, 'x')")
			f.want([]string{"int64 1", "string a"}, []string{"int64 2", "string x"})
			r, s := f.reader.(*reader), f.source.(*source)
			views := 0
			r.paused = func() {
				if views++; views == 1 { // low is known, and the view is not open
					c.do(db)
					db.Transact("UPDATE t SET v = 'b' WHERE id = 1")
				}
			}
			r.Signals([]plugin.Signal{{ID: "1", Verb: plugin.SignalSnapshot, Tables: []record.Name{{Database: "shop", Schema: "dbo", Table: "t"}}}})
			for len(s.catalog.copies.Tables) == 0 {
				if err := f.fill(); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := s.copier.Next(t.Context()); err != nil {
				t.Fatal(err)
			}
			<-s.copier.Reading()
			f.want(c.want...)
		})
	}
}
