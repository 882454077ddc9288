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
// each error beside them, else one line.
func printError(w io.Writer, mask func(string) string, err error) {
	lines := []string{err.Error()}
	if len(config.Faults(err)) > 0 && errclass.Of(err) == errclass.Config {
		lines = faultLines(err)
	}
	for _, line := range slices.Compact(lines) {
		if !strings.Contains(line, "^") || !strings.Contains(line, "\n") { // an excerpt of the file with a caret stays as it is
			line = strings.Join(strings.FieldsFunc(line, isNewline), "; ")
		}
		fmt.Fprintf(w, "datasync: %s\n", mask(line))
	}
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
