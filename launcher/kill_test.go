package launcher_test

import (
	"bytes"
	"context"
	"fmt"
	"hash/maphash"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/checkpoint"
	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/launcher"
	"github.com/datasync-io/datasync/launcher/builtin"
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
	kills := 0
	for finished := false; !finished; {
		if kills > 400 {
			t.Fatal("no run has finished between 400 kills")
		}
		child := exec.Command(os.Args[0], "-test.run=^TestKilledChild$")
		child.Env = append(os.Environ(), "DATASYNC_TEST_KILL_OUT="+out, "DATASYNC_TEST_KILL_STATE="+state)
		var said bytes.Buffer
		child.Stdout, child.Stderr = &said, &said
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(time.Duration(10+rnd.IntN(60+4*kills))*time.Millisecond, func() { _ = child.Process.Kill() })
		err := child.Wait()
		timer.Stop()
		switch {
		case err == nil:
			finished = true
		case child.ProcessState.ExitCode() != -1:
			t.Fatalf("a run failed by itself: %v\n%s", err, &said)
		default:
			kills++
			finished = ended(t, state)
		}
	}
	t.Logf("%d runs were killed", kills)
	if kills == 0 {
		t.Error("no run was killed: nothing is shown")
	}
	seed := maphash.MakeSeed()
	want, got := contents(t, whole, seed), contents(t, out, seed)
	if want.lines != 2*killRows {
		t.Fatalf("the undisturbed run has written %d rows, want %d", want.lines, 2*killRows)
	}
	if got != want {
		t.Errorf("%d rows arrived, want %d, the same ones", got.lines, want.lines)
	}
}

// ended tells that a killed run had nothing left to do: another one would
// rightly begin afresh.
func ended(t *testing.T, state string) bool {
	t.Helper()
	c, err := checkpoint.NewFileStore(state).Load(t.Context(), "kill-0")
	if err != nil {
		t.Fatal(err)
	}
	return c != nil && c.AfterDone
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
	registry, err := builtin.Registry()
	if err != nil {
		t.Fatal(err)
	}
	j, err := job.Parse([]byte(killJob(out)), job.Options{File: "kill.json", ConfProp: `{"flink.checkpoint.interval":"15"}`})
	if err != nil {
		t.Fatal(err)
	}
	r, err := launcher.New(j, launcher.Options{Registry: registry, StateDir: state, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return r.Run(ctx, ctx)
}
