package file

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/filekit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/record"
)

var people = record.NewSchema(record.Name{Table: "people"}, []record.Column{{Name: "id", Kind: record.Int64}, {Name: "name", Kind: record.String, Nullable: true}})

func person(b *record.Batch, id int64, name string) {
	b.Begin(people, record.Insert)
	b.Int64(id)
	b.Text(record.String, name)
}

func persons(from, to int64) *record.Batch {
	b := record.NewBatch(0, 0)
	for id := from; id < to; id++ {
		person(b, id, "n"+strconv.FormatInt(id, 10))
	}
	return b
}

// run is one process of a job: what it has prepared outlives it.
type run struct {
	w      *writer
	tokens map[int][]byte
}

func (r *run) list() (tokens [][]byte) {
	for _, channel := range slices.Sorted(maps.Keys(r.tokens)) {
		tokens = append(tokens, r.tokens[channel])
	}
	return tokens
}

func start(t testing.TB, d filekit.Disk, parameters string, tokens map[int][]byte) (*run, error) {
	t.Helper()
	w, err := plugintest.BuildWriter(plugintest.Env(), info(d), parameters)
	if err != nil {
		t.Fatal(err)
	}
	r := &run{w: w.(*writer), tokens: maps.Clone(tokens)}
	if r.tokens == nil {
		r.tokens = map[int][]byte{}
	}
	if err := r.w.Commit(t.Context(), 1, r.list()); err != nil {
		return r, err
	}
	if err := r.w.Discard(t.Context(), 1, r.list()); err != nil {
		return r, err
	}
	if err := r.w.Shape(t.Context(), []*record.Schema{people}); err != nil {
		return r, err
	}
	if tokens == nil {
		return r, r.w.Before(t.Context())
	}
	return r, nil
}

// write opens channel's sink, writes batches, prepares and closes.
func (r *run) write(t testing.TB, channel, of int, batches ...*record.Batch) error {
	t.Helper()
	s, err := r.w.Open(t.Context(), plugin.Task{Channel: channel, Of: of})
	if err != nil {
		return err
	}
	for _, b := range batches {
		if err := s.Write(t.Context(), b); err != nil {
			return errors.Join(err, s.Close())
		}
	}
	token, err := s.(plugin.Preparer).Prepare(t.Context(), 1)
	if err != nil {
		return errors.Join(err, s.Close())
	}
	if token != nil {
		r.tokens[channel] = token
	}
	return s.Close()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func parameters(dir, more string) string {
	return fmt.Sprintf(`{"path":%q%s}`, dir, more)
}

func TestNames(t *testing.T) {
	for _, tt := range []struct {
		more     string
		channels int
		want     []string
	}{
		{`,"fileName":"orders.jsonl"`, 1, []string{"orders.jsonl"}},
		{`,"fileName":"orders.jsonl"`, 2, []string{"orders_0_0.jsonl", "orders_1_0.jsonl"}},
		{`,"fileName":"orders.csv","maxFileSize":10`, 1, []string{"orders_0_0.csv", "orders_0_1.csv"}},
		{`,"fileName":"orders"`, 1, []string{"orders.csv"}},
		{`,"fileName":"orders","format":"json","compress":"gzip"`, 1, []string{"orders.jsonl.gz"}},
		{`,"fileName":"orders.tsv.gz"`, 1, []string{"orders.tsv.gz"}},
		{`,"fileName":"orders.csv","suffix":".txt"`, 1, []string{"orders.txt"}},
		{``, 1, []string{"contract.csv"}},
		{`,"fileName":"or.ders"`, 1, []string{"or.ders.csv"}},
	} {
		dir := t.TempDir()
		r, err := start(t, filekit.Local{}, parameters(dir, tt.more), nil)
		must(t, err)
		for c := range tt.channels {
			must(t, r.write(t, c, tt.channels, persons(0, 3)))
			if strings.Contains(tt.more, "maxFileSize") {
				must(t, r.write(t, c, tt.channels, persons(3, 6)))
			}
		}
		if got := visible(t, dir); len(got) != 0 {
			t.Errorf("%s: visible before the end: %v", tt.more, names(got))
		}
		must(t, r.w.After(t.Context()))
		if got := names(visible(t, dir)); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.more, got, tt.want)
		}
		if entries, _ := os.ReadDir(dir); len(entries) != len(tt.want) {
			t.Errorf("%s: something hidden is left: %v", tt.more, entries)
		}
	}
}

