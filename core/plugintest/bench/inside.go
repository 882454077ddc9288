package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"time"

	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/launcher"
	"github.com/datasync-io/datasync/launcher/builtin"
)

// counted is what a run inside this program tells.
type counted struct{ Mallocs uint64 }

// inside runs a job once more, in a child of this program, and gives the
// allocations per row of the whole run; with -cpuprofile it leaves a profile.
func (l *lab) inside(ctx context.Context, name, file string) (float64, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	args := []string{insideRole, "-job", file, "-state", filepath.Join(l.work, "inside")}
	if l.profile != "" {
		if err := os.MkdirAll(l.profile, 0o755); err != nil {
			return 0, err
		}
		args = append(args, "-cpuprofile", filepath.Join(l.profile, slug(name)+".pprof"))
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Stdout = &out
	if _, err := runChild(cmd); err != nil {
		return 0, err
	}
	var c counted
	if err := json.Unmarshal(out.Bytes(), &c); err != nil {
		return 0, fmt.Errorf("reading the counts: %w", err)
	}
	return float64(c.Mallocs) / float64(l.rows), nil
}

// inside is the child: it runs one job and prints what was counted.
func inside(ctx context.Context, args []string) (err error) {
	flags := flag.NewFlagSet(insideRole, flag.ContinueOnError)
	file := flags.String("job", "", "the job `file`")
	state := flags.String("state", "", "`folder` for state")
	profile := flags.String("cpuprofile", "", "`file` for a CPU profile")
	if err := flags.Parse(args); err != nil {
		return err
	}
	runner, err := newRunner(*file, *state)
	if err != nil {
		return err
	}
	stopProfile, err := startProfile(*profile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopProfile()) }()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if result := runner.Run(ctx, ctx); result.Err != nil {
		return result.Err
	}
	runtime.ReadMemStats(&after)
	return json.NewEncoder(os.Stdout).Encode(counted{after.Mallocs - before.Mallocs})
}

// startProfile begins a CPU profile, if a file is given; stop ends it.
func startProfile(file string) (stop func() error, err error) {
	if file == "" {
		return func() error { return nil }, nil
	}
	f, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return f.Close()
	}, nil
}

func newRunner(file, state string) (*launcher.Runner, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	j, err := job.Parse(text, job.Options{File: file})
	if err != nil {
		return nil, err
	}
	registry, err := builtin.Registry()
	if err != nil {
		return nil, err
	}
	return launcher.New(j, launcher.Options{
		Registry: registry, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Zone: time.UTC, StateDir: state, Fresh: true,
	})
}
