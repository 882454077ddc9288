package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/launcher"
)

// exitCodes explains them, for the reference page.
var exitCodes = []struct {
	Code int
	Text string
}{
	{launcher.ExitOK, "finished, or an endless job drained after a signal"},
	{launcher.ExitFailed, "failed for good"},
	{launcher.ExitConfig, "job file or flags are wrong"},
	{launcher.ExitDirty, "more bad rows than errorLimit allows"},
	{launcher.ExitPosition, "the saved position is lost, the plan has changed, or another run holds the job"},
	{launcher.ExitTransient, "gave up on an error that may pass: worth running again"},
	{launcher.ExitSetAside, "ended, but tables or splits were set aside"},
	{launcher.ExitInterrupted, "interrupted; its state is saved"},
}

// worst is the order in which the exit codes of several jobs count.
var worst = []int{launcher.ExitFailed, launcher.ExitPosition, launcher.ExitConfig, launcher.ExitDirty, launcher.ExitSetAside, launcher.ExitTransient, launcher.ExitInterrupted, launcher.ExitOK}

// combine returns the exit code of a call that ran several jobs.
func combine(a, b int) int {
	for _, code := range worst {
		if a == code || b == code {
			return code
		}
	}
	return launcher.ExitFailed
}

// codeOf returns the exit code that an error stands for.
func codeOf(err error) int {
	if e, ok := errors.AsType[*exitError](err); ok {
		return e.code
	}
	switch errclass.Of(err) {
	case errclass.Config:
		return launcher.ExitConfig
	case errclass.PositionLost, errclass.Fenced:
		return launcher.ExitPosition
	case errclass.Transient:
		return launcher.ExitTransient
	case errclass.Canceled:
		return launcher.ExitInterrupted
	default:
		return launcher.ExitFailed
	}
}

// printError writes err for people: a line for each fault of a job file and for
// each error beside them, else one line; with -v the errors beneath follow.
func (p *process) printError(err error) {
	var b strings.Builder
	for _, line := range slices.Compact(errorLines(err)) {
		if !strings.Contains(line, "^") || !strings.Contains(line, "\n") { // an excerpt of the file with a caret stays as it is
			line = strings.Join(strings.FieldsFunc(line, isNewline), "; ")
		}
		fmt.Fprintf(&b, "%s %s\n", p.red("datasync:"), p.secrets.mask(line))
	}
	if p.verbose && len(config.Faults(err)) == 0 {
		for _, line := range chain(err, 1) {
			fmt.Fprintf(&b, "%s\n", p.secrets.mask(line))
		}
	}
	_, _ = io.WriteString(p.out, b.String()) // there is nobody left to tell
}

// red marks a text on a terminal.
func (p *process) red(text string) string {
	if !p.terminal {
		return text
	}
	if plain, _ := p.env("NO_COLOR"); plain != "" {
		return text
	}
	return "\x1b[31m" + text + "\x1b[0m"
}

// chain lists what an error is made of, from the outside in: type, class and
// text, each beneath what wraps it. What adds nothing to the text has no line.
func chain(err error, depth int) []string {
	class := errclass.Of(err)
	for {
		inner := within(err)
		if len(inner) != 1 || inner[0].Error() != err.Error() {
			break
		}
		err = inner[0]
	}
	text := strings.Join(strings.FieldsFunc(err.Error(), isNewline), "; ")
	lines := []string{fmt.Sprintf("%*s%T (%s): %s", 2*depth, "", err, class, text)}
	for _, inner := range within(err) {
		lines = append(lines, chain(inner, depth+1)...)
	}
	return lines
}

// within are the errors that one wraps; the tree is walked by hand, as all of it is shown.
func within(err error) []error {
	switch e := err.(type) {
	case interface{ Unwrap() []error }:
		return e.Unwrap()
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			return []error{inner}
		}
	}
	return nil
}

// errorLines are the lines that an error is shown as.
func errorLines(err error) []string {
	if len(config.Faults(err)) > 0 && errclass.Of(err) == errclass.Config {
		return faultLines(err)
	}
	return []string{err.Error()}
}

// faultLines takes joined errors apart, down to the faults among them.
func faultLines(err error) []string {
	if fault, ok := err.(*config.Error); ok {
		return []string{fault.Error()}
	}
	switch e := err.(type) {
	case interface{ Unwrap() []error }:
		var lines []string
		for _, inner := range e.Unwrap() {
			lines = append(lines, faultLines(inner)...)
		}
		return lines
	case interface{ Unwrap() error }:
		if len(config.Faults(err)) > 0 {
			return faultLines(e.Unwrap())
		}
	}
	return []string{err.Error()}
}

func isNewline(r rune) bool { return r == '\n' || r == '\r' }
