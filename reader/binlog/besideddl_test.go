package binlog

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// TestStatementsAmidACopy alters a table at different moments of its copy: before
// a view of it is opened, right after that, and between two views.
func TestStatementsAmidACopy(t *testing.T) {
	whole := func(row string) []string {
		var want []string
		for i := range 120 {
			want = append(want, fmt.Sprintf(row, i+1))
		}
		return want
	}
	altered := "insert t id=int64:%[1]d v=int64:-%[1]d n=int64:7"
	for name, tt := range map[string]struct {
		at   int // call of the hook
		sql  string
		want []string // of the table at last, each once or more; its other rows are those from before
		end  string   // "done", or what the refusal says
	}{
		"column, before a view":   {1, "ALTER TABLE t ADD COLUMN n INT DEFAULT 7", whole(altered), "done"},
		"column, in a view":       {2, "ALTER TABLE t ADD COLUMN n INT DEFAULT 7", whole(altered), "done"},
		"column, between views":   {3, "ALTER TABLE t ADD COLUMN n INT DEFAULT 7", whole(altered)[50:], "done"},
		"other key":               {3, "ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (v)", whole("insert t id=int64:%[1]d v=int64:-%[1]d"), "done"},
		"no key":                  {3, "ALTER TABLE t DROP PRIMARY KEY", nil, "no key that its rows can be read in the order of"},
		"emptied":                 {3, "TRUNCATE TABLE t", nil, "done"},
		"dropped":                 {3, "DROP TABLE t", nil, "done"},
		"another takes its place": {3, "RENAME TABLE t TO _t_del, _t_gho TO t", whole("insert t id=int64:%[1]d v=int64:8")[50:], "done"},
	} {
		t.Run(name, func(t *testing.T) {
			products(t, func(t *testing.T, db servers.Database) {
				db.Exec(t, "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, v INT NOT NULL)", "CREATE TABLE other (id INT PRIMARY KEY)", "CREATE TABLE _t_gho LIKE t")
				fill(t, db, "t", 120, func(i int) string { return fmt.Sprintf("(%d, -%d)", i, i) })
				fill(t, db, "_t_gho", 120, func(i int) string { return fmt.Sprintf("(%d, 8)", i) })
				r := build(t, parameters(db, nil)).(*reader)
				calls := 0
				r.chunk, r.paused = 50, func() {
					if calls++; calls == tt.at {
						db.Exec(t, tt.sql)
					}
				}
				s := follow(t, r)
				r.Signals([]plugin.Signal{{ID: "1", Verb: plugin.SignalSnapshot, Tables: []record.Name{{Database: db.Name, Table: "t"}}}})
				c := copied(t, s)
				switch {
				case tt.end == "done" && len(c.Refused) > 0, tt.end != "done" && (len(c.Refused) != 1 || !strings.Contains(c.Refused[0].Err, tt.end)):
					t.Errorf("want %q, refused: %+v", tt.end, c.Refused)
				}
				for _, row := range tt.want {
					if !slices.Contains(s.rows, row) {
						t.Fatalf("row %q has not come", row)
					}
				}
				if tt.want == nil && len(s.rows) > 50 {
					t.Errorf("%d rows came", len(s.rows))
				}
				s.rows = nil
				db.Exec(t, "INSERT INTO other VALUES (1)")
				same(t, s.until(1), []string{"insert other id=int64:1"})
			})
		})
	}
}

// copied reads until a signal is noted and nothing is being copied any more.
func copied(t *testing.T, s *stream) *plugin.Copying {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		if err := s.fill(ctx); err != nil {
			t.Fatalf("after %d rows: %v", len(s.rows), err)
		}
		if c, err := storedCopying([]plugin.Progress{s.last}); err != nil {
			t.Fatal(err)
		} else if len(c.Noted) > 0 && len(c.Tables) == 0 {
			return c
		}
	}
}
