package sqlkit_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

var update = flag.Bool("update", false, "write the golden files anew")

// dialects is one of each shape of SQL that the kit knows.
func dialects() []*sqlkit.Dialect {
	return []*sqlkit.Dialect{
		{Name: "backtick", Quotes: "``", Mod: "MOD(%s, %s)", Floor: "FLOOR(%s)",
			Text: func(s string) string { return fmt.Sprintf("_utf8mb4 X'%x'", s) }},
		{Name: "ansi", Quotes: `""`, Mod: "MOD(%s, %s)", Floor: "FLOOR(%s)", NullsLast: true,
			Bytes: func(digits string) string { return `'\x` + digits + "'" }},
		{Name: "brackets", Quotes: "[]", Mod: "(%s %% %s)", Floor: "FLOOR(%s)", Fetch: true,
			Bytes: func(digits string) string { return "0x" + digits }},
	}
}

func TestStatements(t *testing.T) {
	constant, quoted := "it's", "x"
	columns := []sqlkit.Column{{Name: "id"}, {Name: "odd`name\"]"}, {Name: "origin", Value: &constant}, {Value: &quoted}}
	id := []sqlkit.KeyColumn{{Name: "id", Kind: record.Int64}}
	three := []sqlkit.KeyColumn{{Name: "a", Kind: record.Int64}, {Name: "b", Kind: record.String}, {Name: "c", Kind: record.Bytes}}
	maybe := []sqlkit.KeyColumn{{Name: "n", Kind: record.Decimal, Nullable: true}}
	num := func(s string) []sqlkit.Value { return []sqlkit.Value{{Kind: record.Int64, Text: s}} }
	var b strings.Builder
	for _, d := range dialects() {
		from := d.Table(record.Name{Database: "shop", Table: "orders"})
		show := func(what, sql string) {
			fmt.Fprintf(&b, "%s %s:\n  %s\n", d.Name, what, strings.ReplaceAll(sql, "\n", "\n  "))
		}
		show("plain", (&sqlkit.Select{Dialect: d, Items: d.Items(columns), From: from}).String())
		show("split and resumed", (&sqlkit.Select{Dialect: d, Items: d.Items(columns[:1]), From: from, Hint: "WITH (NOLOCK)", OrderBy: []string{d.Quote("id")},
			Where: []string{"a = 1 or b = 2", (&sqlkit.Spec{Kind: sqlkit.Range, Column: "id", From: "-5", To: "10", Nulls: true}).Predicate(d), d.After(id, num("-3"))}}).String())
		show("derived, with comments", (&sqlkit.Select{Dialect: d, Items: d.Items(columns[:1]), From: d.Derived("select * from t -- all\n ; "), Where: []string{" a=1 -- one"}}).String())
		show("some rows", (&sqlkit.Select{Dialect: d, Items: d.Items(columns[:1]), From: from, OrderBy: []string{d.Quote("id")}, Limit: 10}).String())
		for i := range 2 {
			show("mod", (&sqlkit.Spec{Kind: sqlkit.Mod, Column: "id", N: 4, I: i, Nulls: i == 0}).Predicate(d))
		}
		show("mod of fractions", (&sqlkit.Spec{Kind: sqlkit.Mod, Column: "id", N: 2, I: 1, Floor: true}).Predicate(d))
		show("range, explicit end", (&sqlkit.Spec{Kind: sqlkit.Range, Column: "id", From: "7", End: "9"}).Predicate(d))
		show("after three", d.After(three, []sqlkit.Value{{Kind: record.Int64, Text: "1"}, {Kind: record.String, Text: `o'\x`}, {Kind: record.Bytes, Text: "\x00\xff"}}))
		show("after a value that may be NULL", d.After(maybe, []sqlkit.Value{{Kind: record.Decimal, Text: "-1.50"}}))
		show("after NULL", d.After(maybe, []sqlkit.Value{{Kind: record.Null}}))
		show("no number", d.Literal(sqlkit.Value{Kind: record.Int64, Text: "1 or 1=1"}))
		show("double", d.Literal(sqlkit.Value{Kind: record.Float64, Text: "0.1"}))
	}
	golden(t, "testdata/statements.txt", b.String())
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (-update writes it anew); got:\n%s", file, got)
	}
}

func TestParseName(t *testing.T) {
	for text, want := range map[string]string{
		"t": "t", " db.t ": "db|t", "`db`.`t`": "db|t", `"s"."t"`: "s|t", "[s].[t.x]": "s|t.x", "`a``b`": "a`b", "db.`t`": "db|t", "`db` . t": "db|t",
	} {
		parts, err := sqlkit.ParseName(text, 2)
		if got := strings.Join(parts, "|"); err != nil || got != want {
			t.Errorf("ParseName(%q) = %q, %v, want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"", ".", "a.", ".a", "a.b.c", "`a", "`a`b", "``"} {
		if parts, err := sqlkit.ParseName(text, 2); err == nil {
			t.Errorf("ParseName(%q) = %q, want an error", text, parts)
		}
	}
}

func TestCheckCondition(t *testing.T) {
	for _, sql := range []string{"a = 1", "a = 'limit; )'", "`limit` > 3", "t.limit > 3", "id in (select id from u order by id limit 3)", "a=1 -- limit", "a = 'it\\'s'", "a = 'it''s'", "a /* ; */ = 1"} {
		if err := sqlkit.CheckCondition(sql); err != nil {
			t.Errorf("CheckCondition(%q) = %v", sql, err)
		}
	}
	for sql, part := range map[string]string{
		"a = 1 limit 3": "LIMIT", "a = 1 LIMIT 3": "LIMIT", "where a = 1": "alone", "1=1) or (1=1": "did not open", "(a = 1": "does not close",
		"a = 1; drop table t": "';'", "a = 'x": "not closed", "a=1 order by a": "ORDER", "a /* b": "comment",
	} {
		if err := sqlkit.CheckCondition(sql); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("CheckCondition(%q) = %v, want one that says %q", sql, err, part)
		}
	}
}
