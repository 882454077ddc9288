package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/datasync-io/datasync/launcher"
)

// report writes the report of a job that has ended.
func (p *process) report(o *options, r *launcher.Result) error {
	var text bytes.Buffer
	var err error
	if r.Err != nil { // before it is encoded, which may change the secret's spelling
		r.Err = errors.New(p.secrets.mask(r.Err.Error()))
	}
	for i := range r.Contents {
		r.Contents[i].Error = p.secrets.mask(r.Contents[i].Error)
	}
	switch o.report {
	case "none":
		return nil
	case "json":
		err = r.WriteJSON(&text)
	default:
		err = r.WriteText(&text)
		if r.Err != nil && o.reportFile != "" { // on a terminal it stands beneath
			fmt.Fprintf(&text, "error: %s\n", strings.Join(strings.FieldsFunc(r.Err.Error(), isNewline), "; "))
		}
	}
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	masked := p.secrets.mask(text.String())
	p.mu.Lock()
	defer p.mu.Unlock()
	if o.reportFile == "" {
		_, err = io.WriteString(p.stdout, masked)
	} else {
		err = p.writeReportFile(o.reportFile, masked)
	}
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// checkReportFile says before anything runs that the report could not be written.
func (o *options) checkReportFile() error {
	if o.reportFile == "" {
		return nil
	}
	_, missing := os.Stat(o.reportFile)
	f, err := os.OpenFile(o.reportFile, os.O_WRONLY|os.O_CREATE, 0o644)
	if err == nil {
		err = f.Close()
	}
	if err == nil && missing != nil {
		err = os.Remove(o.reportFile)
	}
	if err != nil {
		return usagef("-report-file %s: %w", o.reportFile, err)
	}
	return nil
}

// writeReportFile replaces the file by the first report of the call and appends
// the others; p.mu is held.
func (p *process) writeReportFile(path, text string) error {
	mode := os.O_TRUNC
	if p.reported {
		mode = os.O_APPEND
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|mode, 0o644)
	if err != nil {
		return err
	}
	p.reported = true
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
