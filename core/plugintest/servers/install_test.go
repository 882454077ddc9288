package servers

import (
	"archive/tar"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Several test binaries may ask for the same entry at once: one builds it.
func TestCacheEntryIsBuiltOnce(t *testing.T) {
	dir := t.TempDir()
	var builds atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			c, err := openCache(dir) // as another process would
			if err != nil {
				t.Error(err)
				return
			}
			path, err := c.entry(t.Context(), "thing", func(dir string) error {
				builds.Add(1)
				return os.WriteFile(filepath.Join(dir, "file"), []byte("whole"), 0o644)
			})
			if err != nil {
				t.Error(err)
				return
			}
			if b, err := os.ReadFile(filepath.Join(path, "file")); err != nil || string(b) != "whole" {
				t.Errorf("read %q, %v", b, err)
			}
		})
	}
	wg.Wait()
	if n := builds.Load(); n != 1 {
		t.Errorf("built %d times", n)
	}
}

func TestFailedCacheEntryIsBuiltAgain(t *testing.T) {
	c, err := openCache(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	_, err = c.entry(t.Context(), "thing", func(dir string) error {
		return errors.Join(os.WriteFile(filepath.Join(dir, "half"), nil, 0o644), broken)
	})
	if !errors.Is(err, broken) {
		t.Fatalf("got %v", err)
	}
	path, err := c.entry(t.Context(), "thing", func(string) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if exists(filepath.Join(path, "half")) {
		t.Error("the failed build's file is in the entry")
	}
}

func TestUntar(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range []tar.Header{
		{Name: "bin/program", Typeflag: tar.TypeReg, Mode: 0o755, Size: 2},
		{Name: "bin/link", Typeflag: tar.TypeSymlink, Linkname: "program"},
		{Name: "bin/packager", Typeflag: tar.TypeSymlink, Linkname: "/tmp/elsewhere"},
	} {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			if _, err := w.Write([]byte("hi")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if err := untar(tar.NewReader(&b), root); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "bin", "link")); err != nil || string(got) != "hi" {
		t.Errorf("read %q, %v through the link", got, err)
	}
	if st, err := os.Stat(filepath.Join(dir, "bin", "program")); err != nil || st.Mode().Perm() != 0o755 {
		t.Errorf("mode %v, %v", st, err)
	}
	if _, err := os.Lstat(filepath.Join(dir, "bin", "packager")); !os.IsNotExist(err) {
		t.Errorf("a link to the packager's machine was made: %v", err)
	}
}

func TestReachable(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "closed", "inner")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(dir), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := reachable(dir); err == nil || !strings.Contains(err.Error(), "closed cannot be entered") {
		t.Errorf("got %v", err)
	}
}

func TestKafkaProperties(t *testing.T) {
	s := &Supervisor{ca: &authority{file: "ca.pem", store: "store.pem"}}
	e := &kafkaEngine{
		s: s, dir: "dir", plain: 1, controller: 2, proxied: 3, proxyAddr: "127.0.0.1:4", sasl: 5, tls: 6, saslTLS: 7,
		opts: options{Proxy: true, SASL: true, TLS: true, ACL: true, Config: []string{"message.max.bytes=9"}},
	}
	got := e.properties()
	for _, want := range []string{
		"listeners=PLAINTEXT://127.0.0.1:1,PROXIED://127.0.0.1:3,SASL://127.0.0.1:5,TLS://127.0.0.1:6,SASLTLS://127.0.0.1:7,CONTROLLER://127.0.0.1:2\n",
		"advertised.listeners=PLAINTEXT://127.0.0.1:1,PROXIED://127.0.0.1:4,",
		"ssl.keystore.location=store.pem\n",
		"authorizer.class.name=",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	if !strings.HasSuffix(got, "message.max.bytes=9\n") {
		t.Error("the test's own lines do not come last")
	}
	if plain := (&kafkaEngine{s: s, plain: 1, controller: 2}).properties(); strings.Contains(plain, "ssl.") || strings.Contains(plain, "sasl.") {
		t.Errorf("security nobody asked for:\n%s", plain)
	}
}
