package sqlkit_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
)

// TestExpressions tells names of columns from constants and expressions.
func TestExpressions(t *testing.T) {
	for text, want := range map[string]string{
		"id": "name", "a_b$1": "name", "größe": "name", "t.id": "name", "`a b`": "name", `"a b"`: "name", "[a b]": "name", "*": "name", "1st": "name", "#tmp": "name",
		"1": "expr", "2.3": "expr", "-1": "expr", "null": "expr", "TRUE": "expr", "false": "expr", "now()": "expr", "a + 1": "expr", "'a' || b": "expr", "''": "expr", "' '": "expr",
		"'x'": "constant x", "'it''s'": "constant it's", "'a' 'b'": "expr", "`a` + 1": "expr",
	} {
		c := sqlkit.Expressions([]sqlkit.Column{{Name: text}})[0]
		value, constant := c.Constant()
		got := "name"
		switch {
		case constant:
			got = "constant " + value
		case c.Expr != "":
			if got = "expr"; c.Expr != text {
				t.Errorf("%s became %s", text, c.Expr)
			}
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	for text, want := range map[string][2]string{
		"id+1 as x": {"x", "id+1"}, "a AS `b c`": {"b c", "a"}, "cast(a as char)": {"cast(a as char)", "cast(a as char)"},
		`a || ' as b'`: {`a || ' as b'`, `a || ' as b'`}, "f(a)\nAS [größe]": {"größe", "f(a)"},
	} {
		if c := sqlkit.Expressions([]sqlkit.Column{{Name: text}})[0]; c.Name != want[0] || c.Expr != want[1] {
			t.Errorf("%s: %q called %q, want %q called %q", text, c.Expr, c.Name, want[1], want[0])
		}
	}
	if c := sqlkit.Expressions([]sqlkit.Column{{Name: "'k' as kind"}})[0]; c.Name != "kind" || c.Value == nil || *c.Value != "k" {
		t.Errorf("a constant with a name became %+v", c)
	}
	long := strings.Repeat("1 + ", 30) + "1"
	if c := sqlkit.Expressions([]sqlkit.Column{{Name: "a"}, {Name: long}})[1]; c.Name != "column_1" || c.Expr != long {
		t.Errorf("a long expression is called %q", c.Name)
	}
	if value := "v"; sqlkit.Expressions([]sqlkit.Column{{Name: "now()", Type: "date"}, {Name: "1", Value: &value}})[0].Expr != "" {
		t.Error("an object became an expression")
	}
}

// TestQuerySQL takes the statement of the connection list, which must be the only one.
func TestQuerySQL(t *testing.T) {
	const url = `"jdbcUrl":"jdbc:x://h/d"`
	for text, want := range map[string]string{
		`{"connection":[{` + url + `,"querySql":["select 1"]}]}`:                                        "",
		`{"connection":[{` + url + `,"querySql":"select 1"}],"column":["a"]}`:                           "",
		`{"connection":[{` + url + `,"querySql":["select 1","select 2"]}]}`:                             "connection[0].querySql[1]: one statement is read by a job",
		`{"connection":[{` + url + `,"querySql":["select 1"]}],"customSql":"select 2"}`:                 "connection[0].querySql[0]: one statement is read by a job",
		`{"connection":[{` + url + `,"querySql":["select 1"],"table":"t"}]}`:                            "connection[0].querySql[0]: stands beside table",
		`{"connection":[{` + url + `,"table":"t"},{` + url + `,"querySql":"select 1"}],"column":["*"]}`: "connection[1].querySql[0]: a statement is read from the first entry",
		`{"connection":[{` + url + `,"table":"t"}]}`:                                                    "column: is required",
	} {
		c, _, err := decode(text)
		switch {
		case want == "" && (err != nil || c.CustomSQL != "select 1" || len(c.Column) != 1):
			t.Errorf("%s: %q of %v, %v", text, c.CustomSQL, c.Column, err)
		case want != "" && (errclass.Of(err) != errclass.Config || !strings.Contains(fmt.Sprint(err), want)):
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
