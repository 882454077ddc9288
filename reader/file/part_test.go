package file

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/parquetfmt"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/record"
)

// TestContractParts runs the suite over files that are read in parts.
func TestContractParts(t *testing.T) {
	for name, more := range map[string]string{
		"quoted": `,"header":true,"splitSize":100`, "bare": `,"header":true,"quoteCharacter":"","splitSize":70`, "lines": `,"splitSize":100`,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			format, head := "csv", "\xef\xbb\xbfid,name,price\r\n"
			if name == "lines" {
				format, head = "jsonl", ""
			}
			var want [][]string
			for i := range 2 {
				text, rows := content(format, i*1000, 100)
				if name == "bare" {
					text, rows = bare(i*1000, 100)
				}
				put(t, dir, fmt.Sprintf("%d.%s", i, format), head+text)
				want = append(want, rows...)
			}
			config := fmt.Sprintf(`{"path":%q,%s%s}`, dir, columns, more)
			plugintest.Reader(t, plugintest.ReaderSuite{
				New:       func(t testing.TB) plugin.Reader { return plugintest.NewReader(t, Info(), config) },
				Want:      func(testing.TB) [][]string { return want },
				Channels:  []int{1, 2, 7},
				Resumable: true,
				Bad:       badSize,
			})
			splits, err := plugintest.Plan(t.Context(), plugintest.NewReader(t, Info(), config), plugin.Plan{Channels: 4})
			if err != nil || len(splits) < 20 {
				t.Errorf("two large files gave %d splits, %v", len(splits), err)
			}
		})
	}
}

var badSize = map[string]func(testing.TB) error{"size": plugintest.ReaderError(Info(), `{"path":"x","splitSize":-1}`)}

func bare(from, n int) (text string, rows [][]string) {
	for i := from; i < from+n; i++ {
		text += fmt.Sprintf("%d,\"n%d,%d.25\n", i, i, i)
		rows = append(rows, []string{fmt.Sprintf("int64 %d", i), fmt.Sprintf(`string "n%d`, i), fmt.Sprintf("decimal %d.25", i)})
	}
	return text, rows
}

// drain reads some splits: the rows, and behind all rows the rejects.
func drain(t testing.TB, r plugin.Reader, splits []plugin.Split) (rows [][]string) {
	t.Helper()
	var rejects [][]string
	for _, s := range splits {
		src, err := r.Open(t.Context(), plugin.Progress{Split: s})
		must(t, err)
		for err == nil {
			b := record.NewBatch(0, 0)
			err = src.Fill(t.Context(), b)
			rows = append(rows, plugintest.BatchCells(b)...)
			for _, reject := range b.Rejects() {
				rejects = append(rejects, []string{string(reject.Raw), reject.Err.Error()})
			}
		}
		if !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		must(t, src.Close())
	}
	return append(rows, rejects...)
}

// compareParts reads a file whole and in parts of every size.
func compareParts(t testing.TB, path, more string, sizes ...int) {
	t.Helper()
	whole := plugintest.NewReader(t, Info(), fmt.Sprintf(`{"path":%q%s}`, path, more))
	splits, err := plugintest.Plan(t.Context(), whole, plugin.Plan{Channels: 1})
	must(t, err)
	want := drain(t, whole, splits)
	for _, size := range sizes {
		r := plugintest.NewReader(t, Info(), fmt.Sprintf(`{"path":%q,"splitSize":%d%s}`, path, size, more))
		parts, err := plugintest.Plan(t.Context(), r, plugin.Plan{Channels: 50})
		must(t, err)
		got := drain(t, r, parts)
		if !slices.EqualFunc(got, want, slices.Equal[[]string]) {
			t.Fatalf("parts of %d bytes, %d of them: got %q, want %q", size, len(parts), got, want)
		}
	}
}

