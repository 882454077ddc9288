package columns_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
	"github.com/datasync-io/datasync/core/transform/columns"
)

// texts are the cells of a row; NULL and - for what is null and absent.
func texts(r record.Row) string {
	var all []string
	for c := range r.Schema().Columns {
		switch r.Kind(c) {
		case record.Null:
			all = append(all, "NULL")
		case record.Absent:
			all = append(all, "-")
		default:
			all = append(all, string(r.AppendText(nil, c)))
		}
	}
	mark := ""
	if r.Linked() {
		mark = " linked"
	}
	return fmt.Sprintf("%s %s%s", r.Op(), strings.Join(all, "|"), mark)
}

func user(b *record.Batch, op record.Op, id int64, email, phone string) {
	b.Begin(users, op)
	b.Int64(id)
	for _, v := range []string{email, phone} {
		switch v {
		case "NULL":
			b.Null()
		case "-":
			b.Absent()
		default:
			b.String([]byte(v))
		}
	}
	if email == "-" {
		b.Absent()
	} else {
		b.Date(1)
	}
	b.Bytes([]byte{0, 255})
}

func apply(t *testing.T, p *columns.Policy, in *record.Batch) (rows []string, out *record.Batch) {
	t.Helper()
	out = record.NewBatch(0, 0)
	hidden, err := p.NewScreen().Apply(in, out)
	if err != nil {
		t.Fatal(err)
	}
	if !hidden {
		out = in
	}
	for i := range out.Len() {
		rows = append(rows, texts(out.Row(i)))
	}
	return rows, out
}

func TestValues(t *testing.T) {
	word, none, three := "hidden", "", 3
	for _, tt := range []struct {
		name string
		rule columns.Rule
		want string
	}{
		{"text", columns.Rule{Mask: []columns.Mask{{Columns: []string{"email", "born", "blob", "id"}, Text: &word}}}, "hidden|hidden|+49 30 1234|hidden|hidden"},
		{"empty text", columns.Rule{Mask: []columns.Mask{{Columns: []string{"email"}, Text: &none}}}, "7||+49 30 1234|1970-01-02|\x00\xff"},
		{"length", columns.Rule{Mask: []columns.Mask{{Columns: []string{"email"}, Length: &three, With: "•"}}}, "7|•••|+49 30 1234|1970-01-02|\x00\xff"},
		{"last", columns.Rule{Mask: []columns.Mask{{Columns: []string{"phone", "blob", "born", "email"}, Keeps: true, KeepLast: 4}}}, "7|*******t.de|*******1234|******1-02|****"},
		{"both", columns.Rule{Mask: []columns.Mask{{Columns: []string{"email"}, Keeps: true, KeepFirst: 2, KeepLast: 3, With: "ß"}}}, "7|Zößßßßßß.de|+49 30 1234|1970-01-02|\x00\xff"},
		{"none", columns.Rule{Mask: []columns.Mask{{Columns: []string{"phone"}, Keeps: true}}}, "7|Zöe@post.de|***********|1970-01-02|\x00\xff"},
		{"more than there is", columns.Rule{Mask: []columns.Mask{{Columns: []string{"phone"}, Keeps: true, KeepFirst: 6, KeepLast: 5}}}, "7|Zöe@post.de|***********|1970-01-02|\x00\xff"},
		{"truncate", columns.Rule{Truncate: []columns.Truncate{{Columns: []string{"email", "phone", "born", "blob"}, Length: 3}}}, "7|Zöe|+49|197|00f"},
		{"hash", columns.Rule{Hash: hash("email", "id", "blob", "born")}, digest("7") + "|" + digest("Zöe@post.de") + "|+49 30 1234|" + digest("1970-01-02") + "|" + digest("\x00\xff")},
		{"exclude", columns.Rule{Exclude: []string{"email", "born"}}, "7|+49 30 1234|\x00\xff"},
	} {
		tt.rule.Tables = []string{"users"}
		in := record.NewBatch(0, 0)
		user(in, record.Insert, 7, "Zöe@post.de", "+49 30 1234")
		rows, _ := apply(t, mustNew(t, columns.Settings{Rules: []columns.Rule{tt.rule}}), in)
		if want := "insert " + tt.want; rows[0] != want {
			t.Errorf("%s: %q, want %q", tt.name, rows[0], want)
		}
	}
}

