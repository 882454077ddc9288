package main

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/job"
)

// finding is what check has to say about a job. Its texts are made when they are
// written: a large file has many.
type finding struct {
	file      string
	code      int // the exit code that the job alone would give
	dialect   string
	pipelines []string
	guarantee string
	probed    bool
	flags     []string // notes about the flags
	inert     []*config.Error
	unknown   []*config.Error
	warnings  []*config.Error
	faults    []*config.Error // unknown keys among them
	others    []string        // an error that is no fault of the file, by its lines

	job     *job.Job // nil if nothing could be read of it
	ignored ignored
	err     error
}

// ignored are values that are not used: what a fault or a note is about.
type ignored struct {
	nodes map[*config.Node]bool
	paths map[string]bool // of faults that know no more
}

func (i *ignored) add(e *config.Error, is bool) {
	switch node := e.Node(); {
	case node != nil:
		i.nodes[node] = is
	case e.Path != "":
		i.paths[e.Path] = is
	}
}

// What texts about keys, and about parameters of an address, begin with.
const (
	unknownKey       = "unknown key"
	unknownParameter = "unknown parameter"
	noEffect         = "has no effect: " // of what is behind the path
)

// newFinding sorts what is known of a job; j is nil if nothing could be read of it.
func newFinding(file string, j *job.Job, flagNotes []string, err error) finding {
	f := finding{
		file: file, flags: flagNotes, job: j, err: err, faults: config.Faults(err),
		ignored: ignored{nodes: map[*config.Node]bool{}, paths: map[string]bool{}},
	}
	if err != nil {
		f.code = codeOf(err)
	}
	if j != nil {
		f.notes(j)
	}
	for _, e := range f.faults {
		f.ignored.add(e, true)
		if strings.HasPrefix(e.Msg, unknownKey) {
			f.unknown = append(f.unknown, e)
		}
	}
	if err != nil && len(f.faults) == 0 {
		f.others = slices.Compact(strings.FieldsFunc(err.Error(), isNewline))
	}
	if j == nil {
		return f
	}
	f.dialect = fmt.Sprintf("%s, %s", j.Dialect, j.DialectReason)
	for _, pipe := range j.Pipelines {
		f.pipeline(pipe, "state under "+j.PipelineIdentity(pipe))
	}
	for _, pipe := range j.Idle {
		f.pipeline(pipe, "with -all-contents only")
	}
	return f
}

// pipeline says what is moved to where, if both ends have a name.
func (f *finding) pipeline(p job.Pipeline, more string) {
	if p.Reader.Name != "" && p.Writer.Name != "" {
		f.pipelines = append(f.pipelines, fmt.Sprintf("%s -> %s, %s", p.Reader.Name, p.Writer.Name, more))
	}
}

// notes sorts the notes of a file.
func (f *finding) notes(j *job.Job) {
	notes := j.Notes()
	for i := range notes {
		n := &notes[i]
		whole := !strings.HasPrefix(n.Msg, "parameter ") && !strings.HasPrefix(n.Msg, unknownParameter) // about all of the value
		about := strings.TrimPrefix(n.Msg, noEffect)
		switch {
		case strings.HasPrefix(n.Msg, unknownKey) || strings.HasPrefix(about, unknownParameter):
			f.unknown = append(f.unknown, &n.Error)
		case n.Warning && about == n.Msg:
			f.warnings = append(f.warnings, &n.Error)
			f.ignored.add(&n.Error, false)
			continue
		default:
			f.inert = append(f.inert, &n.Error)
		}
		if whole {
			f.ignored.add(&n.Error, true)
		}
	}
}

// used calls visit for every value of the file that means something.
func (f *finding) used(visit func(path, value []byte)) {
	if f.job == nil {
		return
	}
	f.job.Leaves(func(n *config.Node, path []byte) bool {
		return f.ignored.nodes[n] || len(f.ignored.paths) > 0 && f.ignored.paths[string(path)] || f.job.LeftOut(n)
	}, func(path, value []byte) {
		if len(path) > 0 { // the file itself, if it is no object
			visit(path, value)
		}
	})
}

// mistakes are the faults but for unknown keys, which have a section of their own.
func (f *finding) mistakes() []*config.Error {
	return slices.DeleteFunc(slices.Clone(f.faults), func(e *config.Error) bool { return strings.HasPrefix(e.Msg, unknownKey) })
}

// print writes the finding for people. Each line is masked by itself, which is
// quick where nothing in it looks like a secret.
func (f *finding) print(w io.Writer, mask func(string) string) error {
	verdict := "no faults"
	mistakes := f.mistakes()
	if n := len(mistakes) + len(f.others) + len(f.unknown); n > 0 {
		verdict = fmt.Sprintf("%d to look at", n)
	}
	b := bufio.NewWriter(w)
	say := func(line string) { // Flush returns the error
		_, _ = b.WriteString(mask(line))
		_ = b.WriteByte('\n')
	}
	say(f.file + ": " + verdict)
	if f.dialect != "" {
		say("  dialect " + f.dialect)
	}
	for _, line := range f.pipelines {
		say("  " + line)
	}
	if f.guarantee != "" {
		say("  after an interruption rows arrive " + f.guarantee)
	}
	if f.probed && f.err == nil {
		say("  both ends answer and fit together")
	}
	line, title := []byte(nil), "used:"
	f.used(func(path, value []byte) {
		if title != "" {
			say(title)
			title = ""
		}
		line = append(append(append(append(line[:0], "  "...), path...), " = "...), value...)
		say(string(line))
	})
	section := func(title string, errs []*config.Error, lines []string) {
		if len(errs)+len(lines) > 0 {
			say(title)
		}
		for _, line := range lines {
			say("  " + line)
		}
		for _, e := range errs {
			say("  " + e.Error())
		}
	}
	section("no effect:", f.inert, f.flags)
	section("unknown:", f.unknown, nil)
	section("warnings:", f.warnings, nil)
	section("faults:", mistakes, f.others)
	return b.Flush()
}
