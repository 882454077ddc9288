package main

import "errors"

// preview shows the first rows of jobs as tables on stdout.
func (p *process) preview(o *options) error {
	o.dry = true
	interrupt := listen(p.signals)
	defer interrupt.end()
	for _, arg := range o.jobs {
		if err := p.previewJob(o, arg, interrupt); err != nil {
			return err
		}
	}
	return nil
}

func (p *process) previewJob(o *options, arg string, interrupt *interrupt) (err error) {
	l, err := p.load(o, arg, &console{w: p.stderr})
	if l != nil {
		defer func() { err = errors.Join(err, l.close()) }()
	}
	if err != nil {
		return err
	}
	l.tell(o.notes)
	return l.runner.Preview(interrupt.stop, o.rows, p.stdout)
}
