package columns_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
	"github.com/datasync-io/datasync/core/transform/columns"
)

const salt = "a salt of some length"

var users = record.NewSchema(record.Name{Database: "shop", Table: "users"}, []record.Column{
	{Name: "id", Kind: record.Int64, Native: "bigint"}, {Name: "email", Kind: record.String, Length: 100, Nullable: true, Comment: "where to"},
	{Name: "phone", Kind: record.String, Length: 20, Nullable: true}, {Name: "born", Kind: record.Date, Nullable: true}, {Name: "blob", Kind: record.Bytes, Nullable: true}}, 0)

func mustNew(t testing.TB, s columns.Settings) *columns.Policy {
	t.Helper()
	p, faults := columns.New(s)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return p
}

func hash(names ...string) []columns.Hash { return []columns.Hash{{Columns: names, Salt: salt}} }

func stars(n int, names ...string) []columns.Mask {
	return []columns.Mask{{Columns: names, Length: &n}}
}

// shown is a schema as name kind length, with what belongs to the key marked.
func shown(s *record.Schema) string {
	var all []string
	for i, c := range s.Columns {
		mark := ""
		if slices.Contains(s.Key, i) {
			mark = "*"
		}
		if i >= s.Data {
			mark = "+"
		}
		all = append(all, fmt.Sprintf("%s%s %s %d", mark, c.Name, c.Kind, c.Length))
	}
	return strings.Join(all, ", ")
}

func TestSchemas(t *testing.T) {
	meta := &record.Schema{Name: users.Name, Data: 5, Key: []int{0}, Columns: append(users.Columns[:5:5], record.Column{Name: "_ts", Kind: record.Timestamp})}
	text := "hidden"
	for _, tt := range []struct {
		name string
		rule columns.Rule
		s    *record.Schema
		want string
	}{
		{"exclude", columns.Rule{Exclude: []string{"phone", "BLOB"}}, meta, "*id int64 0, email string 100, born date 0, +_ts timestamp 0"},
		{"a pattern", columns.Rule{Exclude: []string{"*o*"}}, users, "*id int64 0, email string 100"},
		{"include", columns.Rule{Include: []string{"id", "b*"}}, users, "*id int64 0, born date 0, blob bytes 0"},
		{"include and mask", columns.Rule{Include: []string{"id", "email"}, Mask: stars(3, "email")}, users, "*id int64 0, email string 3"},
		{"hash of the key", columns.Rule{Hash: hash("id", "email"), Exclude: []string{"phone"}}, users, "*id string 64, email string 64, born date 0, blob bytes 0"},
		{"sha512", columns.Rule{Hash: []columns.Hash{{Columns: []string{"email"}, Algorithm: "sha512", Salt: salt}}}, users, "*id int64 0, email string 128, phone string 20, born date 0, blob bytes 0"},
		{"text", columns.Rule{Mask: []columns.Mask{{Columns: []string{"born"}, Text: &text}}}, users, "*id int64 0, email string 100, phone string 20, born string 6, blob bytes 0"},
		{"ends", columns.Rule{Mask: []columns.Mask{{Columns: []string{"born", "phone"}, Keeps: true, KeepLast: 2}}}, users, "*id int64 0, email string 100, phone string 20, born string 0, blob bytes 0"},
		{"truncate", columns.Rule{Truncate: []columns.Truncate{{Columns: []string{"email", "phone"}, Length: 30}}}, users, "*id int64 0, email string 30, phone string 20, born date 0, blob bytes 0"},
		{"nothing of it", columns.Rule{Exclude: []string{"nope"}}, users, "*id int64 0, email string 100, phone string 20, born date 0, blob bytes 0"},
		{"the key of rows that are no changes", columns.Rule{Exclude: []string{"id"}}, users, "email string 100, phone string 20, born date 0, blob bytes 0"},
	} {
		tt.rule.Tables = []string{"shop.users"}
		p := mustNew(t, columns.Settings{Rules: []columns.Rule{tt.rule}, Changes: tt.name[:3] != "the"})
		got, err := p.Schema(tt.s)
		if err != nil || shown(got) != tt.want {
			t.Errorf("%s: %s, %v; want %s", tt.name, shown(got), err, tt.want)
			continue
		}
		if again, _ := p.Schema(tt.s); again != got {
			t.Errorf("%s: another schema the second time", tt.name)
		}
		if c := got.Index("email"); c >= 0 && (!got.Columns[c].Nullable || got.Columns[c].Comment != "where to") {
			t.Errorf("%s: %+v", tt.name, got.Columns[c])
		}
		if (got == tt.s) != (tt.name == "nothing of it") {
			t.Errorf("%s: the schema is the source's: %v", tt.name, got == tt.s)
		}
	}
	other := record.NewSchema(record.Name{Database: "shop", Table: "orders"}, users.Columns, 0)
	if got, err := mustNew(t, columns.Settings{Rules: []columns.Rule{{Tables: []string{"users"}, Exclude: []string{"*"}}}}).Schema(other); got != other || err != nil {
		t.Errorf("a table without rules: %v, %v", got, err)
	}
}