func TestPathIsAFile(t *testing.T) {
	dir := t.TempDir()
	r, err := start(t, filekit.Local{}, parameters(filepath.Join(dir, "sub", "people.csv.gz"), `,"header":true`), nil)
	must(t, err)
	must(t, r.write(t, 0, 1, persons(0, 1)))
	must(t, r.w.After(t.Context()))
	if got := visible(t, filepath.Join(dir, "sub")); got["people.csv.gz"] != "id,name\n0,n0\n" {
		t.Errorf("got %q", got)
	}
}

func TestNoRows(t *testing.T) {
	for more, want := range map[string]string{
		`,"fileName":"a.csv","header":true`:                                   "id,name\n",
		`,"fileName":"a.csv","header":true,"column":["key",{"name":"value"}]`: "key,value\n",
		`,"fileName":"a.jsonl"`:                                               "",
		`,"fileName":"a.csv.gz","header":"true"`:                              "id,name\n",
		`,"fileName":"a.csv.zst","header":["x","y"]`:                          "x,y\n",
	} {
		dir := t.TempDir()
		r, err := start(t, filekit.Local{}, parameters(dir, more), nil)
		must(t, err)
		must(t, r.write(t, 0, 2))
		must(t, r.w.After(t.Context()))
		files := visible(t, dir)
		if list := names(files); len(list) != 1 || files[list[0]] != want {
			t.Errorf("%s: got %q, want %q", more, files, want)
		}
	}
}

func TestWriteModes(t *testing.T) {
	for _, tt := range []struct {
		mode     string
		channels int
		atStart  []string // visible once Before has run
		want     []string
	}{
		{"append", 1, []string{"a.csv", "a_1_0.csv", "a_2024_01.csv", "b.csv"}, []string{"a.csv", "a_1.csv", "a_1_0.csv", "a_2024_01.csv", "b.csv"}},
		{"append", 2, []string{"a.csv", "a_1_0.csv", "a_2024_01.csv", "b.csv"}, []string{"a.csv", "a_0_0_1.csv", "a_1_0.csv", "a_1_0_1.csv", "a_2024_01.csv", "b.csv"}},
		{"overwrite", 1, []string{"a.csv", "a_1_0.csv", "a_2024_01.csv", "b.csv"}, []string{"a.csv", "a_2024_01.csv", "b.csv"}},
		{"truncate", 1, []string{"a_2024_01.csv", "b.csv"}, []string{"a.csv", "a_2024_01.csv", "b.csv"}},
	} {
		dir := t.TempDir()
		for _, name := range []string{"a.csv", "a_1_0.csv", "a_2024_01.csv", "b.csv"} {
			must(t, os.WriteFile(filepath.Join(dir, name), []byte("old\n"), 0o600))
		}
		r, err := start(t, filekit.Local{}, parameters(dir, `,"fileName":"a.csv","writeMode":"`+tt.mode+`"`), nil)
		must(t, err)
		if got := names(visible(t, dir)); !slices.Equal(got, tt.atStart) {
			t.Errorf("%s: at the start %v, want %v", tt.mode, got, tt.atStart)
		}
		for c := range tt.channels {
			must(t, r.write(t, c, tt.channels, persons(0, 1)))
		}
		must(t, r.w.After(t.Context()))
		got := visible(t, dir)
		if !slices.Equal(names(got), tt.want) {
			t.Errorf("%s: got %v, want %v", tt.mode, names(got), tt.want)
		}
		if tt.mode != "append" && got["a.csv"] != "0,n0\n" {
			t.Errorf("%s: a.csv holds %q", tt.mode, got["a.csv"])
		}
	}
}

func TestNonConflict(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "a_0_1.csv"), nil, 0o600))
	_, err := start(t, filekit.Local{}, parameters(dir, `,"fileName":"a.csv","writeMode":"nonConflict"`), nil)
	if err == nil || !strings.Contains(err.Error(), "a_0_1.csv is there already") {
		t.Errorf("an earlier result was taken: %v", err)
	}
}