// TestNothingIsSaidForNothing keeps NULL and absent values what they are.
func TestNothingIsSaidForNothing(t *testing.T) {
	word := "x"
	p := mustNew(t, columns.Settings{Changes: true, Rules: []columns.Rule{{Tables: []string{"users"}, Hash: hash("email"), Mask: []columns.Mask{{Columns: []string{"phone"}, Text: &word}}}}})
	in := record.NewBatch(0, 0)
	user(in, record.UpdateBefore, 1, "-", "NULL")
	user(in, record.UpdateAfter, 1, "NULL", "-")
	rows, out := apply(t, p, in)
	if want := []string{"update-before 1|-|NULL|-|\x00\xff", "update-after 1|NULL|-|1970-01-02|\x00\xff"}; fmt.Sprint(rows) != fmt.Sprint(want) {
		t.Errorf("%q", rows)
	}
	if !out.Absents() {
		t.Error("absent values are forgotten")
	}
}

func TestChangesStayChanges(t *testing.T) {
	p := mustNew(t, columns.Settings{Changes: true, Rules: []columns.Rule{{Tables: []string{"users"}, Hash: hash("id"), Exclude: []string{"email", "phone", "born", "blob"}}}})
	in := record.NewBatch(0, 0)
	user(in, record.Insert, 1, "a", "b")
	user(in, record.UpdateBefore, 1, "a", "b")
	user(in, record.UpdateAfter, 1, "c", "b")
	user(in, record.Delete, 1, "-", "-")
	user(in, record.Insert, 2, "c", "b")
	in.Link()
	rows, _ := apply(t, p, in)
	one, two := digest("1"), digest("2")
	want := []string{"insert " + one, "update-before " + one, "update-after " + one, "delete " + one, "insert " + two + " linked"}
	if fmt.Sprint(rows) != fmt.Sprint(want) {
		t.Errorf("%q", rows)
	}
}

// TestKeysThatTheSourceHoldsEqual has an update of a key that the source, which
// compares without regard to case, takes for none.
func TestKeysThatTheSourceHoldsEqual(t *testing.T) {
	s := record.NewSchema(record.Name{Table: "t"}, []record.Column{{Name: "k", Kind: record.String}, {Name: "v", Kind: record.String}}, 0)
	p := mustNew(t, columns.Settings{Changes: true, Rules: []columns.Rule{{Tables: []string{"t"}, Hash: hash("k")}}})
	in := record.NewBatch(0, 0)
	for _, r := range []struct {
		op   record.Op
		k, v string
	}{{record.UpdateBefore, "bob", "v"}, {record.UpdateAfter, "Bob", "-"}, {record.UpdateBefore, "eve", "v"}, {record.UpdateAfter, "eve", "-"}} {
		in.Begin(s, r.op)
		in.String([]byte(r.k))
		if r.v == "-" {
			in.Absent()
		} else {
			in.String([]byte(r.v))
		}
	}
	rows, _ := apply(t, p, in)
	want := []string{"delete " + digest("bob") + "|v", "insert " + digest("Bob") + "|v linked", "update-before " + digest("eve") + "|v", "update-after " + digest("eve") + "|-"}
	if fmt.Sprint(rows) != fmt.Sprint(want) {
		t.Errorf("%q", rows)
	}
}

func TestOtherTablesAreNotTouched(t *testing.T) {
	p := mustNew(t, columns.Settings{Rules: []columns.Rule{{Tables: []string{"users"}, Exclude: []string{"email"}}}})
	other := record.NewSchema(record.Name{Table: "orders"}, []record.Column{{Name: "id", Kind: record.Int64}}, 0)
	in := record.NewBatch(0, 0)
	in.Begin(other, record.Insert)
	in.Int64(1)
	if _, out := apply(t, p, in); out != in {
		t.Error("a batch without rules is copied")
	}
	user(in, record.Insert, 1, "a", "b")
	in.Begin(other, record.Insert)
	in.Int64(2)
	rows, out := apply(t, p, in)
	if fmt.Sprint(rows) != fmt.Sprint([]string{"insert 1", "insert 1|b|1970-01-02|\x00\xff", "insert 2"}) || out.Row(0).Schema() != other {
		t.Errorf("%q", rows)
	}
}

