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

// TestServersCount shows that children beside the measured one are counted.
func TestServersCount(t *testing.T) {
	busy := exec.CommandContext(t.Context(), "sh", "-c", "while :; do :; done")
	if err := busy.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = busy.Process.Kill()
		_ = busy.Wait()
	}()
	for range 1000 {
		s, err := runChild(exec.CommandContext(t.Context(), "sh", "-c", ":"))
		if err != nil {
			t.Fatal(err)
		}
		if s.servers > 0 {
			return
		}
	}
	t.Error("a busy child has used no time during 1000 runs of another")
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
		`{"accumulators":{"numWrite":4,"nErrors":1}}`: "wrote 4 rows and refused 1, expected 5 and 0",
		`{`: "reading the job's report",
	} {
		file := filepath.Join(t.TempDir(), "report.json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		err := checkReport(file, 5, 0)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}
