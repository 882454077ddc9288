package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/job"
)

// check prints what is used, without effect, unknown, to be warned of and wrong
// in each job file. A faulty file is exit code 2.
func (p *process) check(o *options) error {
	o.dry = true
	for _, arg := range o.jobs {
		l, err := p.load(o, arg, &console{w: p.stderr})
		if l == nil {
			return err
		}
		f := findings(l.job, o.notes, err)
		if l.runner != nil {
			f.pipelines = append(f.pipelines, "after an interruption rows arrive "+l.runner.Guarantee())
		}
		f.print(p.stdout, p.secrets.mask, l.file)
		if cerr := l.close(); cerr != nil {
			return cerr
		}
		if err != nil {
			p.code = combine(p.code, codeOf(err))
		}
		if err != nil && errclass.Of(err) != errclass.Config {
			return err
		}
	}
	return nil
}

// finding is what check has to say about a job.
type finding struct {
	pipelines                                   []string
	used, noEffect, unknown, warnings, mistakes []string
}

const unknownKey = "unknown key"

func findings(j *job.Job, flagNotes []string, err error) finding {
	f := finding{noEffect: slices.Clone(flagNotes)}
	ignored := map[string]bool{}
	for _, n := range j.Notes() {
		ignored[n.Path] = true
		switch text := n.Error.Error(); {
		case strings.HasPrefix(n.Msg, unknownKey):
			f.unknown = append(f.unknown, text)
		case n.Warning:
			f.warnings = append(f.warnings, text)
			ignored[n.Path] = false
		default:
			f.noEffect = append(f.noEffect, text)
		}
	}
	for _, fault := range config.Faults(err) {
		ignored[fault.Path] = true
		if strings.HasPrefix(fault.Msg, unknownKey) {
			f.unknown = append(f.unknown, fault.Error())
		} else {
			f.mistakes = append(f.mistakes, fault.Error())
		}
	}
	if err != nil && len(config.Faults(err)) == 0 {
		f.mistakes = append(f.mistakes, err.Error())
	}
	for _, pipe := range j.Pipelines {
		f.pipelines = append(f.pipelines, fmt.Sprintf("%s -> %s, state under %s", pipe.Reader.Name, pipe.Writer.Name, j.PipelineIdentity(pipe)))
	}
	if root, err := config.Parse(config.NewText("", j.Masked())); err == nil {
		f.used = usedKeys(root, ignored, nil)
	}
	return f
}

// usedKeys lists the values of a file that nothing was said against.
func usedKeys(n *config.Node, ignored map[string]bool, used []string) []string {
	if ignored[n.Path()] {
		return used
	}
	switch {
	case n.Unset():
	case n.Kind() == config.ObjectKind && len(n.Members()) > 0:
		for _, m := range n.Members() {
			used = usedKeys(m.Node, ignored, used)
		}
	case n.Kind() == config.ListKind && len(n.Items()) > 0:
		for _, item := range n.Items() {
			used = usedKeys(item, ignored, used)
		}
	default:
		used = append(used, n.Path()+" = "+n.Raw())
	}
	return used
}

func (f finding) print(w io.Writer, mask func(string) string, file string) {
	verdict := "no faults"
	if n := len(f.mistakes) + len(f.unknown); n > 0 {
		verdict = fmt.Sprintf("%d to look at", n)
	}
	fmt.Fprintf(w, "%s: %s\n", file, verdict)
	for _, line := range f.pipelines {
		fmt.Fprintf(w, "  %s\n", mask(line))
	}
	for _, section := range []struct {
		title string
		lines []string
	}{
		{"used", f.used}, {"no effect", f.noEffect}, {"unknown", f.unknown}, {"warnings", f.warnings}, {"faults", f.mistakes},
	} {
		if len(section.lines) == 0 {
			continue
		}
		fmt.Fprintf(w, "%s:\n", section.title)
		for _, line := range section.lines {
			fmt.Fprintf(w, "  %s\n", mask(line))
		}
	}
}
