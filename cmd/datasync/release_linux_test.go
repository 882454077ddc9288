package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestRelease looks at the binary that make build makes.
func TestRelease(t *testing.T) {
	t.Parallel() // it is built while others wait
	binary := makeBuild(t)
	for name, test := range map[string]func(*testing.T, string){
		"check is small": checkIsSmall, "unit": unitIsSound, "crontab": crontabIsSound, "image": imageIsSound,
	} {
		t.Run(name, func(t *testing.T) { test(t, binary) })
	}
}

// makeBuild types what the Makefile's target build does and returns the binary's
// path, in a folder of its own.
func makeBuild(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("left out: building the binary")
	}
	built := filepath.Join(t.TempDir(), "datasync")
	cmd := exec.Command("make", "-s", "-C", moduleRoot, "build", "BIN="+built)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make build: %v\n%s", err, out)
	}
	// What the linker has just written is mapped in larger pieces than a file
	// that was copied to where it is used.
	installed := filepath.Join(t.TempDir(), "datasync")
	if out, err := exec.Command("cp", built, installed).CombinedOutput(); err != nil {
		t.Fatalf("cp: %v\n%s", err, out)
	}
	return installed
}

// checkIsSmall has check read files of up to 100 KB, and looks at what memory
// it has had at most.
func checkIsSmall(t *testing.T, binary string) {
	const most = 30 << 10 // KiB
	for name, make := range growing {
		for _, size := range []int{1 << 10, 100 << 10} {
			if name == "unknown" && size > 1<<10 {
				continue // thousands of faults are no job file
			}
			text := make(0)
			if one := len(make(1)) - len(text); size > len(text) {
				text = make((size - len(text)) / one)
			}
			t.Run(fmt.Sprintf("%s/%dKB", name, size>>10), func(t *testing.T) {
				if took := peak(t, binary, text); took > most {
					t.Errorf("check takes %d KiB, more than %d", took, most)
				} else {
					t.Logf("%d KiB", took)
				}
			})
		}
	}
}

// peak returns the most memory, in KiB, that check has had once it has printed
// what it has found about a job.
func peak(t *testing.T, binary, text string) int {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "job.json")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "check", "-p", "rows=1", "-state-dir", dir, file, "-")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	next, err := cmd.StdinPipe() // of the job after it, which it waits for
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.Contains(lines.Text(), "sliceRecordCount = 7") {
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
	_ = next.Close() // it may have ended
	_, _ = io.Copy(io.Discard, out)
	_ = cmd.Wait() // that there is no second job is a fault
	if err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	took, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return took
}