func TestFaultsOfTables(t *testing.T) {
	two := record.NewSchema(users.Name, users.Columns, 0, 1)
	for _, tt := range []struct {
		rules []columns.Rule
		s     *record.Schema
		want  string
	}{
		{[]columns.Rule{{Exclude: []string{"x", "id"}}}, users, "tableColumns[0].exclude[1]: column id belongs to the key of table shop.users, by which changes are applied, and cannot be left out: hash it, which keeps different keys apart"},
		{[]columns.Rule{{Include: []string{"email"}}}, users, "tableColumns[0].include: column id belongs to the key"},
		{[]columns.Rule{{Mask: stars(3, "email")}}, two, "tableColumns[0].mask[0]: column email belongs to the key of table shop.users, by which changes are applied, and cannot be masked"},
		{[]columns.Rule{{Truncate: []columns.Truncate{{Columns: []string{"email"}, Length: 3}}}}, two, "tableColumns[0].truncate[0]: column email belongs to the key of table shop.users, by which changes are applied, and cannot be cut"},
		{[]columns.Rule{{Exclude: []string{"phone"}}, {Tables: []string{"*"}, Hash: hash("ph*")}}, users, "tableColumns[1].hash[0].columns[0]: column phone of table shop.users has a rule already, tableColumns[0].exclude[0]; keep one"},
		{[]columns.Rule{{Exclude: []string{"*"}}}, users, "tableColumns[0]: table shop.users: no column is left of the table"},
		{[]columns.Rule{{Include: []string{"nope"}}}, users, "tableColumns[0]: table shop.users: no column is left of the table"},
	} {
		for i := range tt.rules {
			if tt.rules[i].Tables == nil {
				tt.rules[i].Tables = []string{"shop.users"}
			}
		}
		p := mustNew(t, columns.Settings{Rules: tt.rules, Changes: true})
		_, err := p.Schema(tt.s)
		var f *columns.Fault
		if err == nil || !strings.Contains(err.Error(), tt.want) || errclass.Of(err) != errclass.Config || !errors.As(err, &f) {
			t.Errorf("got %v, want %s", err, tt.want)
		}
		in, out := record.NewBatch(0, 0), record.NewBatch(0, 0)
		in.Begin(tt.s, record.Insert)
		for range tt.s.Columns {
			in.Null()
		}
		if _, err := p.NewScreen().Apply(in, out); err == nil || out.Len() > 0 {
			t.Errorf("rows of a table that cannot be planned went through: %v", err)
		}
	}
	both := mustNew(t, columns.Settings{Changes: true, Rules: []columns.Rule{{Tables: []string{"users"}, Exclude: []string{"phone"}}, {Tables: []string{"*"}, Exclude: []string{"ph*"}}}})
	if s, err := both.Schema(users); err != nil || len(s.Columns) != 4 {
		t.Errorf("a column that is left out twice: %v", err)
	}
}

