package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// convert writes a job file in the canonical spelling; placeholders stay, with or
// without a value. What goes to stdout
// holds no passwords; a file that -o names does, and only its owner may read it.
func (p *process) convert(o *options) (err error) {
	if len(o.jobs) != 1 {
		return usagef("convert: one job at a time, and %d are named", len(o.jobs))
	}
	o.dry, o.whole, o.part = true, true, true
	interrupt := listen(p.signals)
	defer interrupt.end()
	l, err := p.load(interrupt.stop, o, o.jobs[0])
	if l != nil {
		defer func() { err = errors.Join(err, l.close()) }()
	}
	if err != nil {
		return err
	}
	l.tell(o.notes)
	if o.output == "" || o.output == "-" {
		_, err := p.stdout.Write(l.job.Canonical(false))
		return err
	}
	if err := writePrivate(o.output, l.job.Canonical(true)); err != nil {
		return usagef("-o %s: %w", o.output, err)
	}
	l.log.Info("written", "file", o.output)
	return nil
}

// writePrivate replaces a file by one that only its owner may read, as a whole
// or not at all.
func writePrivate(path string, text []byte) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return errors.New("it is no file")
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".datasync-*") // that only its owner may read
	if err != nil {
		if in, ok := errors.AsType[*os.PathError](err); ok { // of a name that nobody has given
			err = in.Err
		}
		return fmt.Errorf("writing into %s: %w", filepath.Dir(path), err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("writing it: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}
