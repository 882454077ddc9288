package file

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"

	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/format/parquetfmt"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/record"
)

// visible reads all visible files of a directory, by name.
func visible(t testing.TB, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		var z io.Reader
		switch filepath.Ext(e.Name()) {
		case ".gz":
			z, err = gzip.NewReader(bytes.NewReader(data))
		case ".zst":
			z, err = zstd.NewReader(bytes.NewReader(data), zstd.WithDecoderConcurrency(1))
		case ".sz":
			z = snappy.NewReader(bytes.NewReader(data))
		}
		if err == nil && z != nil {
			data, err = io.ReadAll(z)
		}
		if err != nil {
			t.Fatalf("%s: %v", e.Name(), err)
		}
		files[e.Name()] = string(data)
	}
	return files
}

func names(files map[string]string) (list []string) {
	for name := range files {
		list = append(list, name)
	}
	sort.Strings(list)
	return list
}

// destination writes into a directory; parse takes a file apart.
func destination(parameters string, parse func(t testing.TB, content string) [][]string) func(testing.TB) plugintest.Destination {
	return func(t testing.TB) plugintest.Destination {
		dir := t.TempDir()
		config := strings.Replace(parameters, "{", `{"path":`+strconv.Quote(dir)+`,`, 1)
		return plugintest.Destination{
			New: func(t testing.TB) plugin.Writer { return plugintest.NewWriter(t, Info(), config) },
			Rows: func(t testing.TB) (rows [][]string) {
				files := visible(t, dir)
				for _, name := range names(files) {
					rows = append(rows, parse(t, files[name])...)
				}
				return rows
			},
		}
	}
}

func parseLines(_ testing.TB, content string) (rows [][]string) {
	for line := range strings.Lines(content) {
		rows = append(rows, []string{strings.TrimSuffix(line, "\n")})
	}
	return rows
}

func jsonLine(r record.Row) []string {
	line, err := jsonfmt.NewEncoder().AppendRow(nil, r)
	if err != nil {
		panic(err)
	}
	return []string{string(line)}
}

func parseCSV(delimiter rune) func(testing.TB, string) [][]string {
	return func(t testing.TB, content string) [][]string {
		r := csv.NewReader(strings.NewReader(content))
		r.Comma = delimiter
		rows, err := r.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if len(rows) > 0 {
			rows = rows[1:]
		}
		return rows
	}
}

func csvCells(r record.Row) []string {
	cells := plugintest.Texts(r)
	for c := range cells {
		switch r.Kind(c) {
		case record.Bytes:
			cells[c] = base64.StdEncoding.EncodeToString(r.Bytes(c))
		case record.Null:
			cells[c] = `\N`
		}
	}
	return cells
}

func badConfigs() map[string]func(testing.TB) error {
	bad := map[string]string{
		"no path":              `{}`,
		"unknown key":          `{"path":"x","filename":"y"}`,
		"unknown format":       `{"path":"x","format":"xml"}`,
		"unknown write mode":   `{"path":"x","writeMode":"merge"}`,
		"hidden result":        `{"path":"x","fileName":".a.csv"}`,
		"directory in name":    `{"path":"x","fileName":"a/b.csv"}`,
		"directory in suffix":  `{"path":"x","suffix":"/b"}`,
		"line as delimiter":    `{"path":"x","fieldDelimiter":"\n"}`,
		"quote as delimiter":   `{"path":"x","fieldDelimiter":"\""}`,
		"long quote":           `{"path":"x","quoteCharacter":"''"}`,
		"unknown encoding":     `{"path":"x","encoding":"klingon"}`,
		"encoding of JSON":     `{"path":"x/a.jsonl","encoding":"GBK"}`,
		"unknown compression":  `{"path":"x","compress":"rar"}`,
		"negative size":        `{"path":"x","maxFileSize":-1}`,
		"nameless column":      `{"path":"x","column":[{"type":"int"}]}`,
		"star and more":        `{"path":"x","column":["*","a"]}`,
		"delimiter in NULL":    `{"path":"x","nullFormat":"a,b"}`,
		"quoted NULL is quote": `{"path":"x","nullFormat":"\""}`,
		"place elsewhere":      `{"path":"s3://bucket/x"}`,
		"host":                 `{"path":"x","protocol":"sftp","host":"h"}`,
		"pattern":              `{"path":"x","dateFormat":"qqq"}`,
		"pattern of a column":  `{"path":"x","column":[{"name":"a","format":"qqq"}]}`,
		"packed parquet":       `{"path":"x/a.parquet.gz"}`,
		"dates of parquet":     `{"path":"x/a.parquet","dateFormat":"yyyy"}`,
		"type of parquet":      `{"path":"x/a.parquet","column":[{"name":"a","type":"blorb"}]}`,
		"encoding of parquet":  `{"path":"x/a.parquet","encoding":"GBK"}`,
		"bzip2":                `{"path":"x/a.csv.bz2"}`,
	}
	builders := map[string]func(testing.TB) error{}
	for name, config := range bad {
		builders[name] = plugintest.WriterError(Info(), config)
	}
	return builders
}

