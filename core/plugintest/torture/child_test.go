package torture

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/launcher"
	"github.com/datasync-io/datasync/launcher/builtin"
)

// Environment of a child process that runs a job.
const (
	envJob   = "DATASYNC_TEST_TORTURE_JOB"   // its file
	envState = "DATASYNC_TEST_TORTURE_STATE" // the state folder
)

// confProp has a checkpoint often: there is more to be cut in two.
const confProp = `{"flink.checkpoint.interval":"150"}`

// child is a job that runs in a process of its own, and again in another one
// after it was killed.
type child struct {
	name   string
	file   string
	state  string
	binary string // "": this test again
	events *history
	failed func(why string) // is told that a job has ended by itself

	mu    sync.Mutex
	life  *life
	lives int
}

type life struct {
	cmd   *exec.Cmd
	said  words
	log   *os.File // nil: none
	asked bool     // to end
	ended chan struct{}
	err   error
}

// start starts the job.
func (c *child) start() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.begin()
}

func (c *child) begin() error {
	l := &life{ended: make(chan struct{})}
	if c.binary == "" {
		l.cmd = exec.Command(os.Args[0], "-test.run=^$")
		l.cmd.Env = append(os.Environ(), envJob+"="+c.file, envState+"="+c.state)
	} else {
		l.cmd = exec.Command(c.binary, "-job", c.file, "-state-dir", c.state, "-confProp", confProp, "-timezone", "UTC")
	}
	l.cmd.Stdout, l.cmd.Stderr = &l.said, &l.said
	if *logs != "" {
		f, err := os.OpenFile(filepath.Join(*logs, filepath.Base(c.file)+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		l.log = f
		both := io.MultiWriter(f, &l.said)
		l.cmd.Stdout, l.cmd.Stderr = both, both
	}
	if err := l.cmd.Start(); err != nil {
		return err
	}
	c.life = l
	c.lives++
	go func() {
		defer close(l.ended)
		l.err = l.cmd.Wait()
		if l.log != nil {
			l.err = errors.Join(l.err, l.log.Close())
		}
		c.ended(l)
	}()
	return nil
}

// ended looks at a life that is over. A job that gave up says that it is worth
// running again, and whoever supervises it does that.
func (c *child) ended(l *life) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if race := l.said.from("WARNING: DATA RACE"); race != "" { // a job that is killed has no exit code that tells
		c.failed(fmt.Sprintf("job %s: %s", c.name, race))
		return
	}
	if l.asked {
		return
	}
	why := l.err
	if l.cmd.ProcessState.ExitCode() == launcher.ExitTransient {
		c.events.note("job %s gave up", c.name)
		if why = c.begin(); why == nil {
			return
		}
	}
	c.failed(fmt.Sprintf("job %s has ended by itself: %v\n%s", c.name, why, l.said.last()))
}

// end asks the job to end by a signal and waits for that.
func (c *child) end(sig syscall.Signal) (*life, error) {
	c.mu.Lock()
	l := c.life
	l.asked = true
	c.mu.Unlock()
	if err := l.cmd.Process.Signal(sig); err != nil {
		select {
		case <-l.ended:
			return l, l.err
		default:
			return l, err
		}
	}
	select {
	case <-l.ended:
		return l, l.err
	case <-time.After(patience):
		_ = l.cmd.Process.Signal(syscall.SIGQUIT) // it tells where it stands
		<-l.ended
		return l, fmt.Errorf("the job has not ended within %v of %v", patience, sig)
	}
}

// checkpoint is what is looked at of a job's.
type checkpoint struct {
	Started  bool
	Plan     []progress
	Counters struct {
		Read int64 `json:"numRead"`
	}
}

type progress struct{ Split struct{ ID string } }

// saved reads the job's checkpoint.
func (c *child) saved() (saved checkpoint, err error) {
	name := strings.TrimSuffix(filepath.Base(c.file), ".json")
	text, err := os.ReadFile(filepath.Join(c.state, name+"-0", "checkpoint.json"))
	if err == nil {
		err = json.Unmarshal(text, &saved)
	}
	return saved, err
}

// again kills the job and starts it anew.
func (c *child) again() error {
	_, _ = c.end(syscall.SIGKILL)
	return c.start()
}

// drain has the job end in order.
func (c *child) drain() error {
	l, err := c.end(syscall.SIGTERM)
	if err != nil {
		return fmt.Errorf("job %s, told to stop: %w\n%s", c.name, err, l.said.last())
	}
	return nil
}

// said is the last that the job has said in its present life.
func (c *child) said() string {
	c.mu.Lock()
	l := c.life
	c.mu.Unlock()
	return l.said.last()
}

// words is what a process says.
type words struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *words) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

// from is what was said from a phrase on, as far as it goes; "" without it.
func (w *words) from(phrase string) string {
	const most = 8 << 10
	w.mu.Lock()
	defer w.mu.Unlock()
	said := w.text.Bytes()
	at := bytes.Index(said, []byte(phrase))
	if at < 0 {
		return ""
	}
	return string(said[at:min(len(said), at+most)])
}

func (w *words) last() string {
	const most = 16 << 10
	w.mu.Lock()
	defer w.mu.Unlock()
	said := w.text.Bytes()
	return string(said[max(0, len(said)-most):])
}

// runChild is the child's part: the job of a file until SIGTERM.
func runChild(file string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	result, err := runJob(ctx, file, log)
	switch {
	case err != nil:
		log.Error(err.Error())
		return launcher.ExitConfig
	case result.Err != nil:
		log.Error(result.Err.Error(), "state", result.State)
	}
	return result.ExitCode
}

func runJob(stop context.Context, file string, log *slog.Logger) (*launcher.Result, error) {
	registry, err := builtin.Registry()
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	j, err := job.Parse(text, job.Options{File: filepath.Base(file), ConfProp: confProp, Zone: time.UTC})
	if err != nil {
		return nil, err
	}
	r, err := launcher.New(j, launcher.Options{Registry: registry, StateDir: os.Getenv(envState), Log: log, Zone: time.UTC})
	if err != nil {
		return nil, err
	}
	return r.Run(context.Background(), stop), nil
}
