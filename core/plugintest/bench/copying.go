package main

import (
	"context"
	"fmt"
	"os/exec"
)

// copying is a path of one job from one place to another.
type copying struct {
	name     string
	channels int
	from, to place
	read     fields // parameters of the reader beside the usual ones
	write    fields // the same of the writer
	rows     int    // that are there to be read; 0: those of orders
	bad      int    // of them, to be refused
	moved    size   // 0: as much as so many rows of orders
	native   []native
	targets  []target
}

// path makes it one that can be measured; more makes what only the native tools need.
func (l *lab) path(c copying, more ...func(ctx context.Context) error) path {
	if c.rows == 0 {
		c.rows = l.rows
	}
	return path{
		name: c.name,
		prepare: func(ctx context.Context) (size, error) {
			for _, ready := range append([]func(context.Context) error{c.from.ready, c.to.ready}, more...) {
				if err := ready(ctx); err != nil {
					return size{}, err
				}
			}
			if c.moved.rows > 0 {
				return c.moved, nil
			}
			return l.moved(ctx, c.rows)
		},
		ours: l.datasync(c),
		allocs: func(ctx context.Context) (float64, error) {
			if err := c.to.empty(ctx); err != nil {
				return 0, err
			}
			file, err := l.copyJob(c)
			if err != nil {
				return 0, err
			}
			perRow, err := l.inside(ctx, c.name, file)
			return perRow * float64(l.rows) / float64(c.rows), err
		},
		native:  c.native,
		targets: c.targets,
	}
}

// moved is the size of a number of rows such as orders has.
func (l *lab) moved(ctx context.Context, rows int) (size, error) {
	_, all, err := l.ordersFile(ctx)
	return size{rows, int64(float64(all.bytes) * float64(rows) / float64(all.rows))}, err
}

// datasync is the measured program with the job.
func (l *lab) datasync(c copying) contender {
	if c.rows == 0 {
		c.rows = l.rows
	}
	return l.into(c.to, c.rows-c.bad, "datasync", func(ctx context.Context) (sample, error) {
		file, err := l.copyJob(c)
		if err != nil {
			return sample{}, err
		}
		return l.runWithBad(ctx, file, c.rows-c.bad, c.bad)
	})
}

func (l *lab) copyJob(c copying) (string, error) {
	return l.jobWithBad(c.name, c.channels, c.bad, c.from.reader(c.read), c.to.writer(c.write))
}

// beside is one native tool, or pipe of them, and how many times as fast datasync
// shall be.
func beside(c contender, least float64) []native { return []native{{c, least}} }

// pipe is native tools that write to a place.
func (l *lab) pipe(name string, to place, cmds func(ctx context.Context) []*exec.Cmd) contender {
	return l.into(to, l.rows, name, func(ctx context.Context) (sample, error) { return runPipe(cmds(ctx)...) })
}

// into empties a place before a run and counts its rows afterwards.
func (l *lab) into(to place, rows int, name string, run func(ctx context.Context) (sample, error)) contender {
	return contender{name, func(ctx context.Context) (sample, error) {
		if err := to.empty(ctx); err != nil {
			return sample{}, fmt.Errorf("emptying the target: %w", err)
		}
		s, err := run(ctx)
		if err != nil {
			return s, err
		}
		n, err := to.count(ctx)
		if err == nil && n >= 0 && n != rows {
			err = fmt.Errorf("the target has %d rows, expected %d", n, rows)
		}
		return s, err
	}}
}