func TestContractJSON(t *testing.T) {
	plugintest.Writer(t, plugintest.WriterSuite{
		Open:       destination(`{"fileName":"rows.jsonl"}`, parseLines),
		Schemas:    []*record.Schema{plugintest.AllKinds("t"), plugintest.Kinds("u", record.String)},
		Want:       jsonLine,
		Ordered:    true,
		Bad:        func(b *record.Batch, s *record.Schema) { plugintest.AppendRow(b, s, record.Delete, 1, 0) },
		BadConfigs: badConfigs(),
	})
}

func TestContractCSV(t *testing.T) {
	plugintest.Writer(t, plugintest.WriterSuite{
		Open:       destination(`{"fileName":"rows.csv.gz","header":true,"nullFormat":"\\N","maxFileSize":700}`, parseCSV(',')),
		Schemas:    []*record.Schema{plugintest.AllKinds("t")},
		Want:       csvCells,
		Bad:        func(b *record.Batch, s *record.Schema) { plugintest.AppendRow(b, s, record.UpdateAfter, 1, 0) },
		BadConfigs: badConfigs(),
	})
}

func TestContractTSV(t *testing.T) {
	plugintest.Writer(t, plugintest.WriterSuite{
		Open:       destination(`{"format":"tsv","header":true,"nullFormat":"\\N"}`, parseCSV('\t')),
		Schemas:    []*record.Schema{plugintest.AllKinds("t")},
		Want:       csvCells,
		Ordered:    true,
		BadConfigs: badConfigs(),
	})
}

// parseParquet returns the rows of a file, spelled canonically.
func parseParquet(t testing.TB, content string) (rows [][]string) {
	f, err := parquetfmt.Open(strings.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	columns := f.Columns()
	schema := record.NewSchema(record.Name{Table: "t"}, columns)
	all := make([]int, len(columns))
	for i := range all {
		all[i] = i
	}
	r := f.Read(all, 0, len(f.Groups()))
	b := record.NewBatch(0, 0)
	for r.Next() == nil {
		b.Reset("")
		b.Begin(schema, record.Insert)
		for i := range columns {
			if err := r.Append(b, i); err != nil {
				t.Fatal(err)
			}
		}
		rows = append(rows, plugintest.Cells(b.Row(0)))
	}
	return rows
}

func TestContractParquet(t *testing.T) {
	plugintest.Writer(t, plugintest.WriterSuite{
		Open:       destination(`{"fileName":"rows.parquet","rowGroupSize":1024,"maxFileSize":20000}`, parseParquet),
		Schemas:    []*record.Schema{plugintest.AllKinds("t")},
		Want:       plugintest.Cells,
		Bad:        func(b *record.Batch, s *record.Schema) { plugintest.AppendRow(b, s, record.Delete, 1, 0) },
		BadConfigs: badConfigs(),
	})
}

func TestContractPacked(t *testing.T) {
	for _, name := range []string{"rows.csv.zst", "rows.csv.sz"} {
		plugintest.Writer(t, plugintest.WriterSuite{
			Open:       destination(`{"fileName":"`+name+`","header":true,"nullFormat":"\\N"}`, parseCSV(',')),
			Schemas:    []*record.Schema{plugintest.AllKinds("t")},
			Want:       csvCells,
			Ordered:    true,
			BadConfigs: badConfigs(),
		})
	}
}
