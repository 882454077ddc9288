package main

import (
	"io"
	"log/slog"
	"os"
	"strings"
	"testing"
)

func TestFilesForNativeTools(t *testing.T) {
	const rows = 2500
	dir := t.TempDir()
	l := &lab{options: &options{rows: rows, dir: dir}, work: t.TempDir(), log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	read := func(path string, err error) []string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	}
	csv := read(l.csvFile(t.Context()))
	if len(csv) != rows+1 || csv[0] != orderColumns {
		t.Errorf("%d lines, the first is %q", len(csv), csv[0])
	}
	for _, line := range csv {
		if strings.Count(line, ",") != 9 || strings.Contains(line, `\N`) {
			t.Fatalf("no ten fields: %q", line)
		}
	}
	statements := read(l.insertScript(t.Context(), "mysql", " AS t"))
	if len(statements) != 3 {
		t.Fatalf("%d statements, want 3", len(statements))
	}
	for i, want := range []int{scriptRows, scriptRows, 500} {
		s := statements[i]
		if got := strings.Count(s, "@example.com'"); got != want || !strings.HasPrefix(s, "INSERT INTO archive.orders (") || !strings.HasSuffix(s, ") AS t;") {
			t.Errorf("statement %d: %d rows, want %d: %.80q ... %q", i, got, want, s, s[len(s)-20:])
		}
	}
}

func TestAppendLiterals(t *testing.T) {
	line := "1\t2\t3\t4\t5.60\t0.5\tnew\ta@example.com\t\\N\t2021-01-01 00:00:37"
	const want = "(1,2,3,4,5.60,0.5,'new','a@example.com',NULL,'2021-01-01 00:00:37')"
	if got := string(appendLiterals(nil, []byte(line))); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
