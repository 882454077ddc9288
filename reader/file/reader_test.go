package file

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/record"
)

// read reads all files, rejects as one cell with their raw text and error.
func read(t testing.TB, env plugin.Env, parameters string) (rows [][]string, err error) {
	t.Helper()
	r, err := plugintest.BuildReader(env, Info(), parameters)
	if err != nil {
		t.Fatal(err)
	}
	splits, err := plugintest.Plan(t.Context(), r, plugin.Plan{Channels: 1})
	if err != nil {
		return nil, err
	}
	for _, s := range splits {
		src, err := r.Open(t.Context(), plugin.Progress{Split: s})
		if err != nil {
			return rows, err
		}
		b := record.NewBatch(1<<20, 1<<30)
		err = src.Fill(t.Context(), b)
		if cerr := src.Close(); cerr != nil {
			t.Fatal(cerr)
		}
		for i := range b.Len() {
			row := b.Row(i)
			cells := plugintest.Cells(row)
			for c := row.Schema().Data; c < len(row.Schema().Columns); c++ {
				cells = append(cells, row.Schema().Columns[c].Name+" "+string(row.AppendText(nil, c)))
			}
			rows = append(rows, cells)
		}
		for _, reject := range b.Rejects() {
			rows = append(rows, []string{string(reject.Raw), reject.Err.Error()})
		}
		if !errors.Is(err, io.EOF) {
			return rows, err
		}
	}
	return rows, nil
}

func check(t *testing.T, parameters string, want ...[]string) {
	t.Helper()
	rows, err := read(t, plugintest.Env(), parameters)
	if err != nil || !slices.EqualFunc(rows, want, slices.Equal[[]string]) {
		t.Errorf("%s: got %q, %v, want %q", parameters, rows, err, want)
	}
}

func TestColumns(t *testing.T) {
	dir := t.TempDir()
	plain := put(t, dir, "plain.csv", "1,ann,x\n2,bob,y\n")
	titled := put(t, dir, "titled.csv", "id,name,note\n1,ann,x\n")
	objects := put(t, dir, "o.jsonl", `{"id":1,"name":"ann","tags":["a", 1.0]}`+"\n")
	for _, tt := range []struct {
		path, more string
		want       []string
	}{
		{plain, ``, []string{"string 1", "string ann", "string x"}},
		{plain, `,"column":["*"]`, []string{"string 1", "string ann", "string x"}},
		{plain, `,"column":["a","b"]`, []string{"string 1", "string ann"}},
		{plain, `,"column":[{"index":2,"type":"string"},{"index":0,"type":"int"}]`, []string{"string x", "int64 1"}},
		{plain, `,"column":[2,0]`, []string{"string x", "string 1"}},
		{plain, `,"column":[{"name":"c","value":"7","type":"bigint"},{"name":"b","index":1},{"name":"internal_file_name"}]`, []string{"int64 7", "string ann", "string " + plain}},
		{titled, `,"header":true`, []string{"string 1", "string ann", "string x"}},
		{titled, `,"isFirstLineHeader":"true","column":["note",{"name":"id","type":"int"}]`, []string{"string x", "int64 1"}},
		{titled, `,"header":true,"column":[{"name":"c1","type":"int"},{"name":"c2"}]`, []string{"int64 1", "string ann"}},
		{titled, `,"header":true,"column":[{"name":"id","index":1}]`, []string{"string ann"}},
		{objects, ``, []string{"int64 1", "string ann", `json ["a", 1.0]`}},
		{objects, `,"column":["tags","gone",{"name":"id","type":"string"},{"name":"x","value":"7"}]`, []string{`json ["a", 1.0]`, "null", "string 1", "string 7"}},
	} {
		rows, err := read(t, plugintest.Env(), fmt.Sprintf(`{"path":%q%s}`, tt.path, tt.more))
		if err != nil || len(rows) == 0 || !slices.Equal(rows[0], tt.want) {
			t.Errorf("%s%s: got %q, %v, want %q", filepath.Base(tt.path), tt.more, rows, err, tt.want)
		}
	}
}

