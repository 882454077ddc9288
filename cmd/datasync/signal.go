package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"github.com/datasync-io/datasync/launcher"
	"github.com/datasync-io/datasync/launcher/builtin"
)

// signalVerbs are what a job can be told, and list.
var signalVerbs = []string{string(launcher.Snapshot), string(launcher.Pause), string(launcher.Resume), string(launcher.Stop), "list"}

// signal tells a job that follows a log to copy tables again.
func (p *process) signal(c *cli.Context) error {
	args := c.Args().Slice()
	if len(args) < 2 {
		return usagef("signal: name a job and what it is told: %s", strings.Join(signalVerbs, ", "))
	}
	dir, err := stateDir(c.String("state-dir"), p.env)
	if err != nil {
		return err
	}
	s := stateCommand{p: p, saved: launcher.NewSavedState(dir), dir: dir, json: c.Bool("json")}
	jobs, err := s.find(args[0])
	if err != nil {
		return err
	}
	if len(jobs) > 1 {
		return usagef("signal %s: that is several jobs, %s: name one", args[0], strings.Join(jobs, ", "))
	}
	verb, tables := args[1], args[2:]
	switch launcher.Verb(verb) {
	case launcher.Snapshot:
		if len(tables) == 0 {
			return usagef("signal snapshot: name the tables to copy again")
		}
	case launcher.Pause, launcher.Resume, launcher.Stop:
	default:
		if verb != "list" || len(tables) > 0 {
			return usagef("signal %s: expected one of %s", strings.Join(args[1:], " "), strings.Join(signalVerbs, ", "))
		}
	}
	registry, err := builtin.Registry()
	if err != nil {
		return err
	}
	to, err := s.saved.Signalled(c.Context, registry, jobs[0])
	if err != nil {
		return err
	}
	if verb == "list" {
		return s.signalled(to)
	}
	sent, err := s.saved.Signal(to, launcher.Verb(verb), tables)
	if err != nil {
		return err
	}
	if s.json {
		return s.encode(sent)
	}
	return s.print("%s: %s; signal %s\n", launcher.Said(sent), to.When(), sent.ID)
}

// signalled shows what is being copied and what is pending.
func (s *stateCommand) signalled(to *launcher.Signalled) error {
	if s.json {
		text, err := json.MarshalIndent(to, "", "  ")
		if err != nil {
			return err
		}
		return s.print("%s\n", text)
	}
	var b strings.Builder
	for _, one := range to.Copying.Tables {
		how := "again"
		if one.First {
			how = "for the first time"
		}
		fmt.Fprintf(&b, "%s: %s, %s rows so far, %s\n", one.Table, one.State, humanize.Comma(one.Rows), how)
		if one.Err != "" {
			fmt.Fprintf(&b, "  %s\n", one.Err)
		}
	}
	for _, one := range to.Pending {
		fmt.Fprintf(&b, "pending: %s, signal %s; %s\n", launcher.Said(one), one.ID, to.When())
	}
	for _, one := range to.Copying.Refused {
		fmt.Fprintf(&b, "refused: signal %s, table %s: %s\n", one.Signal, one.Table, one.Err)
	}
	for _, one := range to.LeftOut {
		fmt.Fprintf(&b, "left out: %s; signal %s snapshot TABLE copies it again\n", one, to.Job)
	}
	if b.Len() == 0 {
		b.WriteString("nothing is being copied beside the log, and no signal is pending\n")
	}
	return s.print("%s", b.String())
}
