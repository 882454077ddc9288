package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// sampleEvery is how often the peak of a running child is read.
const sampleEvery = 5 * time.Millisecond

// runChild runs a command to its end and measures it. The error carries the end
// of what it wrote to stderr.
func runChild(cmd *exec.Cmd) (sample, error) {
	var stderr bytes.Buffer
	if cmd.Stderr == nil {
		cmd.Stderr = &stderr
	}
	before := childrenTime()
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return sample{}, err
	}
	w := watchPeak(cmd.Process.Pid)
	err := cmd.Wait()
	s := sample{wall: time.Since(began), peak: w.stop(), allocs: math.NaN()}
	s.servers = childrenTime() - before
	if err != nil {
		return s, fmt.Errorf("%w: %s", err, tail(stderr.String()))
	}
	s.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return s, nil
}

func tail(text string) string {
	const most = 2000
	return strings.TrimSpace(text[max(0, len(text)-most):])
}

// peakWatcher reads a process's VmHWM until it has ended. The peak that wait4
// gives is of no use here: it begins with that of the process that forked.
type peakWatcher struct {
	quit chan struct{}
	done chan int64
}

func watchPeak(pid int) *peakWatcher {
	w := &peakWatcher{make(chan struct{}), make(chan int64, 1)}
	go func() {
		tick := time.NewTicker(sampleEvery)
		defer tick.Stop()
		var peak int64
		for {
			peak = max(peak, readPeak(pid))
			select {
			case <-tick.C:
			case <-w.quit:
				w.done <- peak
				return
			}
		}
	}()
	return w
}

func (w *peakWatcher) stop() int64 {
	close(w.quit)
	return <-w.done
}

// readPeak is 0 for a process that has ended, and where there is no /proc.
func readPeak(pid int) int64 {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0
	}
	_, rest, ok := strings.Cut(string(status), "VmHWM:")
	if !ok {
		return 0
	}
	fields := strings.Fields(rest)
	kB, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		return 0
	}
	return kB << 10
}

// childrenTime is the processor time that the living processes below this
// program have used, and their children that have ended (a PostgreSQL server
// has one for each session): while no command runs, that of the servers. 0
// where there is no /proc.
func childrenTime() time.Duration {
	const tick = time.Second / 100 // USER_HZ
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0
	}
	parents, times := map[int]int{}, map[int]int{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			continue // it has ended
		}
		// proc(5): the number, the name in parentheses, state, parent, ... user
		// and system time, and the same of awaited children.
		fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
		if len(fields) < 15 {
			continue
		}
		pid, sum := digits(filepath.Base(filepath.Dir(f))), 0
		for _, field := range fields[11:15] {
			sum += digits(string(field))
		}
		parents[pid], times[pid] = digits(string(fields[1])), sum
	}
	var sum time.Duration
	for pid, n := range times {
		if below(parents, pid) {
			sum += time.Duration(n) * tick
		}
	}
	return sum
}

// below tells that a process descends from this one.
func below(parents map[int]int, pid int) bool {
	for range len(parents) {
		parent, ok := parents[pid]
		if !ok || parent == os.Getpid() {
			return ok
		}
		pid = parent
	}
	return false
}

// digits is 0 for a text that is none.
func digits(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
}

// discard runs a command with its output thrown away.
func discard(ctx context.Context, path string, args ...string) (sample, error) {
	cmd := exec.CommandContext(ctx, path, args...) // no Stdout: /dev/null
	return runChild(cmd)
}

// toFile runs a command with its output in a file.
func toFile(ctx context.Context, file, path string, args ...string) (s sample, err error) {
	f, err := os.Create(file)
	if err != nil {
		return sample{}, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stdout = f
	return runChild(cmd)
}

// untilOutput starts a command and gives the time until its output holds
// marker; then the command is killed.
func untilOutput(ctx context.Context, marker string, path string, args ...string) (s sample, err error) {
	cmd := exec.CommandContext(ctx, path, args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return sample{}, err
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return sample{}, err
	}
	var seen []byte
	buf := make([]byte, 64<<10)
	for !bytes.Contains(seen, []byte(marker)) {
		n, err := out.Read(buf)
		seen = append(seen, buf[:n]...)
		if err != nil {
			ended := cmd.Wait() // stderr is complete after it
			return sample{}, errors.Join(fmt.Errorf("it ended before its first row: %w: %s", err, tail(stderr.String())), ended)
		}
	}
	s = sample{wall: time.Since(began), peak: readPeak(cmd.Process.Pid), allocs: math.NaN()}
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		return sample{}, errors.Join(err, cmd.Wait())
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		return sample{}, err
	}
	s.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return s, nil
}