func TestHeadersThatDoNotFit(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "a.csv", "id,name\n1,a\n")
	put(t, dir, "b.csv", "name,id\nb,2\n")
	check(t, fmt.Sprintf(`{"path":%q,"header":true}`, dir), []string{"string 1", "string a"}, []string{"string 2", "string b"})
	put(t, dir, "c.csv", "id,name,more\n3,c,x\n")
	for _, parameters := range []string{`{"path":%q,"header":true}`, `{"path":%q,"header":true,"column":["id","gone"]}`} {
		_, err := read(t, plugintest.Env(), fmt.Sprintf(parameters, dir))
		if err == nil || !strings.Contains(err.Error(), "header") {
			t.Errorf("%s: %v", parameters, err)
		}
	}
}

func TestBadRecords(t *testing.T) {
	dir := t.TempDir()
	path := put(t, dir, "bad.csv", "id,n\n1,1\nx,2\n3\n4,4,4\n\"5\"x,5\n6,\"6\n7,7\n")
	const typed = `"column":[{"name":"id","type":"int"},"n"]`
	check(t, fmt.Sprintf(`{"path":%q,"header":true,%s}`, path, typed),
		[]string{"int64 1", "string 1"}, []string{"int64 7", "string 7"},
		[]string{"x,2", `column "id": ` + path + `:3: "x" is no integer`},
		[]string{"3", path + ":4: the record has 1 fields, 2 are expected"},
		[]string{"4,4,4", path + ":5: the record has 3 fields, 2 are expected"},
		[]string{`"5"x,5`, path + `:6: field 1 goes on behind its closing quote with "x,5"`},
		[]string{`6,"6`, path + ":7: a quote is not closed"})
	path = put(t, dir, "bad.jsonl", "{\"id\":1}\n{\"id\":\n\n[]\n{\"id\":99999999999}\n{\"id\":2,\"n\":1}")
	check(t, fmt.Sprintf(`{"path":%q,%s}`, path, typed),
		[]string{"int64 1", "null"}, []string{"int64 2", "int64 1"},
		[]string{`{"id":`, path + ":2: it is no valid JSON"},
		[]string{`[]`, path + ":4: it is no JSON object"},
		[]string{`{"id":99999999999}`, `column "id": ` + path + `:5: 99999999999 does not fit an integer of 32 bits`})
	check(t, fmt.Sprintf(`{"path":%q}`, path),
		[]string{"int64 1"}, []string{"int64 99999999999"},
		[]string{`{"id":`, path + ":2: it is no valid JSON"},
		[]string{`[]`, path + ":4: it is no JSON object"},
		[]string{`{"id":2,"n":1}`, `column "n": ` + path + `:6: the member is no column of the first line: list the columns`})
}

func TestLongRecord(t *testing.T) {
	for _, name := range []string{"a.csv", "a.jsonl"} {
		path := put(t, t.TempDir(), name, strings.Repeat("x", 5000)+"\n")
		rows, err := read(t, plugintest.Env(), fmt.Sprintf(`{"path":%q,"column":["a"],"maxRecordSize":1024}`, path))
		if err != nil || len(rows) != 1 || len(rows[0][0]) == 0 || !strings.Contains(rows[0][1], ":1: the line is longer than the limit") {
			t.Errorf("%s: got %q, %v", name, rows, err)
		}
	}
}