// TestReopen closes a channel's sink in the middle, as a failed attempt does:
// the next one goes on behind the last Prepare.
func TestReopen(t *testing.T) {
	for _, name := range []string{"a.csv", "a.csv.gz"} {
		dir := t.TempDir()
		r, err := start(t, filekit.Local{}, parameters(dir, `,"header":true,"maxFileSize":4000,"fileName":"`+name+`"`), nil)
		must(t, err)
		must(t, r.write(t, 0, 1, persons(0, 10)))
		s, err := r.w.Open(t.Context(), plugin.Task{Of: 1})
		must(t, err)
		must(t, s.Write(t.Context(), persons(1000, 100_000))) // several files, never prepared
		must(t, s.Close())
		must(t, r.write(t, 0, 1, persons(10, 20)))
		must(t, r.w.After(t.Context()))
		want := "id,name\n"
		for id := range 20 {
			want += fmt.Sprintf("%d,n%d\n", id, id)
		}
		if got := visible(t, dir); len(got) != 1 || got[name] != want {
			t.Errorf("got %q", got)
		}
	}
}

// TestDeathAnywhere lets the machine die at every single change of the disk,
// in the end of a run included, and goes on in a new process.
func TestDeathAnywhere(t *testing.T) {
	for _, more := range []string{`,"fileName":"a.csv"`, `,"fileName":"a.jsonl.gz","writeMode":"overwrite","maxFileSize":90`, `,"fileName":"a.parquet"`} {
		died := true
		for n := int64(1); died; n++ {
			died = deathAt(t, n, more)
			if n > 500 {
				t.Fatal("the run does not end")
			}
		}
	}
}

func deathAt(t *testing.T, n int64, more string) (died bool) {
	t.Helper()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "a_1_0.jsonl.gz"), []byte("stale"), 0o600))
	config := parameters(dir, more)
	d := &faultyDisk{fail: n, err: errDied}
	r, err := start(t, d, config, nil)
	tokens := r.tokens
	steps := []func(r *run) error{
		func(r *run) error { return r.write(t, 0, 2, persons(0, 10)) },
		func(r *run) error { return r.write(t, 1, 2, persons(10, 20)) },
		func(r *run) error { return r.write(t, 0, 2, persons(20, 30)) },
		func(r *run) error { return r.w.After(t.Context()) },
	}
	done, begun := 0, err == nil
	for ; err == nil && done < len(steps); done++ {
		if err = steps[done](r); err != nil {
			break
		}
		tokens = r.tokens // stored
	}
	died = err != nil
	if died {
		if !errors.Is(err, errDied) {
			t.Fatalf("change %d: %v", n, err)
		}
		if !begun {
			tokens = nil
		}
		r, err = start(t, filekit.Local{}, config, tokens)
		must(t, err)
		for ; done < len(steps); done++ {
			if err := steps[done](r); err != nil {
				t.Fatalf("change %d, step %d after it: %v", n, done, err)
			}
		}
	}
	var lines []string
	for name, content := range visible(t, dir2(t, dir)) {
		if strings.HasSuffix(name, ".parquet") {
			for _, row := range parseParquet(t, content) {
				lines = append(lines, strings.Join(row, ","))
			}
		} else if strings.HasPrefix(name, "a") {
			lines = append(lines, strings.Split(strings.TrimSuffix(content, "\n"), "\n")...)
		}
	}
	slices.Sort(lines)
	if len(lines) != 30 || len(slices.Compact(lines)) != 30 {
		t.Fatalf("change %d: %d lines, want 30 different ones: %q", n, len(lines), lines)
	}
	if entries, _ := os.ReadDir(filepath.Join(dir, ".datacontract")); entries != nil {
		t.Fatalf("change %d: hidden files are left: %v", n, entries)
	}
	return died
}

// dir2 removes what is no result of the run.
func dir2(t *testing.T, dir string) string {
	t.Helper()
	if data, err := os.ReadFile(filepath.Join(dir, "a_1_0.jsonl.gz")); err == nil && string(data) == "stale" {
		must(t, os.Remove(filepath.Join(dir, "a_1_0.jsonl.gz")))
	}
	return dir
}

