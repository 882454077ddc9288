package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// idle are flags of run that mean nothing to a command.
type idle struct {
	names string // with blanks between them
	why   string
}

// idleFlags are accepted, so that the command line of a run can be given as it is,
// named as having no effect, and not shown by help.
var idleFlags = map[string]idle{
	"check":   {"state-dir resume fresh report report-file metrics pprof", "check runs nothing"},
	"preview": {"jobName jobid state-dir resume fresh s report report-file metrics pprof", "preview writes nothing and keeps no state"},
	"convert": {"jobName jobid timezone all-contents state-dir resume fresh s report report-file metrics pprof", "convert rewrites the file and runs nothing"},
}

// hideIdle keeps the flags of a command that mean nothing to it from help.
func hideIdle(command string, flags []cli.Flag) []cli.Flag {
	names := strings.Fields(idleFlags[command].names)
	for _, f := range flags {
		if !slices.Contains(names, f.Names()[0]) {
			continue
		}
		switch f := f.(type) {
		case *cli.StringFlag:
			f.Hidden = true
		case *cli.BoolFlag:
			f.Hidden = true
		}
	}
	return flags
}
