package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestRunChild(t *testing.T) {
	s, err := runChild(exec.CommandContext(t.Context(), "sh", "-c", "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done"))
	if err != nil {
		t.Fatal(err)
	}
	if s.wall <= 0 || s.cpu <= 0 || s.peak < 100<<10 || s.peak > 64<<20 {
		t.Errorf("got %+v", s)
	}
	if _, err := runChild(exec.CommandContext(t.Context(), "sh", "-c", "echo no such table >&2; exit 3")); err == nil || !strings.Contains(err.Error(), "no such table") {
		t.Errorf("got %v", err)
	}
}

func TestUntilOutput(t *testing.T) {
	s, err := untilOutput(t.Context(), "row 1", "sh", "-c", "echo head; echo row 1; exec sleep 600")
	if err != nil || s.wall <= 0 {
		t.Errorf("got %+v, %v", s, err)
	}
	if _, err := untilOutput(t.Context(), "row 1", "sh", "-c", "echo head; echo broken >&2"); err == nil || !strings.Contains(err.Error(), "broken") {
		t.Errorf("got %v", err)
	}
}

func TestCheckReport(t *testing.T) {
	for text, want := range map[string]string{
		`{"accumulators":{"numWrite":5,"nErrors":0}}`: "",
		`{"accumulators":{"numWrite":4,"nErrors":1}}`: "wrote 4 rows and refused 1, expected 5",
		`{`: "reading the job's report",
	} {
		file := filepath.Join(t.TempDir(), "report.json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		err := checkReport(file, 5)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}
