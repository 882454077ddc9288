package file

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"

	"github.com/datasync-io/datasync/core/plugintest"
)

// packed packs a text as the extension says.
func packed(t testing.TB, ext, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	switch ext {
	case ".zst":
		z, err := zstd.NewWriter(&out)
		must(t, err)
		_, err = z.Write([]byte(text))
		must(t, err)
		must(t, z.Close())
	case ".sz", ".snappy":
		z := snappy.NewBufferedWriter(&out)
		_, err := z.Write([]byte(text))
		must(t, err)
		must(t, z.Close())
	case ".zip":
		z := zip.NewWriter(&out)
		f, err := z.Create("inside.csv")
		must(t, err)
		_, err = f.Write([]byte(text))
		must(t, err)
		must(t, z.Close())
	case ".bz2": // "1,a\n2,b\n"
		return []byte("BZh91AY&SY\xb0\xa7\x11O\x00\x00\x02Y\x00\x00\x10\x00\x040\x000\x00 \x00!\xa6\x99\xa0\xc0\x02\x95\x0b\x0b\xb9\"\x9c(HXS\x88\xa7\x80")
	}
	return out.Bytes()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestPackings(t *testing.T) {
	const text = "1,a\n2,b\n"
	for ext, compress := range map[string]string{".zst": "zstd", ".sz": "snappy", ".snappy": "snappy", ".zip": "zip", ".bz2": "bzip2"} {
		dir := t.TempDir()
		data := packed(t, ext, text)
		must(t, os.WriteFile(filepath.Join(dir, "a.csv"+ext), data, 0o600))
		must(t, os.WriteFile(filepath.Join(dir, "plain"), data, 0o600))
		for _, parameters := range []string{fmt.Sprintf(`{"path":%q}`, filepath.Join(dir, "a.csv"+ext)), fmt.Sprintf(`{"path":%q,"compress":%q}`, filepath.Join(dir, "plain"), compress)} {
			check(t, parameters, []string{"string 1", "string a"}, []string{"string 2", "string b"})
		}
		must(t, os.WriteFile(filepath.Join(dir, "cut.csv"+ext), data[:len(data)-3], 0o600))
		if _, err := read(t, plugintest.Env(), fmt.Sprintf(`{"path":%q,"column":["a"]}`, filepath.Join(dir, "cut.csv"+ext))); err == nil {
			t.Errorf("a cut %s was read", compress)
		}
	}
	for _, ext := range []string{".zst", ".sz", ".bz2", ".gz"} {
		path := put(t, t.TempDir(), "empty", "")
		must(t, os.Rename(path, path+ext))
		if rows, err := read(t, plugintest.Env(), fmt.Sprintf(`{"path":%q}`, path+ext)); err != nil || len(rows) != 0 {
			t.Errorf("an empty %s: %q, %v", ext, rows, err)
		}
	}
}

func TestCharsets(t *testing.T) {
	for name, content := range map[string]string{
		"UTF-16": "\xfe\xff\x00a\x00,\x4f\x60\x00\n", "utf-16": "\xff\xfea\x00,\x00\x60\x4f\n\x00", "UTF-16LE": "\xff\xfea\x00,\x00\x60\x4f\n\x00",
		"gb18030": "a,\xc4\xe3\n", "GBK": "a,\xc4\xe3\n", "Shift_JIS": "a,\x88\x9f\n",
	} {
		path := put(t, t.TempDir(), "a.csv", content)
		want := "string 你"
		if name == "Shift_JIS" {
			want = "string 亜"
		}
		check(t, fmt.Sprintf(`{"path":%q,"encoding":%q}`, path, name), []string{"string a", want})
	}
	path := put(t, t.TempDir(), "a.csv", "a,\x85\n")
	check(t, fmt.Sprintf(`{"path":%q,"encoding":"latin1"}`, path), []string{"string a", "string \u0085"})
	path = put(t, t.TempDir(), "b.csv", "a,b\nc,\xff\xff\nd,e\n")
	check(t, fmt.Sprintf(`{"path":%q,"encoding":"gbk"}`, path), []string{"string a", "string b"}, []string{"string d", "string e"},
		[]string{"c,\uFFFD\uFFFD", path + ":2: the record has bytes that the file's encoding does not know"})
}

// TestForeignKeys reads with what DataX's and FlinkX's job files say.
func TestForeignKeys(t *testing.T) {
	dir := t.TempDir()
	path := put(t, dir, "a.txt", "# comment\nid|name|at\n1| 'x |2024/01/02 03:04:05\n\\N|| \n")
	const column = `"column":[{"index":0,"type":"long"},{"index":1,"type":"string"},{"index":2,"name":"d","type":"date","format":"yyyy/MM/dd HH:mm:ss"},{"value":"x","type":"string"}]`
	for _, more := range []string{
		`"skipHeader":"true","nullFormat":"\\N","compress":"","encoding":"UTF-8","csvReaderConfig":{"safetySwitch":false,"skipEmptyRecords":false,"useTextQualifier":false,"trimWhitespace":true}`,
		`"protocol":"local","isFirstLineHeader":true,"nullIsReplacedWithValue":"\\N","fileType":"TXT","fileConfig":{"useTextQualifier":"false","trimWhitespace":true},"controlEncoding":"UTF-8"`,
	} {
		check(t, fmt.Sprintf(`{"path":["file://%s"],"fromLine":2,"fieldDelimiter":"|",%s,%s}`, path, column, more),
			[]string{"int64 1", "string 'x", "datetime 2024-01-02 03:04:05", "string x"},
			[]string{`\N|| `, `column "d": ` + path + `:4: "" is no date and time`})
	}
	path = put(t, dir, "b.txt", "1,' x ',2024/01/02\n")
	check(t, fmt.Sprintf(`{"path":%q,"csvReaderConfig":{"textQualifier":"'"},"column":[{"index":1,"type":"string"},{"index":2,"type":"date","format":"yyyy/MM/dd"}]}`, path),
		[]string{"string  x ", "date 2024-01-02"})
}

// TestExpressions takes the last part of a path as a regular expression.
func TestExpressions(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"order_1.csv", "order_22.csv", "orders.csv", ".order_3.csv"} {
		put(t, dir, name, name+"\n")
	}
	check(t, fmt.Sprintf(`{"path":%q}`, dir+`/order_\d+\.csv`), []string{"string order_1.csv"}, []string{"string order_22.csv"})
	if _, err := read(t, plugintest.Env(), fmt.Sprintf(`{"path":%q}`, dir+`/order_\d{9}\.csv`)); err == nil || !strings.Contains(err.Error(), "order_") {
		t.Errorf("no file: %v", err)
	}
}