func TestDialects(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct {
		name, content, more string
		want                []string
	}{
		{"a.csv", "a,,\"\"\n", ``, []string{"string a", "null", "string "}},
		{"b.csv", "a,,\\N\n", `,"nullFormat":"\\N"`, []string{"string a", "string ", "null"}},
		{"c.tsv", "a,b\tc\n", ``, []string{"string a,b", "string c"}},
		{"d.txt", "a\x01b\n", `,"fieldDelimiter":"\\001"`, []string{"string a", "string b"}},
		{"e.csv", "a||'b||c'\n", `,"fieldDelimiter":"||","quote":"'"`, []string{"string a", "string b||c"}},
		{"f.csv", "\"a,b\n", `,"quoteCharacter":""`, []string{`string "a`, "string b"}},
		{"g.csv", "\xc4\xe3\xba\xc3,\xa8\xb9\n", `,"encoding":"GBK"`, []string{"string 你好", "string ü"}},
		{"g.jsonl", "{\"a\":\"\xc4\xe3\"}\n", `,"encoding":"GBK"`, []string{"string 你"}},
		{"h.dat", "{\"a\":1}\n", `,"fileType":"json"`, []string{"int64 1"}},
		{"i.csv", "31/01/2024,x\n", `,"column":[{"name":"a","type":"date","format":"dd/MM/yyyy"}]`, []string{"date 2024-01-31"}},
		{"j.csv", "one column\n\n", ``, []string{"string one column"}},
	} {
		path := put(t, dir, tt.name, tt.content)
		rows, err := read(t, plugintest.Env(), fmt.Sprintf(`{"path":%q%s}`, path, tt.more))
		if err != nil || len(rows) == 0 || !slices.Equal(rows[0], tt.want) {
			t.Errorf("%s: got %q, %v, want %q", tt.name, rows, err, tt.want)
		}
	}
}

func TestPaths(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.csv", "b.csv", "sub/c.csv", "sub/deep/d.csv", ".hidden.csv", ".data/e.csv", "with,comma.csv", "empty.csv", "x.jsonl"} {
		line := name + "\n"
		if strings.HasPrefix(name, "empty") {
			line = ""
		}
		put(t, dir, name, line)
	}
	all := `,"format":"csv","quoteCharacter":"","fieldDelimiter":";"}`
	for path, want := range map[string][]string{
		`"%[1]s"`:                       {"a.csv", "b.csv", "sub/c.csv", "sub/deep/d.csv", "with,comma.csv", "x.jsonl"},
		`"%[1]s/*.csv"`:                 {"a.csv", "b.csv", "with,comma.csv"},
		`"%[1]s/[ab].csv,%[1]s/sub"`:    {"a.csv", "b.csv", "sub/c.csv", "sub/deep/d.csv"},
		`["%[1]s/b.csv","%[1]s/*.csv"]`: {"a.csv", "b.csv", "with,comma.csv"},
		`"%[1]s/with,comma.csv"`:        {"with,comma.csv"},
		`"%[1]s/.hidden.csv"`:           {".hidden.csv"},
		`"%[1]s/.data"`:                 {".data/e.csv"},
		`["", "%[1]s/a.csv"]`:           {"a.csv"},
	} {
		rows, err := read(t, plugintest.Env(), `{"path":`+fmt.Sprintf(path, dir)+all)
		var got []string
		for _, row := range rows {
			got = append(got, strings.TrimPrefix(row[0], "string "))
		}
		slices.Sort(got)
		slices.Sort(want)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %q, %v, want %q", path, got, err, want)
		}
	}
	for _, path := range []string{dir + "/none.csv", dir + "/none*.csv", dir + "/a.csv," + dir + "/none.csv"} {
		_, err := read(t, plugintest.Env(), fmt.Sprintf(`{"path":%q}`, path))
		if err == nil || !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), dir+"/none") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestMetadata(t *testing.T) {
	path := put(t, t.TempDir(), "a.csv", "id,text\n1,\"two\nlines\"\n2,x\n")
	env := plugintest.Env()
	env.Meta = []string{"_file", "_offset", "_lsn"}
	rows, err := read(t, env, fmt.Sprintf(`{"path":%q,"header":true}`, path))
	want := [][]string{{"string 1", "string two\nlines", "_offset 2", "_file " + path}, {"string 2", "string x", "_offset 4", "_file " + path}}
	if err != nil || !slices.EqualFunc(rows, want, slices.Equal[[]string]) {
		t.Errorf("got %q, %v, want %q", rows, err, want)
	}
}