// TestPartsOfBadFiles compares what is read of files with stray quotes, which
// also may never be closed.
func TestPartsOfBadFiles(t *testing.T) {
	for _, text := range []string{
		"a,b\n\"c\nd\",e\nf,\"g\nh,i\nj,k\n", "\"a\nb\nc\n", "a,\"b\"x\nc,\"d\n\ne\",f\n", "a\"b,c\nd,e\"\nf,g\n", "a,b\r\n\r\n\"c\r\n\",d", "\n\n\n", "a", "\"\"\"\n\",b\nc,\"\"\n",
	} {
		path := put(t, t.TempDir(), "a.csv", text)
		compareParts(t, path, `,"column":["a","b"]`, 1, 2, 3, 5, 8, 13)
	}
}

// FuzzParts compares the rows of parts with those of the whole.
func FuzzParts(f *testing.F) {
	f.Add("a,b\n\"c\nd\",e\nf,\"g\nh,i\nj,k\n", uint8(3))
	f.Add("\"\n\"\"\n\",\"\n", uint8(1))
	f.Fuzz(func(t *testing.T, text string, size uint8) {
		path := put(t, t.TempDir(), "a.csv", text)
		compareParts(t, path, `,"column":["a"]`, int(size)+1)
	})
}

// TestPartsOfRandomRows writes rows with quoted line ends and reads them in parts.
func TestPartsOfRandomRows(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var text strings.Builder
	pieces := []string{"a", "\"\"", ",", "\n", "\r\n", "世", " "}
	for range 2000 {
		text.WriteString("x,\"")
		for range rnd.IntN(12) {
			text.WriteString(pieces[rnd.IntN(len(pieces))])
		}
		text.WriteString("\"\n")
	}
	path := put(t, t.TempDir(), "a.csv", text.String())
	compareParts(t, path, `,"column":["a","b"]`, 100, 999, 4096, 20_000)
}

// TestPartsName says where a bad record is: by its line where lines are
// counted, else by its byte.
func TestPartsName(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct{ name, line, bad, more, want string }{
		{"a.csv", "1,\"a\nb\"\n", "x,y\n", ``, ":21: "}, {"b.csv", "1,a b c\n", "x,y\n", `,"quoteCharacter":""`, ": byte 80: "}, {"c.jsonl", "{\"id\":1}\n", "{\n", ``, ": byte 90: "},
	} {
		path := put(t, dir, tt.name, strings.Repeat(tt.line, 10)+tt.bad+strings.Repeat(tt.line, 10))
		r := plugintest.NewReader(t, Info(), fmt.Sprintf(`{"path":%q,"splitSize":20,"column":[{"name":"id","type":"int"}]%s}`, path, tt.more))
		splits, err := plugintest.Plan(t.Context(), r, plugin.Plan{Channels: 4})
		must(t, err)
		rows := drain(t, r, splits)
		if len(rows) != 21 || !strings.Contains(rows[20][1], path+tt.want) {
			t.Errorf("%s: %d rows, at last %q", tt.name, len(rows), rows[len(rows)-1])
		}
	}
	env := plugintest.Env()
	env.Meta = []string{"_offset"}
	r, err := plugintest.BuildReader(env, Info(), fmt.Sprintf(`{"path":%q,"splitSize":20,"column":["id"]}`, put(t, dir, "d.jsonl", strings.Repeat("{\"id\":1}\n", 30))))
	must(t, err)
	splits, err := plugintest.Plan(t.Context(), r, plugin.Plan{Channels: 4})
	must(t, err)
	line := int64(0)
	for _, s := range splits {
		src, err := r.Open(t.Context(), plugin.Progress{Split: s})
		must(t, err)
		b := record.NewBatch(0, 0)
		if err := src.Fill(t.Context(), b); !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		for i := range b.Len() {
			if line++; b.Row(i).Int64(1) != line {
				t.Fatalf("line %d says that it is %d", line, b.Row(i).Int64(1))
			}
		}
		must(t, src.Close())
	}
	if line != 30 || len(splits) < 10 {
		t.Errorf("%d lines in %d parts", line, len(splits))
	}
}

