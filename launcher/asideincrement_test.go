package launcher_test

import (
	"testing"

	"github.com/datasync-io/datasync/launcher"
)

// TestIncrementsGoOnBesideABadTable: a table that cannot be read or written is
// set aside in run after run, while the others are read from where they were;
// once it is mended it is read from where it was.
func TestIncrementsGoOnBesideABadTable(t *testing.T) {
	const tables, reader = "CREATE TABLE %s (id INTEGER, v TEXT);", `"table": ["aa", "bb", "cc"], "increColumn": "id"`
	for name, tt := range map[string]struct {
		broken, mended       string // by these statements
		target               bool   // at the destination
		why                  string
		first, after, mendIt string // rows of bb: after the first run, while it is broken, at the end
	}{
		"source":         {"ALTER TABLE bb RENAME TO b2", "ALTER TABLE b2 RENAME TO bb", false, "bb", "3000/3000", "3000/3000", "3002/3002"},
		"its column":     {"ALTER TABLE bb RENAME COLUMN id TO idd", "ALTER TABLE bb RENAME COLUMN idd TO id", false, "id", "3000/3000", "3000/3000", "3002/3002"},
		"target":         {"ALTER TABLE bb RENAME TO b2", "ALTER TABLE b2 RENAME TO bb", true, "no such table: bb", "3000/3000", "", "3002/3002"},
		"target amid":    {"CREATE TRIGGER x BEFORE INSERT ON bb BEGIN INSERT INTO nowhere VALUES (1); END", "DROP TRIGGER x", true, "nowhere", "3000/3000", "3000/3000", "3002/3002"},
		"from the start": {"", "", false, "", "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, shopTables("aa", "bb", "cc"), "CREATE TABLE aa (id INTEGER, v TEXT); CREATE TABLE bb (id INTEGER, v TEXT); CREATE TABLE cc (id INTEGER, v TEXT);")
			if tt.broken == "" { // the table is bad before anything is remembered of it
				tt.broken, tt.mended, tt.why, tt.after, tt.mendIt = "ALTER TABLE bb RENAME COLUMN id TO idd", "ALTER TABLE bb RENAME COLUMN idd TO id", "id", "0/0", "3002/3002"
			} else {
				s.check(s.run(reader, "", launcher.Options{}), launcher.ExitOK, nil)
				if got := s.count("bb"); got != tt.first {
					t.Fatalf("after the first run there are %s rows", got)
				}
			}
			at := s.from
			if tt.target {
				at = s.to
			}
			more := func(rows string) {
				for _, table := range []string{"aa", "cc"} {
					s.exec(s.from, "INSERT INTO "+table+" VALUES "+rows)
				}
			}
			s.exec(s.from, "INSERT INTO bb VALUES (3001, 'x')")
			s.exec(at, tt.broken)
			more("(3001, 'x')")
			s.check(s.run(reader, "", launcher.Options{}), launcher.ExitSetAside, map[string]string{"bb": tt.why})
			more("(3002, 'x')")
			s.check(s.run(reader, "", launcher.Options{Resume: true}), launcher.ExitSetAside, map[string]string{"bb": tt.why})
			if tt.after != "" {
				if got := s.count("bb"); got != tt.after {
					t.Errorf("while it is set aside the table has %s rows", got)
				}
			}
			for _, table := range []string{"aa", "cc"} {
				if got := s.count(table); got != "3002/3002" {
					t.Errorf("table %s has %s rows", table, got)
				}
			}
			s.exec(at, tt.mended)
			s.exec(s.from, "INSERT INTO bb VALUES (3002, 'x')")
			s.check(s.run(reader, "", launcher.Options{}), launcher.ExitOK, nil)
			if got := s.count("bb"); got != tt.mendIt {
				t.Errorf("at the end it has %s rows", got)
			}
			s.check(s.run(reader, "", launcher.Options{}), launcher.ExitOK, nil)
			for _, table := range []string{"aa", "bb", "cc"} {
				if got := s.count(table); got != "3002/3002" {
					t.Errorf("after one more run table %s has %s rows", table, got)
				}
			}
		})
	}
}
