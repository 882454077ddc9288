package main

import "errors"

// replayJob writes the rows of a dirty file again, with the writer of a job.
func (p *process) replayJob(o *options) (err error) {
	switch {
	case len(o.flagged) != 1:
		return usagef("replay: name one job with -job: its writer takes the rows")
	case len(o.positional) != 1:
		return usagef("replay: name one file of dirty rows, as in datasync replay orders.jsonl -job orders.json")
	}
	o.jobs, o.replay = o.flagged, o.positional[0]
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
	l, err := p.load(interrupt.stop, o, o.jobs[0])
	if l != nil {
		defer func() { err = errors.Join(err, l.close()) }()
	}
	if err != nil {
		return err
	}
	return p.runLoaded(o, l, interrupt)
}
