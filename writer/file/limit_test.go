//go:build unix

package file

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/datasync-io/datasync/core/kit/filekit"
)

// TestFileSizeLimit writes in a process whose files may not grow: the limit
// cannot be lifted again in this one.
func TestFileSizeLimit(t *testing.T) {
	const variable = "DATASYNC_TEST_LIMITED_DIR"
	if dir := os.Getenv(variable); dir != "" {
		limit := syscall.Rlimit{Cur: 100_000, Max: 100_000}
		must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit))
		r, err := start(t, filekit.Local{}, parameters(dir, `,"fileName":"a.csv"`), nil)
		must(t, err)
		err = r.write(t, 0, 1, persons(0, 100_000))
		if !errors.Is(err, syscall.EFBIG) {
			t.Fatalf("got %v, want EFBIG", err)
		}
		fmt.Fprintln(os.Stdout, "refused:", err)
		return
	}
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^TestFileSizeLimit$")
	cmd.Env = append(os.Environ(), variable+"="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "refused: writing "+dir) || !strings.Contains(string(out), "ulimit -f") {
		t.Errorf("%v: %s", err, out)
	}
}
