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

// printError writes err for people: a line for each fault of a job file, else
// one line. Text that was joined from several errors stays on that line.
func printError(w io.Writer, mask func(string) string, err error) {
	var faults []string
	for _, f := range config.Faults(err) {
		faults = append(faults, f.Error())
	}
	if len(faults) == 0 || errclass.Of(err) != errclass.Config {
		faults = []string{strings.Join(strings.FieldsFunc(err.Error(), isNewline), "; ")}
	}
	for _, text := range slices.Compact(faults) {
		fmt.Fprintf(w, "datasync: %s\n", mask(text))
	}
}

func isNewline(r rune) bool { return r == '\n' || r == '\r' }