// TestChangedPart refuses a part of a file that is another one now, also one
// that was not begun.
func TestChangedPart(t *testing.T) {
	path := put(t, t.TempDir(), "a.csv", strings.Repeat("1,a\n", 50))
	r := plugintest.NewReader(t, Info(), fmt.Sprintf(`{"path":%q,"splitSize":20}`, path))
	splits, err := plugintest.Plan(t.Context(), r, plugin.Plan{Channels: 2})
	must(t, err)
	must(t, os.Chtimes(path, time.Time{}, time.Unix(1, 0)))
	if _, err := r.Open(t.Context(), plugin.Progress{Split: splits[1]}); errclass.Of(err) != errclass.PositionLost {
		t.Errorf("a part of a changed file: %v", err)
	}
}

// parquetFile writes rows of a schema in row groups of 50 rows.
func parquetOf(t testing.TB, dir, name string, s *record.Schema, from, to int) string {
	t.Helper()
	e, err := parquetfmt.NewEncoder(s, s.Columns[:s.Data], parquetfmt.Settings{Compress: "snappy", GroupBytes: 1})
	must(t, err)
	e.Begin(0)
	var data []byte
	for i := from; i < to; i += 50 {
		b := plugintest.Rows(s, i, min(i+50, to))
		for j := range b.Len() {
			data, err = e.Append(data, b.Row(j))
			must(t, err)
		}
		data, err = e.Settle(data, 1)
		must(t, err)
	}
	data, _, err = e.End(data)
	must(t, err)
	path := filepath.Join(dir, name)
	must(t, os.WriteFile(path, data, 0o600))
	return path
}

func TestContractParquet(t *testing.T) {
	s := plugintest.AllKinds("t")
	dir := t.TempDir()
	parquetOf(t, dir, "a.parquet", s, 0, 420)
	parquetOf(t, dir, "b.parquet", s, 420, 460)
	want := plugintest.BatchCells(plugintest.Rows(s, 0, 460))
	for _, more := range []string{``, `,"column":["*"],"splitSize":100`} {
		plugintest.Reader(t, plugintest.ReaderSuite{
			New: func(t testing.TB) plugin.Reader {
				return plugintest.NewReader(t, Info(), fmt.Sprintf(`{"path":%q%s}`, dir, more))
			},
			Want:      func(testing.TB) [][]string { return want },
			Resumable: true,
			Bad:       badSize,
		})
	}
	r := plugintest.NewReader(t, Info(), fmt.Sprintf(`{"path":%q,"splitSize":100}`, dir))
	splits, err := plugintest.Plan(t.Context(), r, plugin.Plan{Channels: 2})
	if err != nil || len(splits) < 6 {
		t.Errorf("row groups gave %d splits, %v", len(splits), err)
	}
}

