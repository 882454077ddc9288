package launcher_test

import (
	"bytes"
	"context"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/datasync-io/datasync/launcher"
)

const killRows = 1_000_000 // of each of two channels

func killJob(dir string) string {
	return fmt.Sprintf(`{"job":{"content":[{
		"reader":{"name":"streamreader","parameter":{"seed":"7","sliceRecordCount":[%d,%d],"column":[{"name":"id","type":"id"},{"name":"name","type":"string"},{"name":"price","type":"decimal"}]}},
		"writer":{"name":"filewriter","parameter":{"path":%q,"fileName":"rows.jsonl","format":"jsonl"}}}],
		"setting":{"speed":{"channel":2},"restore":{"isRestore":true}}}}`, killRows, killRows, dir)
}

// TestKilledRunsLoseAndDoubleNothing kills a process that writes files, with
// SIGKILL at random instants, starts it again until one has finished, and
// compares with a run that nobody disturbed.
func TestKilledRunsLoseAndDoubleNothing(t *testing.T) {
	dir := t.TempDir()
	whole := filepath.Join(dir, "whole")
	if r := runKillJob(t.Context(), t, whole, filepath.Join(dir, "state-whole")); r.Err != nil {
		t.Fatal(r.Err)
	}
	out, state := filepath.Join(dir, "out"), filepath.Join(dir, "state")
	rnd := rand.New(rand.NewPCG(1, 2))
	killing{test: "TestKilledChild", state: state, identity: "kill-0", most: 400,
		env:   []string{"DATASYNC_TEST_KILL_OUT=" + out, "DATASYNC_TEST_KILL_STATE=" + state},
		after: func(kills int) time.Duration { return time.Duration(10+rnd.IntN(60+4*kills)) * time.Millisecond },
	}.run(t)
	seed := maphash.MakeSeed()
	want, got := contents(t, whole, seed), contents(t, out, seed)
	if want.lines != 2*killRows {
		t.Fatalf("the undisturbed run has written %d rows, want %d", want.lines, 2*killRows)
	}
	if got != want {
		t.Errorf("%d rows arrived, want %d, the same ones", got.lines, want.lines)
	}
}

// multiset is lines in any order: which channel reads a split differs from run to run.
type multiset struct {
	lines int
	sum   uint64 // of the lines' hashes
}

// contents reads the files in dir; nothing else may be left there.
func contents(t *testing.T, dir string, seed maphash.Seed) (all multiset) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(text) {
			all.lines++
			all.sum += maphash.Bytes(seed, line)
		}
	}
	return all
}

func TestKilledChild(t *testing.T) {
	out := os.Getenv("DATASYNC_TEST_KILL_OUT")
	if out == "" {
		return // the child's part
	}
	if r := runKillJob(t.Context(), t, out, os.Getenv("DATASYNC_TEST_KILL_STATE")); r.Err != nil {
		t.Fatal(r.Err)
	}
}

func runKillJob(ctx context.Context, t *testing.T, out, state string) *launcher.Result {
	t.Helper()
	return runText(ctx, t, killJob(out), "kill.json", "", state, "15")
}