func TestChangedFile(t *testing.T) {
	path := put(t, t.TempDir(), "a.csv", "1\n2\n3\n")
	r := plugintest.NewReader(t, Info(), fmt.Sprintf(`{"path":%q}`, path))
	splits, err := plugintest.Plan(t.Context(), r, plugin.Plan{Channels: 1})
	if err != nil {
		t.Fatal(err)
	}
	from := plugin.Progress{Split: splits[0], Position: position{Line: 1, Records: 1, Offset: 2}.encode("line", 1)}
	resume := func() error {
		_, err := r.(plugin.Resumer).Resume(t.Context(), 1, []plugin.Progress{from})
		return err
	}
	if err := resume(); err != nil {
		t.Errorf("the same file: %v", err)
	}
	if err := os.Chtimes(path, time.Time{}, time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if err := resume(); errclass.Of(err) != errclass.PositionLost || !strings.Contains(err.Error(), path) {
		t.Errorf("a changed file: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := resume(); errclass.Of(err) != errclass.PositionLost {
		t.Errorf("a removed file: %v", err)
	}
	from.Done = true
	if err := resume(); err != nil {
		t.Errorf("a removed file that was read to its end: %v", err)
	}
}

func TestBrokenGzip(t *testing.T) {
	dir := t.TempDir()
	path := put(t, dir, "a.csv.gz", strings.Repeat("a line of text\n", 10_000))
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data[:len(data)-20], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := read(t, plugintest.Env(), fmt.Sprintf(`{"path":%q}`, path)); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a cut gzip gave %v", err)
	}
	none := filepath.Join(dir, "none.gz")
	if err := os.WriteFile(none, []byte("plain"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := read(t, plugintest.Env(), fmt.Sprintf(`{"path":%q}`, none)); err == nil || !strings.Contains(err.Error(), "no gzip") {
		t.Errorf("a plain file as gzip gave %v", err)
	}
}

func BenchmarkRead(b *testing.B) {
	for _, tt := range []struct{ name, line, columns string }{
		{"text.csv", "1234567,a name of some length,2024-01-02 03:04:05,12.50,true,another text,-42,7,0.125,the end\n", `"*"`},
		{"typed.csv", "1234567,a name of some length,2024-01-02 03:04:05,12.50,true,another text,-42,7,0.125,the end\n",
			`{"type":"bigint"},{"type":"string"},{"type":"datetime"},{"type":"decimal(10,2)"},{"type":"boolean"},{"type":"string"},{"type":"int"},{"type":"int"},{"type":"double"},{"type":"string"}`},
		{"rows.jsonl", `{"id":1234567,"name":"a name of some length","at":"2024-01-02 03:04:05","price":12.50,"ok":true,"text":"another text","n":-42,"m":7,"f":0.125,"last":"the end"}` + "\n", `"*"`},
	} {
		b.Run(tt.name, func(b *testing.B) {
			const rows = 100_000
			path := put(b, b.TempDir(), tt.name, strings.Repeat(tt.line, rows))
			r := plugintest.NewReader(b, Info(), fmt.Sprintf(`{"path":%q,"column":[%s]}`, path, tt.columns))
			splits, err := plugintest.Plan(b.Context(), r, plugin.Plan{Channels: 1})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.SetBytes(int64(len(tt.line)))
			batch := record.NewBatch(0, 0)
			for n := 0; n < b.N; n += rows {
				src, err := r.Open(b.Context(), plugin.Progress{Split: splits[0]})
				if err != nil {
					b.Fatal(err)
				}
				for err == nil {
					batch.Reset("0")
					err = src.Fill(b.Context(), batch)
				}
				if len(batch.Rejects()) > 0 || src.Close() != nil {
					b.Fatal(batch.Rejects()[0].Err)
				}
			}
		})
	}
}