// TestParquetColumns takes columns by name and index, converts and refuses.
func TestParquetColumns(t *testing.T) {
	s := record.NewSchema(record.Name{Table: "t"}, []record.Column{{Name: "id", Kind: record.Int64}, {Name: "price", Kind: record.Decimal, Precision: 12, Scale: 2}, {Name: "name", Kind: record.String, Nullable: true}})
	e, err := parquetfmt.NewEncoder(s, s.Columns, parquetfmt.Settings{Compress: "none"})
	must(t, err)
	b := record.NewBatch(0, 0)
	for i, name := range []string{"7", "x"} {
		b.Begin(s, record.Insert)
		b.Int64(int64(i))
		b.Text(record.Decimal, "1.5")
		b.Text(record.String, name)
	}
	e.Begin(0)
	for i := range b.Len() {
		_, err := e.Append(nil, b.Row(i))
		must(t, err)
	}
	data, _, err := e.End(nil)
	must(t, err)
	dir := t.TempDir()
	path := put(t, dir, "a.parquet", string(data))
	check(t, fmt.Sprintf(`{"path":%q}`, path), []string{"int64 0", "decimal 1.50", "string 7"}, []string{"int64 1", "decimal 1.50", "string x"})
	check(t, fmt.Sprintf(`{"path":%q,"column":["price",{"index":0},{"name":"c","value":"y"},{"name":"internal_file_name"}]}`, path),
		[]string{"decimal 1.50", "int64 0", "string y", "string " + path}, []string{"decimal 1.50", "int64 1", "string y", "string " + path})
	check(t, fmt.Sprintf(`{"path":%q,"column":[{"name":"name","type":"int"},{"name":"id","type":"string"},"price"]}`, path),
		[]string{"int64 7", "string 0", "decimal 1.50"}, []string{`{"name":"x","id":1,"price":1.50}`, `column "name": ` + path + `: row 2: "x" is no integer`})
	for more, part := range map[string]string{`,"column":["gone"]`: `no column "gone"`, `,"column":[{"index":9}]`: `no column "9"`} {
		if _, err := read(t, plugintest.Env(), fmt.Sprintf(`{"path":%q%s}`, path, more)); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: %v", more, err)
		}
	}
	none := put(t, dir, "none.parquet", "PAR1 but no more")
	if _, err := read(t, plugintest.Env(), fmt.Sprintf(`{"path":%q}`, none)); err == nil || !strings.Contains(err.Error(), "no parquet file") {
		t.Errorf("no parquet: %v", err)
	}
}

// TestLargeValues reads values of 16 MiB from every format.
func TestLargeValues(t *testing.T) {
	large := strings.Repeat("0123456789abcde ", 1<<20)
	quoted, err := json.Marshal(large)
	must(t, err)
	s := record.NewSchema(record.Name{Table: "t"}, []record.Column{{Name: "a", Kind: record.String}})
	e, err := parquetfmt.NewEncoder(s, s.Columns, parquetfmt.Settings{Compress: "zstd"})
	must(t, err)
	b := record.NewBatch(0, 0)
	b.Begin(s, record.Insert)
	b.Text(record.String, large)
	e.Begin(0)
	for range 3 {
		_, err := e.Append(nil, b.Row(0))
		must(t, err)
	}
	parquet, _, err := e.End(nil)
	must(t, err)
	for name, content := range map[string][]byte{
		"a.csv": bytes.Repeat(append(bytes.Clone(quoted), '\n'), 3), "a.jsonl": bytes.Repeat(fmt.Appendf(nil, "{\"a\":%s}\n", quoted), 3), "a.parquet": parquet,
	} {
		path := filepath.Join(t.TempDir(), name)
		must(t, os.WriteFile(path, content, 0o600))
		rows, err := read(t, plugintest.Env(), fmt.Sprintf(`{"path":%q,"column":[{"name":"a","type":"string"}]}`, path))
		if err != nil || len(rows) != 3 || rows[2][0] != "string "+large {
			t.Errorf("%s: %d rows, %v", name, len(rows), err)
		}
	}
}

// BenchmarkScan goes over a file with quotes to find where its parts begin.
func BenchmarkScan(b *testing.B) {
	line := "1234567,\"a name, of some length\",2024-01-02 03:04:05,12.50,true,another text,-42,7,0.125,the end\n"
	path := put(b, b.TempDir(), "a.csv", strings.Repeat(line, 200_000))
	r, err := newReader(plugintest.Env(), defaults())
	must(b, err)
	r.config.SplitSize = 1 << 20
	info, err := lookAt(path)
	must(b, err)
	b.SetBytes(info.Size)
	for b.Loop() {
		parts, err := r.parts(b.Context(), path, info, 4)
		if err != nil || len(parts) < 15 {
			b.Fatal(len(parts), err)
		}
	}
}
