package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/launcher"
)

// check prints what is used, without effect, unknown, to be warned of and wrong
// in each job file, and with -probe at both ends. All are checked, whatever is
// wrong with one. A faulty file is exit code 2.
func (p *process) check(o *options) error {
	o.dry, o.whole = true, true
	interrupt := listen(p.signals)
	defer interrupt.end()
	all := []finding{}
	for _, arg := range o.jobs {
		if interrupt.stop.Err() != nil {
			p.ended(launcher.ExitInterrupted)
			break
		}
		f := p.checkJob(interrupt.stop, o, arg)
		if f.err != nil {
			p.ended(codeOf(f.err))
		}
		if o.json {
			all = append(all, f.masked(p.secrets.mask))
		} else {
			if err := f.print(p.stdout, p.secrets.mask); err != nil {
				return err
			}
		}
	}
	if !o.json {
		return nil
	}
	e := json.NewEncoder(p.stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(all)
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
		f.Guarantee = l.runner.Guarantee()
	}
	f.Probed = o.probe && l.runner != nil
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

// finding is what check has to say about a job. In JSON, code is the exit code
// that the job alone would give.
type finding struct {
	File      string   `json:"file"`
	Code      int      `json:"exitCode"`
	Dialect   string   `json:"dialect,omitempty"`
	Pipelines []string `json:"pipelines"`
	Guarantee string   `json:"guarantee,omitempty"`
	Probed    bool     `json:"probed"`
	Used      []string `json:"used"`
	NoEffect  []string `json:"noEffect"`
	Unknown   []string `json:"unknown"`
	Warnings  []string `json:"warnings"`
	Faults    []fault  `json:"faults"`

	err error
}

// fault is something wrong; where it is in the file, if it is there.
type fault struct {
	Path    string `json:"path,omitempty"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Message string `json:"message"`

	text string // all of it, in a line
}

// What texts about keys, and about parameters of an address, begin with.
const (
	unknownKey       = "unknown key"
	unknownParameter = "unknown parameter"
	noEffect         = "has no effect: " // of what is behind the path
)

// newFinding sorts what is known of a job; j is nil if nothing could be read of it.
func newFinding(file string, j *job.Job, flagNotes []string, err error) finding {
	f := finding{File: file, NoEffect: append([]string{}, flagNotes...), Pipelines: []string{}, Used: []string{}, Unknown: []string{}, Warnings: []string{}, Faults: []fault{}, err: err}
	if err != nil {
		f.Code = codeOf(err)
	}
	ignored := map[string]bool{}
	if j != nil {
		f.notes(j, ignored)
	}
	for _, e := range config.Faults(err) {
		ignored[e.Path] = true
		if strings.HasPrefix(e.Msg, unknownKey) {
			f.Unknown = append(f.Unknown, e.Error())
		}
		f.Faults = append(f.Faults, fault{e.Path, e.Line, e.Column, e.Msg, e.Error()})
	}
	if err != nil && len(f.Faults) == 0 {
		for _, line := range slices.Compact(strings.FieldsFunc(err.Error(), isNewline)) {
			f.Faults = append(f.Faults, fault{Message: line, text: line})
		}
	}
	if j == nil {
		return f
	}
	f.Dialect = fmt.Sprintf("%s, %s", j.Dialect, j.DialectReason)
	for _, pipe := range j.Pipelines {
		f.pipeline(pipe, "state under "+j.PipelineIdentity(pipe))
	}
	for _, pipe := range j.Idle {
		f.pipeline(pipe, "with -all-contents only")
	}
	j.Leaves(func(path string) bool { return ignored[path] }, func(path, value string) {
		if path != "" { // the file itself, if it is no object
			f.Used = append(f.Used, path+" = "+value)
		}
	})
	return f
}

// pipeline says what is moved to where, if both ends have a name.
func (f *finding) pipeline(p job.Pipeline, more string) {
	if p.Reader.Name != "" && p.Writer.Name != "" {
		f.Pipelines = append(f.Pipelines, fmt.Sprintf("%s -> %s, %s", p.Reader.Name, p.Writer.Name, more))
	}
}

// notes sorts the notes of a file.
func (f *finding) notes(j *job.Job, ignored map[string]bool) {
	for _, n := range j.Notes() {
		part := strings.HasPrefix(n.Msg, "parameter ") || strings.HasPrefix(n.Msg, unknownParameter) // of the value
		ignored[n.Path] = ignored[n.Path] || !part
		about := strings.TrimPrefix(n.Msg, noEffect)
		switch text := n.Error.Error(); {
		case strings.HasPrefix(n.Msg, unknownKey) || strings.HasPrefix(about, unknownParameter):
			f.Unknown = append(f.Unknown, text)
		case n.Warning && about == n.Msg:
			f.Warnings = append(f.Warnings, text)
			ignored[n.Path] = false
		default:
			f.NoEffect = append(f.NoEffect, text)
		}
	}
}

// mistakes are the faults but for unknown keys, which have a section of their own.
func (f *finding) mistakes() []string {
	var lines []string
	for _, one := range f.Faults {
		if !strings.HasPrefix(one.Message, unknownKey) {
			lines = append(lines, one.text)
		}
	}
	return lines
}

// print writes the finding for people. Each line is masked by itself, which is
// quick where nothing in it looks like a secret.
func (f *finding) print(w io.Writer, mask func(string) string) error {
	verdict := "no faults"
	mistakes := f.mistakes()
	if n := len(mistakes) + len(f.Unknown); n > 0 {
		verdict = fmt.Sprintf("%d to look at", n)
	}
	b := bufio.NewWriter(w)
	say := func(line string) { _, _ = b.WriteString(mask(line) + "\n") } // Flush returns the error
	say(f.File + ": " + verdict)
	if f.Dialect != "" {
		say("  dialect " + f.Dialect)
	}
	for _, line := range f.Pipelines {
		say("  " + line)
	}
	if f.Guarantee != "" {
		say("  after an interruption rows arrive " + f.Guarantee)
	}
	if f.Probed && f.err == nil {
		say("  both ends answer and fit together")
	}
	for _, section := range []struct {
		title string
		lines []string
	}{
		{"used", f.Used}, {"no effect", f.NoEffect}, {"unknown", f.Unknown}, {"warnings", f.Warnings}, {"faults", mistakes},
	} {
		if len(section.lines) == 0 {
			continue
		}
		say(section.title + ":")
		for _, line := range section.lines {
			say("  " + line)
		}
	}
	return b.Flush()
}

// masked is the finding with its secrets hidden, before encoding changes how they are spelled.
func (f finding) masked(mask func(string) string) finding {
	for _, list := range []*[]string{&f.Pipelines, &f.Used, &f.NoEffect, &f.Unknown, &f.Warnings} {
		texts := []string{}
		for _, text := range *list {
			texts = append(texts, mask(text))
		}
		*list = texts
	}
	f.Faults = slices.Clone(f.Faults)
	for i := range f.Faults {
		f.Faults[i].Message = mask(f.Faults[i].Message)
	}
	return f
}
