package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// Times the supervisor grants; readiness on a machine that runs everything at
// once is several times slower than on an idle one.
const (
	readyTimeout = 2 * time.Minute
	stopTimeout  = 30 * time.Second
	pollInterval = 50 * time.Millisecond
)

// spawner starts all children from one OS thread that lives as long as the
// supervisor. The kernel sends the parent-death signal when the *thread* that
// forked ends, so a child started from an ordinary goroutine may be killed when
// the Go runtime retires a thread.
type spawner struct {
	jobs chan func()
	done chan struct{}
}

func newSpawner() *spawner {
	s := &spawner{jobs: make(chan func()), done: make(chan struct{})}
	go func() {
		defer close(s.done)
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		for f := range s.jobs {
			f()
		}
	}()
	return s
}

func (s *spawner) start(cmd *exec.Cmd) error {
	result := make(chan error)
	s.jobs <- func() { result <- cmd.Start() }
	return <-result
}

// close ends the thread; children still alive get the parent-death signal.
func (s *spawner) close() {
	close(s.jobs)
	<-s.done
}

// program is what a process runs.
type program struct {
	name string // for messages
	path string
	args []string
	env  []string // nil: the supervisor's
	dir  string
	log  string // file that gets stdout and stderr; "": those in cmd
	as   *owner // nil: as the supervisor

	input    string         // file that is its standard input; "": none
	end      syscall.Signal // asks for an orderly end; 0: SIGTERM
	quit     syscall.Signal // ends it at once but lets it give shared memory back; 0: SIGKILL
	scatters bool           // its children leave its group; like it they work in dir, and nothing else does
}

// process is a child with a process group of its own. Its output goes to a
// file; a goroutine awaits its end.
type process struct {
	program
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
	err  error         // why, after done
}

// start runs p and lists its group with the watchdog.
func (s *Supervisor) start(p program, adjust func(*exec.Cmd)) (*process, error) {
	cmd := exec.Command(p.path, p.args...)
	cmd.Env, cmd.Dir = p.env, p.dir
	cmd.SysProcAttr = attributes(p.as)
	if p.log != "" {
		f, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		cmd.Stdout, cmd.Stderr = f, f
	}
	if p.input != "" {
		f, err := os.Open(p.input)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		cmd.Stdin = f
	}
	if adjust != nil {
		adjust(cmd)
	}
	if err := s.spawner.start(cmd); err != nil {
		return nil, fmt.Errorf("starting %s: %w", p.name, err)
	}
	s.watchdog.add(cmd.Process.Pid)
	pr := &process{program: p, cmd: cmd, done: make(chan struct{})}
	s.wg.Go(func() {
		pr.err = cmd.Wait()
		s.watchdog.remove(cmd.Process.Pid)
		close(pr.done)
	})
	return pr, nil
}

// kill sends SIGKILL to the group, and to children that have left it, and awaits
// their end.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.done
	if p.scatters {
		killIn(p.dir)
	}
}

// stop asks for an orderly end and, after stopTimeout, kills.
func (p *process) stop() {
	if p.end == 0 {
		p.ask(syscall.SIGTERM)
	} else {
		p.ask(p.end)
	}
}

// discard ends a process whose data nobody wants any more.
func (p *process) discard() {
	if p.quit == 0 {
		p.kill()
	} else {
		p.ask(p.quit)
	}
}

// ask sends a signal and, when stopTimeout has passed, SIGKILL.
func (p *process) ask(sig syscall.Signal) {
	p.signal(sig)
	timer := time.NewTimer(stopTimeout)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
		p.kill()
	}
}

func (p *process) signal(sig syscall.Signal) {
	select {
	case <-p.done: // its number may be another's by now
	default:
		signalGroup(p.cmd.Process.Pid, sig)
	}
}

// run starts p and awaits its successful end; a failure shows the end of its log.
func (s *Supervisor) run(ctx context.Context, p program) error {
	pr, err := s.start(p, nil)
	if err != nil {
		return err
	}
	select {
	case <-pr.done:
	case <-ctx.Done():
		pr.kill()
		return ctx.Err()
	}
	if pr.err != nil {
		return fmt.Errorf("running %s: %w: %s", p.name, pr.err, tail(p.log))
	}
	return nil
}

// ready awaits the first success of probe.
func (p *process) ready(ctx context.Context, probe func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		err := probe(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-p.done:
			return fmt.Errorf("starting %s: it ended (%v): %s", p.name, p.err, tail(p.log)) //nolint:errorlint // nil after an orderly end, which %w cannot print
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w: %s", p.name, errors.Join(ctx.Err(), err), tail(p.log))
		}
	}
}

// tail gives the last lines of a log file for an error message.
func tail(file string) string {
	b, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	const most = 2000
	if len(b) > most {
		b = b[len(b)-most:]
	}
	return strings.TrimSpace(string(b))
}