// TestInputThatIsNoRow is not shown, as it may hold what is hidden; where it was is.
func TestInputThatIsNoRow(t *testing.T) {
	p := mustNew(t, columns.Settings{Rules: []columns.Rule{{Tables: []string{"users"}, Exclude: []string{"email"}}}})
	in := record.NewBatch(0, 0)
	in.Reject([]byte("bob@post.de"), fmt.Errorf("topic t, offset 3: %w", errclass.BadValue("email", errclass.Conversion, "%q is no number", "bob@post.de")))
	user(in, record.Insert, 1, "a", "b")
	in.Reject([]byte("eve@post.de"), errors.New("eve@post.de is no row"))
	_, out := apply(t, p, in)
	if len(out.Rejects()) != 2 || out.Rejects()[0].Row != 0 || out.Rejects()[1].Row != 1 {
		t.Fatalf("%+v", out.Rejects())
	}
	for _, r := range out.Rejects() {
		if text := string(r.Raw) + r.Err.Error(); strings.Contains(text, "post.de") || errclass.Of(r.Err) != errclass.Data {
			t.Errorf("%s (%s)", text, errclass.Of(r.Err))
		}
	}
	bad := errclass.AsBadRow(0, out.Rejects()[0].Err)
	if bad.Column != "email" || bad.Reason != errclass.Conversion || !strings.HasPrefix(bad.Err.Error(), "topic t, offset 3: ") {
		t.Errorf("%+v", bad)
	}
}

func TestSchemaChanges(t *testing.T) {
	p := mustNew(t, columns.Settings{Changes: true, Rules: []columns.Rule{{Tables: []string{"shop.*"}, Exclude: []string{"secret"}, Hash: hash("email")}}})
	with := func(name string, columns ...record.Column) *record.Schema {
		return record.NewSchema(record.Name{Database: "shop", Table: name}, append(users.Columns[:2:2], columns...), 0)
	}
	plain := with("users")
	for _, tt := range []struct {
		name string
		c    record.Change
		want string // of the new schema; "none": no change; "same": the change as it is
	}{
		{"an excluded column is added", record.Change{Kind: record.Alter, From: plain, To: with("users", record.Column{Name: "secret", Kind: record.String})}, "none"},
		{"another one is", record.Change{Kind: record.Alter, From: plain, To: with("users", record.Column{Name: "n", Kind: record.Int64})}, "*id int64 0, email string 64, n int64 0"},
		{"a hashed one is wider", record.Change{Kind: record.Alter, From: plain, To: record.NewSchema(plain.Name, []record.Column{plain.Columns[0], {Name: "email", Kind: record.String, Length: 500, Nullable: true, Comment: "where to"}}, 0)}, "none"},
		{"a new table", record.Change{Kind: record.Create, To: with("users", record.Column{Name: "secret"})}, "*id int64 0, email string 64"},
		{"an index", record.Change{Kind: record.Other, From: plain, To: plain}, "none"},
		{"truncated", record.Change{Kind: record.Truncate, From: plain, To: plain}, "*id int64 0, email string 64"},
		{"another database", record.Change{Kind: record.Alter, Name: record.Name{Database: "x", Table: "y"}}, "same"},
	} {
		if tt.c.Name.Table == "" {
			tt.c.Name = plain.Name
		}
		tt.c.SQL = "ALTER TABLE users ADD secret text DEFAULT 'x'"
		got, err := p.Change(&tt.c)
		switch {
		case err != nil:
			t.Errorf("%s: %v", tt.name, err)
		case tt.want == "none" && got != nil || tt.want == "same" && got != &tt.c:
			t.Errorf("%s: %+v", tt.name, got)
		case tt.want != "none" && tt.want != "same" && (got == nil || got.SQL != "" || shown(got.To) != tt.want):
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
}

// TestDefaultsAreHidden has defaults of columns that a change adds.
func TestDefaultsAreHidden(t *testing.T) {
	p := mustNew(t, columns.Settings{Changes: true, Rules: []columns.Rule{{Tables: []string{"users"}, Exclude: []string{"secret"}, Hash: hash("mail"), Mask: stars(2, "name")}}})
	var added []record.Column
	var told []record.ColumnChange
	for i, name := range []string{"secret", "mail", "name", "open"} {
		added = append(added, record.Column{Name: name, Kind: record.String})
		told = append(told, record.ColumnChange{Column: 5 + i, Added: true, Fill: record.Default{Kind: record.Constant, Text: name}, Default: record.Default{Kind: record.Computed}})
	}
	c, err := p.Change(&record.Change{Kind: record.Alter, Name: users.Name, From: users, To: record.NewSchema(users.Name, append(users.Columns[:5:5], added...), 0), Columns: told})
	if err != nil || len(c.Columns) != 3 {
		t.Fatalf("%+v, %v", c, err)
	}
	for i, want := range []string{digest("mail"), "**", "open"} {
		if got := c.Columns[i]; got.Column != 5+i || got.Fill.Text != want || !got.Added || got.Default.Kind != record.Computed {
			t.Errorf("%+v, want %s", got, want)
		}
	}
}

// TestRenamedColumn stops where a column would leave its rule behind.
func TestRenamedColumn(t *testing.T) {
	p := mustNew(t, columns.Settings{Changes: true, Rules: []columns.Rule{{Tables: []string{"users"}, Hash: hash("email", "e_mail")}}})
	to := func(name string) *record.Change {
		s := record.NewSchema(users.Name, append([]record.Column(nil), users.Columns...), 0)
		s.Columns[1].Name = name
		return &record.Change{Kind: record.Alter, Name: users.Name, From: users, To: s}
	}
	_, err := p.Change(to("mail"))
	if err == nil || errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), "tableColumns[0].hash[0]: column email of table shop.users, for which it is, is gone, and mail is new, for which there is no rule") {
		t.Errorf("%v", err)
	}
	replaced := to("mail")
	replaced.Columns = []record.ColumnChange{{Column: 1, Added: true}}
	if _, err := p.Change(replaced); err != nil {
		t.Errorf("one column is dropped and another added: %v", err)
	}
	if c, err := p.Change(to("e_mail")); err != nil || c.To.Columns[1].Length != 64 {
		t.Errorf("%+v, %v", c, err)
	}
}

