package filekit_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/filekit"
)

func TestLocalPath(t *testing.T) {
	for path, want := range map[string]string{"a/b.csv": "a/b.csv", "/a:b//c": "/a:b//c", "file:///a/b": "/a/b", "FILE:///a": "/a", `C:\a`: `C:\a`} {
		if got, err := filekit.LocalPath(path); err != nil || got != want {
			t.Errorf("%s: got %q, %v", path, got, err)
		}
	}
	for _, path := range []string{"s3://bucket/key", "sftp://host/a", "ftp://h/a", "hdfs://n/a", "https://h/a", "file://a/b"} {
		if _, _, err := filekit.OpenerOf(path); errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), path) {
			t.Errorf("reading %s: %v", path, err)
		}
		if _, _, err := filekit.DiskOf(path); errclass.Of(err) != errclass.Config {
			t.Errorf("writing %s: %v", path, err)
		}
	}
}

func TestName(t *testing.T) {
	for name, want := range map[string][4]string{
		"orders.jsonl.gz": {"orders", ".jsonl.gz", "jsonl", "gzip"}, "a.b.CSV": {"a.b", ".CSV", "csv", ""}, "a.txt.zst": {"a", ".txt.zst", "csv", "zstd"},
		"a.parquet": {"a", ".parquet", "parquet", ""}, "a.sz": {"a", ".sz", "", "snappy"}, "plain": {"plain", "", "", ""}, "or.ders": {"or.ders", "", "", ""}, "x/y.tsv.bz2": {"x/y", ".tsv.bz2", "tsv", "bzip2"},
	} {
		stem, ext, format, packing := filekit.Name(name)
		if got := [4]string{stem, ext, format, packing}; got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// TestPack reads pieces behind each other, as a writer's checkpoints leave them.
func TestPack(t *testing.T) {
	for _, packing := range []string{"gzip", "zstd", "snappy"} {
		p, err := filekit.NewPacker(packing)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		for _, piece := range []string{"one,", strings.Repeat("two,", 100_000), "three"} {
			p.Reset(&out)
			if _, err := io.WriteString(p, piece); err != nil {
				t.Fatal(err)
			}
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
		}
		path := filepath.Join(t.TempDir(), "a"+filekit.Extension(packing))
		if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := filekit.Local{}.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		in, err := filekit.Unpack(packing, f, int64(out.Len()))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if want := "one," + strings.Repeat("two,", 100_000) + "three"; err != nil || string(text) != want {
			t.Errorf("%s: %d bytes, %v", packing, len(text), err)
		}
		if err := in.Close(); err != nil {
			t.Error(err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := filekit.NewPacker("zip"); err == nil {
		t.Error("a zip was begun")
	}
}

func TestCharsetOf(t *testing.T) {
	for _, name := range []string{"", "UTF-8", "utf8"} {
		if c, err := filekit.CharsetOf(name); c != nil || err != nil {
			t.Errorf("%q: %v, %v", name, c, err)
		}
	}
	for name, want := range map[string]string{"latin1": "\u0085", "ISO-8859-1": "\u0085", "windows-1252": "…", "GBK": "\uFFFD"} {
		c, err := filekit.CharsetOf(name)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := c.NewDecoder().String("\x85"); err != nil || got != want {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	if _, err := filekit.CharsetOf("klingon"); errclass.Of(err) != errclass.Config {
		t.Errorf("an unknown charset: %v", err)
	}
}

func TestRemote(t *testing.T) {
	type settings struct{ filekit.Remote }
	for text, ok := range map[string]bool{
		`{}`: true, `{"protocol":"LOCAL"}`: true, `{"defaultFS":"file:///"}`: true, `{"protocol":"ftp"}`: false, `{"host":"h"}`: false, `{"defaultFS":"hdfs://n"}`: false,
	} {
		d, err := config.Inline(text)
		if err != nil {
			t.Fatal(err)
		}
		var s settings
		if err := d.Decode(&s); err != nil {
			t.Fatal(err)
		}
		if err := s.Check(); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}
