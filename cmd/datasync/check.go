package main

import (
	"context"
	"errors"
	"strings"

	"github.com/datasync-io/datasync/launcher"
)

// check prints what is used, without effect, unknown, to be warned of and wrong
// in each job file, and with -probe at both ends. All are checked, whatever is
// wrong with one. A faulty file is exit code 2.
func (p *process) check(o *options) (err error) {
	o.dry, o.whole = true, true
	interrupt := listen(p.signals)
	defer interrupt.end()
	show := func(f finding) error { return f.print(p.stdout, p.secrets.mask) }
	if o.json {
		list := &findings{w: p.stdout, mask: p.secrets.mask}
		show = list.add
		defer func() { err = errors.Join(err, list.end()) }()
	}
	for _, arg := range o.jobs {
		if interrupt.stop.Err() != nil {
			p.ended(launcher.ExitInterrupted)
			break
		}
		f := p.checkJob(interrupt.stop, o, arg)
		if f.err != nil {
			p.ended(codeOf(f.err))
		}
		if f.job != nil {
			p.spare(o, f.job.Size())
		}
		if err := show(f); err != nil {
			return err
		}
	}
	return nil
}

// checkJob finds what there is to say about one job.
func (p *process) checkJob(ctx context.Context, o *options, arg string) finding {
	l, err := p.load(ctx, o, arg)
	if l == nil {
		return newFinding(shortName(arg), nil, nil, err)
	}
	if o.probe && err == nil {
		err = l.runner.Probe(ctx)
	}
	f := newFinding(l.file, l.job, o.notes, errors.Join(err, l.close()))
	if l.runner != nil {
		f.guarantee = l.runner.Guarantee()
	}
	f.probed = o.probe && l.runner != nil
	return f
}

// shortName is an argument as people call it: a path, or what stands for a text.
func shortName(arg string) string {
	if inline(strings.TrimSpace(arg)) {
		return "inline job"
	}
	if arg == "-" {
		return "standard input"
	}
	return arg
}