// TestAfterTwice repeats After in a process that does not know that it ran, or
// that it ran up to the removal of the hidden directory.
func TestAfterTwice(t *testing.T) {
	dir := t.TempDir()
	config := parameters(dir, `,"fileName":"a.csv"`)
	r, err := start(t, filekit.Local{}, config, nil)
	must(t, err)
	must(t, r.write(t, 0, 1, persons(0, 3)))
	must(t, r.w.After(t.Context()))
	must(t, r.w.After(t.Context()))
	tokens := r.tokens
	r, err = start(t, filekit.Local{}, config, tokens)
	must(t, err)
	must(t, r.w.After(t.Context()))
	must(t, os.Mkdir(filepath.Join(dir, ".datacontract"), 0o700))
	r, err = start(t, filekit.Local{}, config, tokens)
	must(t, err)
	must(t, r.w.After(t.Context()))
	if got := visible(t, dir); len(got) != 1 || got["a.csv"] != "0,n0\n1,n1\n2,n2\n" {
		t.Errorf("got %q", got)
	}
	if _, err := r.w.Open(t.Context(), plugin.Task{Of: 1}); err == nil {
		t.Error("a finished result was opened again")
	}
}

func TestLostHiddenFiles(t *testing.T) {
	for name, harm := range map[string]func(hidden string) error{
		"file gone":      func(hidden string) error { return os.Remove(filepath.Join(hidden, "0_0.csv")) },
		"file cut":       func(hidden string) error { return os.Truncate(filepath.Join(hidden, "0_0.csv"), 3) },
		"directory gone": os.RemoveAll,
	} {
		dir := t.TempDir()
		config := parameters(dir, `,"fileName":"a.csv"`)
		r, err := start(t, filekit.Local{}, config, nil)
		must(t, err)
		must(t, r.write(t, 0, 1, persons(0, 3)))
		must(t, harm(filepath.Join(dir, ".datacontract")))
		if _, err := start(t, filekit.Local{}, config, r.tokens); errclass.Of(err) != errclass.PositionLost {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFullDisk(t *testing.T) {
	for _, more := range []string{`,"fileName":"a.csv"`, `,"fileName":"a.csv.gz"`} {
		dir := t.TempDir()
		d := &faultyDisk{err: full}
		r, err := start(t, d, parameters(dir, more), nil)
		must(t, err)
		must(t, r.write(t, 0, 1, persons(0, 10)))
		d.fail = d.calls.Load() + 3
		err = r.write(t, 0, 1, persons(10, 100_000))
		if err == nil || errclass.Of(err) != errclass.Permanent || !errors.Is(err, syscall.ENOSPC) ||
			!strings.Contains(err.Error(), filepath.Join(dir, ".datacontract", "0_0.csv")) || !strings.Contains(err.Error(), "free some space") {
			t.Errorf("a full disk gave %v", err)
		}
		d.fail = 0
		must(t, r.write(t, 0, 1, persons(10, 20)))
		must(t, r.w.After(t.Context()))
		for _, content := range visible(t, dir) {
			if n := strings.Count(content, "\n"); n != 20 {
				t.Errorf("%d rows, want 20", n)
			}
		}
	}
}

func TestDialects(t *testing.T) {
	b := record.NewBatch(0, 0)
	person(b, 1, "a|b")
	person(b, 2, `say "hi"`)
	person(b, 3, "")
	b.Begin(people, record.Insert)
	b.Int64(4)
	b.Null()
	for more, want := range map[string]string{
		`,"fileName":"a.csv"`:                                  "1,a|b\n2,\"say \"\"hi\"\"\"\n3,\"\"\n4,\n",
		`,"fileName":"a.csv","fieldDelimiter":"||"`:            "1||\"a|b\"\n2||\"say \"\"hi\"\"\"\n3||\"\"\n4||\n",
		`,"fileName":"a.csv","fieldDelimiter":"\\001"`:         "1\x01a|b\n2\x01\"say \"\"hi\"\"\"\n3\x01\"\"\n4\x01\n",
		`,"fileName":"a.csv","quote":"'","nullFormat":"\\\\N"`: "1,a|b\n2,say \"hi\"\n3,\n4,\\\\N\n",
		`,"fileName":"a.csv","quote":"","nullFormat":"-"`:      "1,a|b\n2,say \"hi\"\n3,\n4,-\n",
	} {
		dir := t.TempDir()
		r, err := start(t, filekit.Local{}, parameters(dir, more), nil)
		must(t, err)
		must(t, r.write(t, 0, 1, b))
		must(t, r.w.After(t.Context()))
		if got := visible(t, dir)["a.csv"]; got != want {
			t.Errorf("%s: got %q, want %q", more, got, want)
		}
	}
}

func TestEncoding(t *testing.T) {
	dir := t.TempDir()
	r, err := start(t, filekit.Local{}, parameters(dir, `,"fileName":"a.csv","encoding":"ISO-8859-1"`), nil)
	must(t, err)
	b := record.NewBatch(0, 0)
	person(b, 1, "ö")
	person(b, 2, "世")
	err = r.write(t, 0, 1, b)
	var rows *errclass.Rows
	if !errors.As(err, &rows) || len(rows.Bad) != 1 || rows.Bad[0].Index != 1 || rows.Bad[0].Reason != errclass.Encoding || !rows.Written {
		t.Fatalf("a character that the encoding lacks gave %v", err)
	}
	b.Drop()
	must(t, r.write(t, 0, 1, b))
	must(t, r.w.After(t.Context()))
	if got := visible(t, dir)["a.csv"]; got != "1,\xf6\n" {
		t.Errorf("got %q", got)
	}
}

// TestCharsets writes texts as other programs have them.
func TestCharsets(t *testing.T) {
	for name, want := range map[string]string{
		"UTF-16": "\xfe\xff\x00i\x00d\x00\n\x4f\x60\x00\n", "UTF-16LE": "i\x00d\x00\n\x00\x60\x4f\n\x00", "GBK": "id\n\xc4\xe3\n", "gb18030": "id\n\xc4\xe3\n", "utf8": "id\n你\n",
	} {
		dir := t.TempDir()
		r, err := start(t, filekit.Local{}, parameters(dir, `,"fileName":"a.csv","encoding":"`+name+`"`), nil)
		must(t, err)
		one := record.NewSchema(record.Name{Table: "t"}, []record.Column{{Name: "id", Kind: record.String}})
		b := record.NewBatch(0, 0)
		b.Begin(one, record.Insert)
		b.Text(record.String, "你")
		r.w.config.Header.On = true
		must(t, r.write(t, 0, 1, b))
		must(t, r.w.After(t.Context()))
		if got := visible(t, dir)["a.csv"]; got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestDateFormat(t *testing.T) {
	s := record.NewSchema(record.Name{Table: "t"}, []record.Column{{Name: "a", Kind: record.Datetime}, {Name: "b", Kind: record.Date, Nullable: true}, {Name: "c", Kind: record.Timestamp}, {Name: "d", Kind: record.String}})
	b := record.NewBatch(0, 0)
	b.Begin(s, record.Insert)
	b.Datetime(1_700_000_000, 5_000_000)
	b.Null()
	b.Timestamp(0, 0)
	b.Text(record.String, "2024-01-01")
	for more, want := range map[string]string{
		`,"fileName":"a.csv","dateFormat":"yyyyMMdd HH:mm:ss"`:                                                "20231114 22:13:20,,19700101 00:00:00,2024-01-01\n",
		`,"fileName":"a.jsonl","dateFormat":"dd/MM/yyyy","column":["a","b",{"name":"c","format":"yyyy"},"d"]`: `{"a":"14/11/2023","b":null,"c":"1970","d":"2024-01-01"}` + "\n",
	} {
		dir := t.TempDir()
		r, err := start(t, filekit.Local{}, parameters(dir, more), nil)
		if err != nil && !strings.Contains(more, "column") {
			t.Fatal(err)
		}
		must(t, r.write(t, 0, 1, b))
		must(t, r.w.After(t.Context()))
		for name, got := range visible(t, dir) {
			if got != want {
				t.Errorf("%s: got %q, want %q", name, got, want)
			}
		}
	}
}

// TestParquetResumes goes on in other processes: one file comes out, unless
// the columns have changed.
func TestParquetResumes(t *testing.T) {
	dir := t.TempDir()
	config := parameters(filepath.Join(dir, "a.parquet"), `,"column":["id",{"name":"name","type":"string"}]`)
	r, err := start(t, filekit.Local{}, config, nil)
	must(t, err)
	must(t, r.write(t, 0, 1, persons(0, 1000)))
	for i := int64(1); i < 4; i++ {
		r, err = start(t, filekit.Local{}, config, r.tokens)
		must(t, err)
		must(t, r.write(t, 0, 1, persons(1000*i, 1000*i+1000)))
	}
	other, err := start(t, filekit.Local{}, parameters(filepath.Join(dir, "a.parquet"), `,"column":["id","other"]`), r.tokens)
	must(t, err)
	if err := other.write(t, 0, 1, persons(0, 1)); errclass.Of(err) != errclass.PositionLost {
		t.Errorf("other columns in the same file: %v", err)
	}
	r, err = start(t, filekit.Local{}, config, r.tokens)
	must(t, err)
	must(t, r.w.After(t.Context()))
	rows := parseParquet(t, visible(t, dir)["a.parquet"])
	if len(rows) != 4000 || rows[3999][0] != "int64 3999" || rows[0][1] != "string n0" {
		t.Errorf("got %d rows, %q", len(rows), rows[len(rows)-1])
	}
	r, err = start(t, filekit.Local{}, config, r.tokens) // After has run, which was not noted
	must(t, err)
	must(t, r.w.After(t.Context()))
	if got := visible(t, dir); len(got) != 1 {
		t.Errorf("got %q", names(got))
	}
}

// TestLargeValues writes values of 16 MiB in every format.
func TestLargeValues(t *testing.T) {
	large := strings.Repeat("0123456789abcde\n", 1<<20)
	for _, name := range []string{"a.csv", "a.jsonl", "a.csv.zst", "a.parquet"} {
		dir := t.TempDir()
		r, err := start(t, filekit.Local{}, parameters(dir, `,"fileName":"`+name+`"`), nil)
		must(t, err)
		b := record.NewBatch(0, 0)
		person(b, 1, large)
		must(t, r.write(t, 0, 1, b, persons(2, 3), b))
		must(t, r.w.After(t.Context()))
		got := visible(t, dir)[name]
		if name == "a.parquet" {
			if rows := parseParquet(t, got); len(rows) != 3 || rows[2][1] != "string "+large {
				t.Errorf("%s: %d rows", name, len(rows))
			}
			continue
		}
		if len(got) < 2*len(large) || strings.Count(got, "0123456789abcde") != 2<<20 {
			t.Errorf("%s: %d bytes", name, len(got))
		}
	}
}

func TestColumnCount(t *testing.T) {
	dir := t.TempDir()
	_, err := start(t, filekit.Local{}, parameters(dir, `,"column":["a"]`), nil)
	if errclass.Of(err) != errclass.Config {
		t.Errorf("one name for two columns: %v", err)
	}
	if _, err = start(t, filekit.Local{}, parameters(dir, `,"header":["a"]`), nil); errclass.Of(err) != errclass.Config {
		t.Errorf("one name in the header of two columns: %v", err)
	}
}

func BenchmarkWrite(b *testing.B) {
	for _, name := range []string{"a.csv", "a.jsonl", "a.csv.gz", "a.csv.zst", "a.csv.sz", "a.parquet"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			dir := b.TempDir()
			r, err := start(b, filekit.Local{}, parameters(dir, `,"fileName":"`+name+`"`), nil)
			must(b, err)
			batch := record.NewBatch(0, 0)
			for id := range 1024 {
				person(batch, int64(id), "a name of some length, as they are, and an address beside it")
			}
			s, err := r.w.Open(b.Context(), plugin.Task{Of: 1})
			must(b, err)
			for rows := 0; rows < b.N; rows += 1024 {
				must(b, s.Write(b.Context(), batch))
			}
			b.SetBytes(s.(*sink).out.size / int64(b.N))
			must(b, s.Close())
		})
	}
}