func TestFaults(t *testing.T) {
	text, n := "x", 3
	on := []string{"t"}
	for _, tt := range []struct {
		rule columns.Rule
		want string
	}{
		{columns.Rule{Exclude: []string{"a"}}, "tableColumns[0].table: is required"},
		{columns.Rule{Tables: []string{"t", "("}, Exclude: []string{"a"}}, `tableColumns[0].table[1]: "(" is no regular expression`},
		{columns.Rule{Tables: on}, "tableColumns[0]: says nothing about columns"},
		{columns.Rule{Tables: on, Exclude: []string{"a", ""}}, "tableColumns[0].exclude[1]: is empty"},
		{columns.Rule{Tables: on, Include: []string{}}, "tableColumns[0].include: names no column"},
		{columns.Rule{Tables: on, Include: []string{"a"}, Exclude: []string{"b"}}, "tableColumns[0].exclude: is given together with include"},
		{columns.Rule{Tables: on, Include: []string{"a"}, Hash: hash("b")}, "tableColumns[0].hash[0].columns[0]: column b is not among those of include"},
		{columns.Rule{Tables: on, Exclude: []string{"a"}, Hash: hash("b", "A")}, "tableColumns[0].hash[0].columns[1]: column A has a rule already, tableColumns[0].exclude[0]; keep one"},
		{columns.Rule{Tables: on, Mask: []columns.Mask{{Text: &text}}}, "tableColumns[0].mask[0].columns: is required"},
		{columns.Rule{Tables: on, Mask: []columns.Mask{{Columns: on}}}, "tableColumns[0].mask[0]: expected one of text, length, and keepFirst or keepLast; found 0"},
		{columns.Rule{Tables: on, Mask: []columns.Mask{{Columns: on, Text: &text, Length: &n}}}, "found 2"},
		{columns.Rule{Tables: on, Mask: []columns.Mask{{Columns: on, Text: &text, With: "#"}}}, "tableColumns[0].mask[0].with: means nothing beside text"},
		{columns.Rule{Tables: on, Mask: []columns.Mask{{Columns: on, Length: &n, With: "##"}}}, `tableColumns[0].mask[0].with: expected one character, found "##"`},
		{columns.Rule{Tables: on, Hash: []columns.Hash{{Columns: on}}}, "tableColumns[0].hash[0].salt: is required"},
		{columns.Rule{Tables: on, Hash: []columns.Hash{{Columns: on, Salt: "short"}}}, "tableColumns[0].hash[0].salt: is shorter than 8 characters"},
		{columns.Rule{Tables: on, Hash: []columns.Hash{{Columns: on, Salt: salt, Algorithm: "md5"}}}, `tableColumns[0].hash[0].algorithm: expected sha256 or sha512, found "md5"`},
		{columns.Rule{Tables: on, Truncate: []columns.Truncate{{Columns: on}}}, "tableColumns[0].truncate[0].length: expected the number of characters"},
	} {
		_, faults := columns.New(columns.Settings{Rules: []columns.Rule{tt.rule}})
		var all []string
		for _, f := range faults {
			all = append(all, f.Error())
			if strings.Contains(f.Error(), "short") && !strings.Contains(f.Error(), "shorter") || strings.Contains(f.Error(), salt) {
				t.Errorf("a salt is shown: %v", f)
			}
		}
		if got := strings.Join(all, "\n"); !strings.Contains(got, tt.want) {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
	_, faults := columns.New(columns.Settings{Rules: []columns.Rule{{Tables: []string{"a.*", "b"}, Hash: hash("x")}, {Tables: []string{"B"}, Mask: stars(2, "x")}}})
	if len(faults) != 1 || faults[0].Error() != "tableColumns[1].mask[0].columns[0]: column x has a rule already, tableColumns[0].hash[0].columns[0]; keep one" {
		t.Errorf("the same table in two rules: %v", faults)
	}
}

func TestUnused(t *testing.T) {
	p := mustNew(t, columns.Settings{Rules: []columns.Rule{{Tables: []string{"shop.*", "shop.user"}, Exclude: []string{"x"}}, {Tables: []string{"orders"}, Exclude: []string{"x"}}}})
	faults := p.Unused([]record.Name{users.Name, {Database: "shop", Table: "orders"}})
	if len(faults) != 1 || faults[0].Error() != "tableColumns[0].table[1]: shop.user fits none of the tables that are read: shop.users, shop.orders" {
		t.Errorf("%v", faults)
	}
	if !p.Governs(users.Name) || p.Governs(record.Name{Schema: "other", Table: "users"}) {
		t.Error("governs")
	}
}

// digest is what Debezium's column.mask.hash.v2 makes of a text.
func digest(value string) string {
	sum := sha256.Sum256([]byte(salt + value))
	return hex.EncodeToString(sum[:])
}
