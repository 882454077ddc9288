package mysql

import (
	"fmt"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// TestCreateTable writes rows of every kind into a table that is made for them.
func TestCreateTable(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		w := plugintest.NewWriter(t, Info(), job(db, "made", map[string]any{"createTable": true, "uniqueKey": []string{"id", "c_string"}}))
		s := plugintest.AllKinds("made")
		text := s.Index("c_string")
		s.Key = []int{0, text}
		if err := w.(plugin.Shaper).Shape(t.Context(), []*record.Schema{s}); err != nil {
			t.Fatal(err)
		}
		sink, err := w.Open(t.Context(), plugin.Task{Job: "create", Run: 1, Of: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = sink.Close() }()
		const rows = 300
		b := plugintest.Rows(s, 0, rows)
		if err := sink.Write(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		if err := sink.(plugin.Flusher).Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		l := newLab(t, db, quiet())
		for c, column := range s.Columns {
			kept := 0
			for i := range rows {
				if b.Row(i).Kind(c) != record.Null {
					kept++
				}
			}
			if got := l.text("SELECT COUNT(`" + column.Name + "`) FROM " + db.Name + ".made"); got != fmt.Sprint(kept) {
				t.Errorf("column %s has %s values, want %d", column.Name, got, kept)
			}
		}
		texts := map[string]bool{}
		for i := range rows {
			texts[string(b.Row(i).AppendText(nil, text))] = true
		}
		if got := l.text("SELECT COUNT(DISTINCT BINARY c_string) FROM " + db.Name + ".made"); got != fmt.Sprint(len(texts)) {
			t.Errorf("%s texts in the key, want %d", got, len(texts))
		}
	})
}

// TestCreatedTypes makes tables of columns as other systems describe them.
func TestCreatedTypes(t *testing.T) {
	column := func(name string, kind record.Kind, native string, length, precision, scale int) mysqlkit.NewColumn {
		return mysqlkit.NewColumn{Column: record.Column{Name: name, Kind: kind, Native: native, Length: length, Precision: precision, Scale: scale, Nullable: true}, Comment: "it's \\ " + name}
	}
	columns := []mysqlkit.NewColumn{
		column("a", record.Int64, "int4", 0, 0, 0), column("b", record.Int64, "tinyint", 0, 0, 0), column("c", record.Int64, "int(10) unsigned", 0, 0, 0),
		column("d", record.Int64, "rowid", 0, 0, 0), column("e", record.Decimal, "numeric", 0, 0, 0), column("f", record.Decimal, "numeric(5,-2)", 0, 5, -2),
		column("g", record.Decimal, "numeric(3,5)", 0, 3, 5), column("h", record.Decimal, "numeric(38,10)", 0, 38, 10), column("i", record.Decimal, "numeric(100,2)", 0, 100, 2),
		column("j", record.Timestamp, "timestamp with time zone", 0, 0, 6), column("k", record.Timestamp, "timestamp(3)", 0, 0, 3), column("l", record.Datetime, "datetime", 0, 0, 3),
		column("m", record.Time, "timetz", 0, 0, 6), column("n", record.Time, "time", 0, 0, 0), column("o", record.String, "varchar(40)", 40, 0, 0), column("p", record.String, "varchar(20000)", 20000, 0, 0),
		column("q", record.String, "text", 0, 0, 0), column("r", record.Bytes, "varbinary(16)", 16, 0, 0), column("s", record.Bytes, "bytea", 0, 0, 0), column("t`", record.Any, "", 0, 0, 0),
		column("u", record.String, "varchar(200)", 200, 0, 0), column("v", record.Bytes, "bytea", 0, 0, 0),
	}
	want := []string{"a int", "b smallint", "c bigint", "d bigint", "e decimal(65,30)", "f decimal(7,0)", "g decimal(5,5)", "h decimal(38,10)", "i decimal(65,30)",
		"j datetime(6)", "k timestamp(3)", "l datetime(3)", "m varchar(32)", "n time(6)", "o varchar(40)", "p longtext", "q longtext", "r varbinary(16)", "s longblob", "t` longtext",
		"u varchar(200)", "v varbinary(255)"}
	products(t, func(t *testing.T, db servers.Database) {
		l := newLab(t, db, quiet())
		sql, err := mysqlkit.CreateTable(record.Name{Database: db.Name, Table: "made `up`"}, columns, []string{"u", "V"}, "a 'table'")
		l.must(err)
		l.must(l.s.Exec(t.Context(), sql))
		table, err := l.s.Table(t.Context(), record.Name{Database: db.Name, Table: "made `up`"})
		l.must(err)
		for i, c := range table.Columns {
			native := strings.NewReplacer("bigint(20)", "bigint", "smallint(6)", "smallint", "int(11)", "int").Replace(c.Native)
			if got := c.Name + " " + native; got != want[i] {
				t.Errorf("column %s, want %s", got, want[i])
			}
			if c.Comment != columns[i].Comment {
				t.Errorf("comment %q, want %q", c.Comment, columns[i].Comment)
			}
		}
		if table.Comment != "a 'table'" || strings.Join(table.Key(), " ") != "u v" {
			t.Errorf("comment %q, key %v", table.Comment, table.Key())
		}
	})
	wide := make([]mysqlkit.NewColumn, 150)
	for i := range wide {
		wide[i] = column(fmt.Sprintf("c%d", i), record.String, "", 200, 0, 0)
	}
	products(t, func(t *testing.T, db servers.Database) {
		l := newLab(t, db, quiet())
		sql, err := mysqlkit.CreateTable(record.Name{Database: db.Name, Table: "wide"}, wide, nil, "")
		l.must(err)
		l.must(l.s.Exec(t.Context(), sql))
	})
	if _, err := mysqlkit.CreateTable(record.Name{Table: "t"}, wide, []string{"c0", "c1", "c2", "c3"}, ""); err == nil {
		t.Error("a key longer than an index takes was taken")
	}
}
