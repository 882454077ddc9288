package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/launcher"
)

// state shows and removes saved positions.
func (p *process) state(c *cli.Context) error {
	dir, err := stateDir(c.String("state-dir"), p.env)
	if err != nil {
		return err
	}
	s := stateCommand{p: p, saved: launcher.NewSavedState(dir), dir: dir, json: c.Bool("json")}
	args := c.Args().Slice()
	if len(args) == 0 {
		args = []string{"list"}
	}
	switch verb, jobs := args[0], args[1:]; {
	case verb == "list" && len(jobs) == 0:
		return s.list(c.Context)
	case verb == "list":
		return usagef("state list: it takes no job; state show %s shows one", jobs[0])
	case verb != "show" && verb != "rm":
		return usagef("state %s: expected list, show or rm", verb)
	case len(jobs) == 0:
		return usagef("state %s: name a job; state list lists them", verb)
	case verb == "show":
		return s.each(c.Context, jobs, s.show)
	default:
		return s.each(c.Context, jobs, s.remove)
	}
}

type stateCommand struct {
	p     *process
	saved launcher.SavedState
	dir   string
	json  bool
}

func (s *stateCommand) list(ctx context.Context) error {
	names, err := s.saved.Jobs()
	if err != nil {
		return err
	}
	all := []*launcher.Saved{}
	for _, name := range names {
		one, err := s.saved.Look(ctx, name)
		if err != nil {
			return err
		}
		if one != nil { // it may have been removed
			all = append(all, one)
		}
	}
	if s.json {
		return s.encode(all)
	}
	if len(all) == 0 {
		return s.print("no state is kept in %s\n", s.dir)
	}
	width := len("JOB")
	for _, one := range all {
		width = max(width, len(one.Job))
	}
	text := fmt.Sprintf("%-*s  %-10s  %-9s  %12s  %s\n", width, "JOB", "STATE", "SPLITS", "ROWS", "SAVED")
	for _, one := range all {
		text += fmt.Sprintf("%-*s  %-10s  %-9s  %12s  %s\n", width, one.Job, one.State, fmt.Sprintf("%d/%d", one.SplitsDone, one.Splits),
			humanize.Comma(one.Counters.Written), one.Saved.Format(time.RFC3339)+one.Lacks())
	}
	return s.print("%s", text)
}

// each does something with every job that the names mean.
func (s *stateCommand) each(ctx context.Context, names []string, do func(context.Context, string) error) error {
	for _, name := range names {
		jobs, err := s.find(name)
		if err != nil {
			return err
		}
		for _, one := range jobs {
			if err := do(ctx, one); err != nil {
				return err
			}
		}
	}
	return nil
}

var pipelineIndex = regexp.MustCompile(`^-\d+$`)

// find returns the jobs that a name means: one that state list shows, a job's
// name without the number of its pipeline, or a job file.
func (s *stateCommand) find(name string) ([]string, error) {
	all, err := s.saved.Jobs()
	if err != nil {
		return nil, err
	}
	wanted := []string{name}
	if filepath.Ext(name) != "" || strings.ContainsRune(name, filepath.Separator) {
		wanted = append(wanted, job.Identity("", name, nil))
	}
	var found []string
	for _, want := range wanted {
		for _, one := range all {
			if rest, ok := strings.CutPrefix(one, want); ok && (rest == "" || pipelineIndex.MatchString(rest)) {
				found = append(found, one)
			}
		}
		if len(found) > 0 {
			return found, nil
		}
	}
	return nil, usagef("state of %s: none is kept in %s; state list lists what there is", name, s.dir)
}

func (s *stateCommand) show(ctx context.Context, name string) error {
	one, err := s.saved.Look(ctx, name)
	if err != nil || one == nil {
		return err
	}
	if s.json {
		return s.encode(one)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)\n  state: %s, run %d, saved %s\n", one.Job, one.Title, one.State, one.Run, one.Saved.Format(time.RFC3339))
	if one.Holder != "" {
		fmt.Fprintf(&b, "  run by: %s\n", one.Holder)
	}
	if one.Error != "" {
		fmt.Fprintf(&b, "  error: %s\n", one.Error)
	}
	fmt.Fprintf(&b, "  rows: %s read, %s written, %s dirty\n", humanize.Comma(one.Counters.Read), humanize.Comma(one.Counters.Written), humanize.Comma(one.Counters.Errors()))
	for _, split := range one.Positions {
		fmt.Fprintf(&b, "  split %s: %s\n", split.Plan.ID, split.Standing)
		if split.Error != "" {
			fmt.Fprintf(&b, "    %s\n", split.Error)
		}
		for _, t := range split.LeftOut {
			fmt.Fprintf(&b, "    left out: %s\n", t)
		}
	}
	fmt.Fprintf(&b, "  the next run %s\n", one.Next)
	return s.print("%s", b.String())
}

func (s *stateCommand) remove(ctx context.Context, name string) error {
	gone, err := s.saved.Remove(ctx, name)
	if err != nil || gone == nil {
		return err
	}
	if s.json {
		return s.encode(gone)
	}
	return s.print("%s removed; given up: %s\n", gone.Job, gone.GivenUp())
}

func (s *stateCommand) encode(v any) error {
	var text strings.Builder
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return err
	}
	return s.print("%s", text.String())
}

// print writes what is shown; a position may hold anything.
func (s *stateCommand) print(format string, args ...any) error {
	_, err := io.WriteString(s.p.stdout, s.p.secrets.mask(fmt.Sprintf(format, args...)))
	return err
}
