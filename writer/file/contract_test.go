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

	"github.com/datasync-io/datasync/core/format/jsonfmt"
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
		if strings.HasSuffix(e.Name(), ".gz") {
			z, err := gzip.NewReader(bytes.NewReader(data))
			if err != nil {
				t.Fatalf("%s: %v", e.Name(), err)
			}
			if data, err = io.ReadAll(z); err != nil {
				t.Fatalf("%s: %v", e.Name(), err)
			}
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
