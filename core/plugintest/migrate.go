package plugintest

import (
	"strconv"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// MigratorSuite is what a writer of tables has to give for [Migrator].
type MigratorSuite struct {
	// New returns a writer of the table with that schemaChange.
	New func(t testing.TB, policy string) plugin.Writer
	// Make makes the table t anew: id, a key of integers; a, a text of 10
	// characters; b, an integer that takes no NULL.
	Make func(t testing.TB)
	// Columns returns the table's columns in order, those that take no NULL with
	// a !; "" if there is no such table.
	Columns func(t testing.TB) string
	// Rows returns how many rows the table has; Make leaves some.
	Rows func(t testing.TB) int
	// Loose says that columns keep NOT NULL.
	Loose bool
}

// replaced is a change by which a column goes and one of its type comes.
const replaced = "a column in another's place"

// Migrator checks what each policy makes of each change, done twice.
func Migrator(t *testing.T, s MigratorSuite) {
	old := migrated("id int64", "a string 10", "b int64")
	for _, c := range []struct {
		name, evolve, lenient string
		to                    *record.Schema
		kind                  record.ChangeKind
		empty                 bool // evolve takes the rows away
	}{
		{"a column more", "id! a b! c", "id! a b! c", migrated("id int64", "a string 10", "b int64", "c decimal"), record.Alter, false},
		{"a column in between", "id! a b! c", "id! a b! c", migrated("id int64", "c string 5", "a string 10", "b int64"), record.Alter, false},
		{"a column less", "id! a", "id! a b", migrated("id int64", "a string 10"), record.Alter, false},
		{"another name", "id! a c!", "id! a b c", migrated("id int64", "a string 10", "c int64"), record.Alter, false},
		{replaced, "id! a c", "id! a b c", migrated("id int64", "a string 10", "c int64"), record.Alter, false},
		{"a longer text", "id! a b!", "id! a b!", migrated("id int64", "a string 50", "b int64"), record.Alter, false},
		{"no rows", "id! a b!", "id! a b!", old, record.Truncate, true},
		{"no table", "", "id! a b!", nil, record.Drop, true},
	} {
		for policy, want := range map[string]string{"evolve": c.evolve, "lenient": c.lenient, "ignore": "id! a b!"} {
			t.Run(c.name+"/"+policy, func(t *testing.T) {
				s.Make(t)
				change := &record.Change{Kind: c.kind, Name: old.Name, From: old, To: c.to, SQL: "..."}
				if c.name == replaced { // and not called otherwise: the source says so
					five := record.Default{Kind: record.Constant, Text: "5"}
					change.Columns = []record.ColumnChange{{Column: 2, Added: true, Fill: five, Default: record.Default{Kind: record.Nothing}}}
				}
				before := s.Rows(t)
				for range 2 {
					w := s.New(t, policy)
					err := w.(plugin.Migrator).Migrate(t.Context(), change)
					if s.Loose && err != nil && strings.Contains(want, " b ") {
						return // it says that this cannot be done
					}
					if err != nil {
						t.Fatal(err)
					}
					if err := w.Close(); err != nil {
						t.Error(err)
					}
					if got := s.Columns(t); got != want {
						t.Errorf("the table has %q, want %q", got, want)
					}
				}
				if want == "" {
					return
				}
				rows := s.Rows(t)
				if emptied := rows == 0; emptied != (c.empty && policy == "evolve") || !emptied && rows != before {
					t.Errorf("the table has %d rows, it had %d", rows, before)
				}
			})
		}
	}
	t.Run("stop", func(t *testing.T) {
		s.Make(t)
		w := s.New(t, "")
		change := &record.Change{Kind: record.Alter, Name: old.Name, From: old, To: migrated("id int64"), SQL: "ALTER TABLE t ..."}
		err := w.(plugin.Migrator).Migrate(t.Context(), change)
		if errclass.Of(err) != errclass.Permanent || !strings.Contains(err.Error(), "schemaChange") {
			t.Errorf("without a policy: %v", err)
		}
		if got := s.Columns(t); got != "id! a b!" {
			t.Errorf("the table has %q", got)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
}

func migrated(columns ...string) *record.Schema {
	list := make([]record.Column, len(columns))
	for i, text := range columns {
		parts := strings.Fields(text)
		kind, _ := record.KindOf(parts[1])
		list[i] = record.Column{Name: parts[0], Kind: kind, Nullable: kind != record.Int64}
		if len(parts) > 2 {
			n, err := strconv.Atoi(parts[2])
			if err != nil {
				panic(err) // of this file
			}
			list[i].Length = n
		}
	}
	return record.NewSchema(record.Name{Table: "t"}, list, 0)
}
