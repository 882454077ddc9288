package main

import (
	"io"
	"os"
	"slices"

	"github.com/urfave/cli/v2"
)

// process is what the program gets from its surroundings.
type process struct {
	args           []string // without the program's name
	stdin          io.Reader
	stdout, stderr io.Writer
	env            func(string) (string, bool)
	signals        <-chan os.Signal
	terminal       bool // stderr is one
	shared         bool // stdout is one too: printed rows and progress meet there

	secrets  *secrets
	code     int  // of the jobs that ran
	reported bool // the report file holds a report of this call
}

// run is the program; it returns the exit code.
func (p *process) run() int {
	p.secrets = &secrets{}
	cli.FlagStringer = flagText
	app := p.app()
	var names []string
	flags := slices.Clone(app.Flags)
	for _, c := range app.Commands {
		names = append(names, c.Name)
		flags = append(flags, c.Flags...)
	}
	args, err := arrange(p.args, append(names, "help"), flags)
	if err == nil {
		err = app.Run(append([]string{app.Name}, args...))
	}
	if err != nil {
		printError(p.stderr, p.secrets.mask, err)
		return codeOf(err)
	}
	return p.code
}

// app is the command line as a whole.
func (p *process) app() *cli.App {
	common := func() []cli.Flag { return slices.Concat(jobFlags(), runFlags(), outputFlags(), acceptedFlags()) }
	command := func(name, usage string, more []cli.Flag, do func(*options) error) *cli.Command {
		return &cli.Command{
			Name: name, Usage: usage, ArgsUsage: "[job file ...]", Flags: append(common(), more...),
			Action: p.action(do), OnUsageError: usageError, HideHelpCommand: true,
		}
	}
	return &cli.App{
		Name: "datasync", Usage: "move rows from a source to a destination as a job file says",
		UsageText: "datasync [run] -job FILE [-p \"a=1,b=2\"] [flags]\ndatasync check|preview FILE [flags]",
		ArgsUsage: "[job file ...]", Flags: common(), Action: p.action(p.runJobs), OnUsageError: usageError,
		Commands: []*cli.Command{
			command("run", "run jobs, as without a command", nil, p.runJobs),
			command("check", "say what is right and wrong with a job file, without connecting to anything", nil, p.check),
			command("preview", "show the first rows that a job would move, writing nothing", previewFlags(), p.preview),
			{Name: "version", Usage: "print the version and the plugins in this binary", Action: p.version, HideHelpCommand: true},
		},
		HideHelpCommand: true, HideVersion: true, DisableSliceFlagSeparator: true,
		Reader: p.stdin, Writer: p.stdout, ErrWriter: p.stderr,
		ExitErrHandler: func(*cli.Context, error) {}, // run decides
	}
}

func (p *process) action(do func(*options) error) cli.ActionFunc {
	return func(c *cli.Context) error {
		o, err := readOptions(c)
		if err != nil {
			return err
		}
		return do(o)
	}
}

func usageError(_ *cli.Context, err error, _ bool) error { return usagef("reading the flags: %w", err) }
