package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/launcher"
)

// runJobs runs the jobs, o.parallel at the same time; a signal ends the series.
func (p *process) runJobs(o *options) error {
	if err := o.checkReportFile(); err != nil {
		return err
	}
	end, err := p.serve(o)
	if err != nil {
		return err
	}
	defer end()
	interrupt := listen(p.signals)
	defer interrupt.end()
	if len(o.jobs) == 1 {
		return p.runJob(o, o.jobs[0], interrupt)
	}
	var g errgroup.Group
	g.SetLimit(max(1, o.parallel))
	for i, arg := range o.jobs {
		one := *o
		o.notes = nil // said once
		g.Go(func() error {
			if interrupt.stop.Err() != nil {
				p.ended(launcher.ExitInterrupted)
				return nil
			}
			if err := p.runJob(&one, arg, interrupt); err != nil {
				p.printError(fmt.Errorf("job %d: %w", i+1, err))
				p.ended(codeOf(err))
			}
			return nil
		})
	}
	return g.Wait()
}

// runJob runs a job and reports; the error says why it could not begin, or what
// could not be reported. How it ended is in p.code.
func (p *process) runJob(o *options, arg string, interrupt *interrupt) (err error) {
	l, err := p.load(interrupt.stop, o, arg)
	if l != nil {
		defer func() { err = errors.Join(err, l.close()) }()
	}
	if err != nil {
		return err
	}
	return p.runLoaded(o, l, interrupt)
}

// runLoaded runs a job that is ready.
func (p *process) runLoaded(o *options, l *loaded, interrupt *interrupt) error {
	l.tell(o.notes)
	name, reader, writer := l.runner.Title()
	l.log.Info("running", "job", name, "file", l.file, "reader", reader, "writer", writer, "state", l.stateDir)
	quiet := context.AfterFunc(interrupt.stop, func() {
		l.log.Info("stopping: what is under way is written and the position saved; another signal ends at once")
	})
	defer quiet()
	show := p.display(o, l)
	ended := make(chan *launcher.Result, 1)
	go func() { ended <- l.runner.Run(interrupt.now, interrupt.stop) }()
	var result *launcher.Result
	select {
	case result = <-ended:
	case <-interrupt.abandoned:
		show()
		code := launcher.ExitInterrupted
		if l.runner.Status().Endless {
			code = launcher.ExitTransient
		}
		return &exitError{code, errors.New("ended by a second signal before the connections were closed; the last saved position holds")}
	}
	show()
	if interrupt.now.Err() != nil {
		cutShort(result)
	}
	l.log.Info("ended", "job", result.Job, "state", result.State, "exitCode", result.ExitCode, "after", result.End.Sub(result.Start).Round(time.Millisecond))
	p.ended(result.ExitCode)
	failure := result.Err
	err := p.report(o, result)
	if failure != nil { // last, where people look
		p.printError(failure)
	}
	return err
}

// cutShort corrects the result of a job that a second signal ended while it
// drained: an endless one is worth running again.
func cutShort(r *launcher.Result) {
	switch r.State {
	case launcher.Drained:
		r.State, r.ExitCode = launcher.Interrupted, launcher.ExitTransient
	case launcher.Interrupted:
	default:
		return
	}
	r.Err = errors.New("ended by a second signal before all rows were written; -resume goes on from the position saved last")
}

// display shows a job's progress: on a terminal as a line that changes, else in
// the log. The function it returns ends that.
func (p *process) display(o *options, l *loaded) (end func()) {
	if o.quiet {
		return func() {}
	}
	if p.terminal && !(p.shared && printsRows(l.job.Pipelines[0].Writer)) {
		b := &bar{block: p.out.block(), channels: o.verbose, tables: l.runner.Tables}
		if len(o.jobs) > 1 {
			b.name = l.job.Identity
		}
		w := watch(0, sampleEvery, l.runner.Status, b.show)
		return func() { w.stop(); b.block.finish() }
	}
	return watch(logFirst, logEvery, l.runner.Status, logStatus(l.log)).stop
}

// printsRows tells that a job's rows go to stdout, where a line that is drawn over
// and over would cut them to pieces.
func printsRows(w job.Operator) bool {
	return w.Plugin == "stream" && w.Parameter.Node().Member("print").Text() != "false"
}

// abandonAfter is how long a job may take to end after the second signal.
const abandonAfter = 3 * time.Second
