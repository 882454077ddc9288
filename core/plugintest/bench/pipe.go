package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"time"
)

// runPipe runs commands side by side, each of which reads what the one before
// it writes, and measures them as one: processor time and memory are sums. The
// error is that of the first command that failed for a reason of its own, with
// the end of what it wrote to stderr.
func runPipe(cmds ...*exec.Cmd) (sample, error) {
	stderr := make([]bytes.Buffer, len(cmds))
	ends, err := connect(cmds)
	if err != nil {
		return sample{}, errors.Join(err, closeAll(ends))
	}
	before := childrenTime()
	began := time.Now()
	var watchers []*peakWatcher
	var started []*exec.Cmd
	for i, cmd := range cmds {
		cmd.Stderr = &stderr[i]
		if err = cmd.Start(); err != nil {
			break
		}
		started = append(started, cmd)
		watchers = append(watchers, watchPeak(cmd.Process.Pid))
	}
	err = errors.Join(err, closeAll(ends)) // only the commands hold them now
	s := sample{allocs: math.NaN()}
	// The last one first: it tells why those before it could write no more.
	for i := len(started) - 1; i >= 0; i-- {
		if ended := started[i].Wait(); ended != nil && err == nil {
			err = fmt.Errorf("%s: %w: %s", started[i].Path, ended, tail(stderr[i].String()))
		}
		s.cpu += started[i].ProcessState.UserTime() + started[i].ProcessState.SystemTime()
	}
	s.wall = time.Since(began)
	for _, w := range watchers {
		s.peak += w.stop()
	}
	s.servers = childrenTime() - before
	return s, err
}

// connect joins the commands by pipes; the caller closes the ends.
func connect(cmds []*exec.Cmd) (ends []io.Closer, err error) {
	for i := 1; i < len(cmds); i++ {
		r, w, err := os.Pipe()
		if err != nil {
			return ends, err
		}
		cmds[i-1].Stdout, cmds[i].Stdin = w, r
		ends = append(ends, r, w)
	}
	return ends, nil
}

func closeAll(list []io.Closer) error {
	var errs []error
	for _, c := range list {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}
