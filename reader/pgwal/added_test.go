package pgwal

import (
	"testing"

	"github.com/datasync-io/datasync/core/record"
)

// TestColumnsAreAdded adds columns: the change says what the rows that are
// there have in them, and those that are inserted without them.
func TestColumnsAreAdded(t *testing.T) {
	constant := func(text string) record.Default { return record.Default{Kind: record.Constant, Text: text} }
	none, computed := record.Default{Kind: record.Nothing}, record.Default{Kind: record.Computed}
	for name, c := range map[string]struct {
		sql       []string
		fill, def record.Default
	}{
		"nothing":                {[]string{"ADD c int"}, none, none},
		"a number":               {[]string{"ADD c int NOT NULL DEFAULT 5"}, constant("5"), constant("5")},
		"below zero":             {[]string{"ADD c numeric(5,2) DEFAULT -1.5"}, constant("-1.50"), constant("-1.5")},
		"a text":                 {[]string{"ADD c varchar(20) DEFAULT 'it''s {a,\"b\"} ä'"}, constant(`it's {a,"b"} ä`), constant(`it's {a,"b"} ä`)},
		"a truth":                {[]string{"ADD c boolean DEFAULT true"}, constant("true"), constant("true")},
		"binary":                 {[]string{`ADD c bytea DEFAULT '\x00ff'`}, constant("\x00\xff"), constant("\x00\xff")},
		"a day":                  {[]string{"ADD c date DEFAULT '2024-02-29'"}, constant("2024-02-29"), constant("2024-02-29")},
		"dropped at once":        {[]string{"ADD c int DEFAULT 5", "ALTER c DROP DEFAULT"}, constant("5"), none},
		"another one later":      {[]string{"ADD c int DEFAULT 5", "ALTER c SET DEFAULT 6"}, constant("5"), constant("6")},
		"for those to come":      {[]string{"ADD c int", "ALTER c SET DEFAULT 6"}, none, constant("6")},
		"the time of its change": {[]string{"ADD c date DEFAULT CURRENT_DATE", "ALTER c DROP DEFAULT"}, constant(""), none},
		"by chance":              {[]string{"ADD c float DEFAULT random()"}, computed, computed},
		"numbered":               {[]string{"ADD c serial"}, computed, computed},
		"an identity":            {[]string{"ADD c int GENERATED ALWAYS AS IDENTITY"}, computed, computed},
	} {
		t.Run(name, func(t *testing.T) {
			db := prepared(t, "CREATE TABLE a (id int PRIMARY KEY)", "INSERT INTO a VALUES (1)")
			f := follow(t, parameters(t, db, map[string]any{"ddlSkip": false}))
			db.Exec(t, "INSERT INTO a VALUES (2)")
			for _, sql := range c.sql {
				db.Exec(t, "ALTER TABLE a "+sql)
			}
			db.Exec(t, "INSERT INTO a VALUES (3)")
			f.want([]string{"int64 2"})
			got := f.wantChange(record.Alter)
			if c.fill == constant("") { // what the row has
				c.fill = constant(*db.Query(t, "SELECT c FROM a WHERE id = 1")[0][0])
			}
			want := record.ColumnChange{Column: 1, Added: true, Fill: c.fill, Default: c.def}
			if len(got.Columns) != 1 || got.Columns[0] != want {
				t.Errorf("the change says %+v, want %+v", got.Columns, want)
			}
		})
	}
}

// TestRenamedColumnIsNotAdded renames a column.
func TestRenamedColumnIsNotAdded(t *testing.T) {
	db := prepared(t, "CREATE TABLE a (id int PRIMARY KEY, n int DEFAULT 5)")
	f := follow(t, parameters(t, db, map[string]any{"ddlSkip": false}))
	db.Exec(t, "INSERT INTO a VALUES (2, 2)", "ALTER TABLE a RENAME n TO m", "INSERT INTO a VALUES (3, 3)")
	f.want([]string{"int64 2", "int64 2"})
	if got := f.wantChange(record.Alter); len(got.Columns) != 0 {
		t.Errorf("the change says %+v", got.Columns)
	}
}
