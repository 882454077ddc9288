package main

import (
	"errors"
	"io"

	"github.com/datasync-io/datasync/launcher"
)

// preview shows the first rows of jobs, as tables or as objects, on stdout.
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
	l, err := p.load(o, arg)
	if l != nil {
		defer func() { err = errors.Join(err, l.close()) }()
	}
	if err != nil {
		return err
	}
	l.tell(o.notes)
	return l.runner.Preview(interrupt.stop, launcher.PreviewOptions{Rows: o.rows, JSON: o.json}, maskWriter{p.stdout, p.secrets})
}

// maskWriter masks each piece that is written.
type maskWriter struct {
	w       io.Writer
	secrets *secrets
}

func (m maskWriter) Write(text []byte) (int, error) {
	if _, err := io.WriteString(m.w, m.secrets.mask(string(text))); err != nil {
		return 0, err
	}
	return len(text), nil
}
