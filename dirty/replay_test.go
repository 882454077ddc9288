package dirty_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
	"github.com/datasync-io/datasync/dirty"
)

const replaySchema = `"schema":{"table":"t","columns":[{"name":"id","kind":"int64"},{"name":"a","kind":"string"}],"data":2}`

func replayLine(op, kinds, values string) string {
	return fmt.Sprintf(`{"class":"conversion","reason":"overflow","error":"e","op":%q,%s,"kinds":[%s],"values":[%s]}`, op, replaySchema, kinds, values)
}

func replayFile(t *testing.T, lines ...string) *dirty.Replay {
	t.Helper()
	path := filepath.Join(t.TempDir(), "d.jsonl")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := dirty.NewReplay(path)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// replayAll reads the rest of a split, a few rows at a time, and returns rows,
// refused input and the last position.
func replayAll(t *testing.T, r *dirty.Replay, from plugin.Progress, most int) (rows, refused []string, position []byte) {
	t.Helper()
	s, err := r.Open(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for {
		b := record.NewBatch(most, 0)
		b.Reset(from.Split.ID)
		err := s.Fill(t.Context(), b)
		if err != nil && err != io.EOF {
			t.Fatal(err)
		}
		for i := range b.Len() {
			rows = append(rows, strings.Join(cells(b.Row(i)), "|"))
		}
		for _, bad := range b.Rejects() {
			refused = append(refused, string(bad.Raw)+": "+bad.Err.Error())
		}
		if len(b.Marks()) != 1 {
			t.Fatalf("%d marks", len(b.Marks()))
		}
		position = b.Marks()[0].Position
		if err == io.EOF || most < 10 {
			return rows, refused, position
		}
	}
}

func planned(t *testing.T, r *dirty.Replay) plugin.Progress {
	t.Helper()
	splits, err := r.Splits(t.Context(), plugin.Plan{Channels: 3})
	if err != nil || len(splits) != 1 {
		t.Fatalf("%d splits, %v", len(splits), err)
	}
	return plugin.Progress{Split: splits[0]}
}

func TestReplayReadsCorrectedRows(t *testing.T) {
	r := replayFile(t,
		replayLine("insert", `"string","null"`, `"7",null`),
		replayLine("insert", `"string","string"`, `8,"corrected"`),
		replayLine("insert", `"null","string"`, `9,null`),
		"",
		replayLine("update-before", `"int64","string"`, `"1","old"`), replayLine("update-after", `"int64","string"`, `"1","new"`),
		replayLine("delete", `"int64","absent"`, `"2",null`))
	rows, refused, position := replayAll(t, r, planned(t, r), 100)
	want := []string{"string 7|null |insert", "string 8|string corrected|insert", "int64 9|null |insert",
		"int64 1|string old|update-before", "int64 1|string new|update-after", "int64 2|absent |delete"}
	if got := strings.Join(rows, "\n"); got != strings.Join(want, "\n") || refused != nil {
		t.Errorf("got\n%s\nwant\n%s\nrefused %q", got, strings.Join(want, "\n"), refused)
	}
	if !strings.Contains(string(position), `"at":"line 7"`) {
		t.Errorf("position %s", position)
	}
	schemas, err := r.Describe(t.Context())
	if err != nil || len(schemas) != 1 || schemas[0].Name.Table != "t" {
		t.Errorf("schemas %v, %v", schemas, err)
	}
}

func TestReplayRefusesWhatItCannotWrite(t *testing.T) {
	half := replayLine("update-before", `"int64","string"`, `"1","old"`)
	torn := half[:40]
	r := replayFile(t, `{"reason":"encoding","column":"a","error":"no row","raw":"1,2"}`, torn, half, replayLine("insert", `"int64","string"`, `"x","a"`), half,
		strings.Replace(replayLine("insert", `"int64","string"`, `"1","a"`), `{`, `{"asRead":true,`, 1))
	rows, refused, _ := replayAll(t, r, planned(t, r), 100)
	if len(rows) != 0 || len(refused) != 6 {
		t.Fatalf("rows %q, refused %q", rows, refused)
	}
	for i, want := range []string{`1,2: column "a": no row`, torn + ": reading line 2 of dirty rows", half + ": the old row of an update", `"x"`, half, `{"asRead":true,`} {
		if !strings.Contains(refused[i], want) {
			t.Errorf("refused %q, want %q", refused[i], want)
		}
	}
}

func TestReplayGoesOn(t *testing.T) {
	var lines []string
	for i := range 9 {
		lines = append(lines, replayLine("insert", `"int64","string"`, fmt.Sprintf(`"%d","a"`, i)))
	}
	r := replayFile(t, lines...)
	p := planned(t, r)
	again := r.Again()
	if again == r.Path() || filepath.Base(again) != "d.again.jsonl" {
		t.Errorf("again %s", again)
	}
	_, _, p.Position = replayAll(t, r, p, 4)

	f, err := os.OpenFile(r.Path(), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("\n" + lines[0] + "\n"); err != nil { // belongs to the next replay
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(again, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	later, err := dirty.NewReplay(r.Path())
	if err != nil {
		t.Fatal(err)
	}
	stored, err := later.Resume(t.Context(), 1, []plugin.Progress{p})
	if err != nil || later.Again() != again {
		t.Fatalf("%v, again %s", err, later.Again())
	}
	if rows, _, _ := replayAll(t, later, stored[0], 100); len(rows) != 5 || rows[0] != "int64 4|string a|insert" {
		t.Errorf("went on with %q", rows)
	}
	if next := planned(t, later); next.Split.ID != "0" || filepath.Base(later.Again()) != "d.again2.jsonl" {
		t.Errorf("the next replay writes to %s", later.Again())
	}
	if err := os.WriteFile(r.Path(), []byte(strings.Replace(strings.Join(lines, "\n"), `"a"`, `"b"`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := later.Resume(t.Context(), 1, stored); errclass.Of(err) != errclass.PositionLost {
		t.Errorf("a changed file: %v", err)
	}
}

func TestReplayOfNothing(t *testing.T) {
	r, err := dirty.NewReplay(filepath.Join(t.TempDir(), "none.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Probe(t.Context()); errclass.Of(err) != errclass.Config {
		t.Errorf("got %v", err)
	}
	folder, err := dirty.NewReplay(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := folder.Probe(t.Context()); errclass.Of(err) != errclass.Config {
		t.Errorf("got %v", err)
	}
}
