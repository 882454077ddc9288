package file

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
)

// put writes a file, packed if its name says so.
func put(t testing.TB, dir, name, content string) string {
	t.Helper()
	data := []byte(content)
	if strings.HasSuffix(name, ".gz") {
		var packed bytes.Buffer
		for _, half := range []string{content[:len(content)/2], content[len(content)/2:]} { // two members
			z := gzip.NewWriter(&packed)
			if _, err := z.Write([]byte(half)); err != nil {
				t.Fatal(err)
			}
			if err := z.Close(); err != nil {
				t.Fatal(err)
			}
		}
		data = packed.Bytes()
	}
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// content makes n lines and the rows that they are.
func content(format string, from, n int) (text string, rows [][]string) {
	var out strings.Builder
	for i := from; i < from+n; i++ {
		name, cell := fmt.Sprintf("n%d", i), fmt.Sprintf("string n%d", i)
		switch i % 5 {
		case 1:
			name, cell = "a \"\"quoted\"\",\nname", "string a \"quoted\",\nname"
		case 2:
			name, cell = "", "null"
		}
		switch {
		case format == "jsonl" && i%5 == 1:
			fmt.Fprintf(&out, "{\"id\":%d,\"name\":\"a \\\"quoted\\\",\\nname\",\"price\":%d.50}\n", i, i)
		case format == "jsonl" && i%5 == 2:
			fmt.Fprintf(&out, "{\"price\":%d.50,\"id\":%d}\n\n", i, i)
		case format == "jsonl":
			fmt.Fprintf(&out, "{\"id\":%d,\"name\":%q,\"price\":%d.50}\n", i, name, i)
		case i%5 == 1:
			fmt.Fprintf(&out, "%d,\"%s\",%d.50\r\n", i, name, i)
		default:
			fmt.Fprintf(&out, "%d,%s,%d.50\n", i, name, i)
		}
		rows = append(rows, []string{fmt.Sprintf("int64 %d", i), cell, fmt.Sprintf("decimal %d.50", i)})
	}
	return out.String(), rows
}

const columns = `"column":[{"name":"id","type":"bigint"},{"name":"name","type":"string"},{"name":"price","type":"decimal(10,2)"}]`

func contract(t *testing.T, name, format, head, more string) {
	dir := t.TempDir()
	var want [][]string
	for i := range 3 {
		text, rows := content(format, i*1000, 60+i)
		put(t, dir, fmt.Sprintf("%d%s", i, name), head+text)
		want = append(want, rows...)
	}
	config := fmt.Sprintf(`{"path":%q,%s%s}`, dir, columns, more)
	bad := map[string]func(testing.TB) error{}
	for name, config := range map[string]string{
		"no path": `{}`, "unknown key": `{"path":"x","headers":true}`, "unknown type": `{"path":"x","column":[{"name":"a","type":"blorb"}]}`,
		"column twice": `{"path":"x","column":["a","a"]}`, "star and more": `{"path":"x","column":["a","*"]}`, "constant": `{"path":"x","column":[{"name":"a","type":"int","value":"b"}]}`,

		"bad pattern": `{"path":"x","column":[{"name":"a","type":"date","format":"qqq"}]}`, "delimiter": `{"path":"x","fieldDelimiter":"\n"}`,
		"encoding": `{"path":"x","encoding":"klingon"}`, "compression": `{"path":"x","compress":"rar"}`, "negative index": `{"path":"x","column":[{"index":-1}]}`,
	} {
		bad[name] = plugintest.ReaderError(Info(), config)
	}
	plugintest.Reader(t, plugintest.ReaderSuite{
		New:       func(t testing.TB) plugin.Reader { return plugintest.NewReader(t, Info(), config) },
		Want:      func(testing.TB) [][]string { return want },
		Resumable: true,
		Bad:       bad,
	})
}

func TestContractCSV(t *testing.T) { contract(t, ".csv", "csv", "", "") }

func TestContractHeaderBOM(t *testing.T) {
	contract(t, ".csv", "csv", "\xef\xbb\xbfid,name,price\r\n", `,"header":true`)
}

func TestContractGzip(t *testing.T) {
	contract(t, ".csv.gz", "csv", "id,name,price\n", `,"header":true`)
}

func TestContractEncoded(t *testing.T) {
	contract(t, ".csv", "csv", "", `,"encoding":"ISO-8859-1"`)
}

func TestContractJSON(t *testing.T) { contract(t, ".jsonl", "jsonl", "", "") }

func TestContractJSONGzip(t *testing.T) { contract(t, ".jsonl.gz", "jsonl", "", "") }