// TestRenamedTable stops where a table would leave its rules behind.
func TestRenamedTable(t *testing.T) {
	p := mustNew(t, columns.Settings{Changes: true, Rules: []columns.Rule{{Tables: []string{"users", "people"}, Hash: hash("email")}}})
	to := func(name string) *record.Change {
		return &record.Change{Kind: record.Rename, Name: users.Name, From: users, To: record.NewSchema(record.Name{Database: "shop", Table: name}, users.Columns, 0)}
	}
	_, err := p.Change(to("members"))
	if err == nil || errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), "tableColumns[0].hash[0]: table shop.users, for which it is, was renamed to shop.members, for whose column email there is no rule: name that table too") {
		t.Errorf("%v", err)
	}
	if c, err := p.Change(to("people")); err != nil || c.To.Columns[1].Length != 64 || c.To.Name.Table != "people" {
		t.Errorf("%+v, %v", c, err)
	}
}

func BenchmarkScreen(b *testing.B) {
	other := record.NewSchema(record.Name{Table: "orders"}, users.Columns, 0)
	word := "hidden"
	for _, bb := range []struct {
		name string
		s    *record.Schema
		rule columns.Rule
	}{
		{"another table", other, columns.Rule{Exclude: []string{"email"}}},
		{"exclude", users, columns.Rule{Exclude: []string{"email"}}},
		{"mask", users, columns.Rule{Mask: []columns.Mask{{Columns: []string{"email"}, Text: &word}}}},
		{"keep ends", users, columns.Rule{Mask: []columns.Mask{{Columns: []string{"email"}, Keeps: true, KeepLast: 4}}}},
		{"hash", users, columns.Rule{Hash: hash("email")}},
		{"hash of the key", users, columns.Rule{Hash: hash("id")}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			bb.rule.Tables = []string{"users"}
			p := mustNew(b, columns.Settings{Rules: []columns.Rule{bb.rule}})
			in, out := record.NewBatch(0, 0), record.NewBatch(0, 0)
			for i := range int64(record.TargetRows) {
				user(in, record.Insert, i, "somebody@example.com", "+49 30 123456")
			}
			in.Relabel(users, bb.s)
			s := p.NewScreen()
			b.ReportAllocs()
			for b.Loop() {
				out.Reset("0")
				if _, err := s.Apply(in, out); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*record.TargetRows/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
