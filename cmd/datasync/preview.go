package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/datasync-io/datasync/launcher"
)

// preview shows the first rows of jobs, as tables or as objects, on stdout.
func (p *process) preview(o *options) error {
	o.dry = true
	interrupt := listen(p.signals)
	defer interrupt.end()
	for i, arg := range o.jobs {
		if len(o.jobs) > 1 && !o.json {
			if _, err := fmt.Fprintf(p.stdout, "%s%s:\n", strings.Repeat("\n", min(i, 1)), shortName(arg)); err != nil {
				return err
			}
		}
		if err := p.previewJob(o, arg, interrupt); err != nil {
			return err
		}
	}
	return nil
}

func (p *process) previewJob(o *options, arg string, interrupt *interrupt) (err error) {
	l, err := p.load(interrupt.stop, o, arg)
	if l != nil {
		defer func() { err = errors.Join(err, l.close()) }()
	}
	if err != nil {
		return err
	}
	l.tell(o.notes)
	err = l.runner.Preview(interrupt.stop, launcher.PreviewOptions{Rows: o.rows, JSON: o.json}, p.stdout)
	if err != nil && interrupt.stop.Err() != nil {
		return &exitError{launcher.ExitInterrupted, errors.New("interrupted before there were rows to show")}
	}
	return err
}
