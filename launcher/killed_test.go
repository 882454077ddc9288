package launcher_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/checkpoint"
	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/launcher"
	"github.com/datasync-io/datasync/launcher/builtin"
)

// killing is a job in a process of its own that is killed with SIGKILL and
// started again until a run has ended.
type killing struct {
	test     string   // that runs the job in the child
	env      []string // what tells it so, and what it needs
	state    string   // its folder
	identity string   // under which it is there
	most     int      // kills; more are a failure
	after    func(kills int) time.Duration

	awaits    func() bool // what the kill is to hit; nil: anything
	meanwhile func()      // while a child runs, from then on; nil: nothing
}

// eventually waits until something holds, and is false if that takes minutes.
func eventually(holds func() bool) bool {
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for over := time.Now().Add(3 * time.Minute); !holds(); <-look.C {
		if time.Now().After(over) {
			return false
		}
	}
	return true
}

// run returns how often the job was killed.
func (k killing) run(t *testing.T) (kills int) {
	t.Helper()
	for finished := false; !finished; {
		if kills > k.most {
			t.Fatalf("no run has finished between %d kills", k.most)
		}
		if !k.once(t, k.after(kills)) {
			break
		}
		kills++
		c, err := checkpoint.NewFileStore(k.state).Load(t.Context(), k.identity)
		if err != nil {
			t.Fatal(err)
		}
		finished = c != nil && c.AfterDone // another run would rightly begin afresh
	}
	t.Logf("%d runs were killed", kills)
	if kills == 0 {
		t.Error("no run was killed: nothing is shown")
	}
	return kills
}

// once runs the job, which is killed some time after what is awaited has come,
// unless it has ended by itself.
func (k killing) once(t *testing.T, after time.Duration) (killed bool) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^"+k.test+"$")
	child.Env = append(os.Environ(), k.env...)
	var said bytes.Buffer
	child.Stdout, child.Stderr = &said, &said
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if k.awaits != nil && !eventually(k.awaits) {
		_ = child.Process.Kill()
		_ = child.Wait()
		t.Fatalf("what the kill is to hit has not come\n%s", &said)
	}
	timer := time.AfterFunc(after, func() { _ = child.Process.Kill() })
	if k.meanwhile != nil {
		k.meanwhile()
	}
	err := child.Wait()
	timer.Stop()
	if err != nil && child.ProcessState.ExitCode() != -1 {
		t.Fatalf("a run failed by itself: %v\n%s", err, &said)
	}
	return err != nil
}

// runText runs a job in this process, with checkpoints every so many
// milliseconds.
func runText(ctx context.Context, t *testing.T, text, file, name, state, interval string) *launcher.Result {
	t.Helper()
	registry, err := builtin.Registry()
	if err != nil {
		t.Fatal(err)
	}
	j, err := job.Parse([]byte(text), job.Options{File: file, JobName: name, ConfProp: `{"flink.checkpoint.interval":"` + interval + `"}`})
	if err != nil {
		t.Fatal(err)
	}
	r, err := launcher.New(j, launcher.Options{Registry: registry, StateDir: state, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return r.Run(ctx, ctx)
}
