package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/datasync-io/datasync/core/checkpoint"
)

// command is a run of the job into a folder called name, at most rate rows per
// second; the state is saved five times a second.
func (d *demo) command(ctx context.Context, name string, rate int64, flags ...string) *exec.Cmd {
	args := append([]string{
		"-job", jobFile, "-jobName", name, "-state-dir", d.path("state"),
		"-p", fmt.Sprintf("db=%s,table=%s,dir=%s,rate=%d", d.path("shop.db"), table, d.path(name), rate),
		"-confProp", `{"flink.checkpoint.interval":"200"}`,
	}, flags...)
	cmd := exec.CommandContext(ctx, d.bin, args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd
}

func (d *demo) job(ctx context.Context, name string, rate int64, flags ...string) error {
	if err := d.command(ctx, name, rate, flags...).Run(); err != nil {
		return fmt.Errorf("running the job %s: %w", name, err)
	}
	return nil
}

// killed begins a run, kills it once the rows of two seconds are safe, and returns how many are.
func (d *demo) killed(ctx context.Context, name string, rate int64) (saved int64, err error) {
	cmd := d.command(ctx, name, rate)
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = cmd.Wait() }() // that it was killed is no news
	defer func() { <-ended }()
	defer func() { _ = cmd.Process.Kill() }()
	store := checkpoint.NewFileStore(d.path("state"))
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-ended:
			return 0, errEnded
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-look.C:
		}
		c, err := store.Load(ctx, name+"-0")
		if err != nil {
			return 0, err
		}
		if c != nil && c.Finished {
			return 0, errEnded
		}
		if c != nil && c.Counters.Written > 2*rate {
			if err := cmd.Process.Kill(); err != nil {
				return 0, err
			}
			<-ended
			if c, err = store.Load(ctx, name+"-0"); err != nil {
				return 0, err
			}
			return c.Counters.Written, nil
		}
	}
}
