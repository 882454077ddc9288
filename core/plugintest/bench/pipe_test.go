package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestRunPipe(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	shell := func(text string) *exec.Cmd { return exec.CommandContext(t.Context(), "sh", "-c", text) }
	s, err := runPipe(shell("echo a row; i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done"), shell("cat >"+out))
	if err != nil || s.wall <= 0 || s.cpu <= 0 || s.peak <= 0 {
		t.Errorf("got %+v, %v", s, err)
	}
	if text, err := os.ReadFile(out); err != nil || string(text) != "a row\n" {
		t.Errorf("%q went through the pipe, %v", text, err)
	}
	_, err = runPipe(shell("exec yes"), shell("echo the table is full >&2; exit 1"))
	if err == nil || !strings.Contains(err.Error(), "the table is full") {
		t.Errorf("got %v", err)
	}
	if _, err = runPipe(shell("exit 3"), shell("exec cat")); err == nil {
		t.Error("the first one has failed, and nobody says so")
	}
	if _, err = runPipe(shell("echo"), exec.CommandContext(t.Context(), filepath.Join(t.TempDir(), "none"))); err == nil {
		t.Error("the second one does not exist, and nobody says so")
	}
}
