package main

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/urfave/cli/v2"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/launcher"
)

// process is what the program gets from its surroundings.
type process struct {
	args           []string // without the program's name
	stdin          io.Reader
	stdout, stderr io.Writer
	env            func(string) (string, bool)
	signals        <-chan os.Signal
	terminal       bool       // stderr is one
	shared         bool       // stdout is one too: printed rows and progress meet there
	width          func() int // of that terminal, in characters; nil: unknown
	heap           *collector // nil: it is left alone

	secrets *secrets
	metrics *launcher.Metrics // shows the jobs; nil: nobody asks
	out     *console          // stderr, with progress lines
	verbose bool              // errors are shown with their chain

	mu       sync.Mutex // guards what follows: jobs may run at the same time
	code     int        // of the jobs that ran
	reported bool       // the report file holds a report of this call
}

// run is the program; it returns the exit code.
func (p *process) run() int {
	p.secrets, p.out = &secrets{}, &console{w: p.stderr, width: p.width}
	cli.FlagStringer = flagText
	app := p.app()
	args, err := arrange(p.args, app.Commands, app.Flags)
	if err == nil {
		err = app.Run(append([]string{app.Name}, args...))
	}
	if err != nil {
		p.printError(err)
		return codeOf(err)
	}
	return p.code
}

// ended counts the exit code of a job among those of the call.
func (p *process) ended(code int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.code = combine(p.code, code)
}

// app is the command line as a whole.
func (p *process) app() *cli.App {
	return &cli.App{
		Name: "datasync", Usage: "move rows from a source to a destination as a job file says",
		UsageText: "datasync [run] -job FILE [-p \"a=1,b=2\"] [flags]\n" +
			"datasync COMMAND [flags], see datasync help COMMAND",
		ArgsUsage: "[job file ...]", Flags: slices.Concat(commonFlags(), parallelFlags(), []cli.Flag{cli.HelpFlag}), Action: p.bare, OnUsageError: usageError,
		Commands: p.commands(), HideHelpCommand: true, HideVersion: true, DisableSliceFlagSeparator: true,
		Reader: p.stdin, Writer: p.stdout, ErrWriter: p.stderr,
		ExitErrHandler: func(*cli.Context, error) {}, // run decides
	}
}

// bare runs jobs where no command is given; a word that is close to one is
// likely to be meant as one.
func (p *process) bare(c *cli.Context) error {
	if word := c.Args().First(); word != "" && filepath.Base(word) == word && filepath.Ext(word) == "" {
		if _, err := os.Stat(word); os.IsNotExist(err) {
			if near := config.Nearest(word, commandNames(c.App)); near != "" {
				return usagef("%s: no such command or job file; did you mean %s?", word, near)
			}
			if len(c.StringSlice("job")) == 0 && !inline(word) && word != "-" {
				return p.job(func(*options) error {
					return usagef("%s: no such command or job file; datasync help lists the commands", word)
				})(c)
			}
		}
	}
	return p.job(p.runJobs)(c)
}

// job makes an action of what a command does with job files.
func (p *process) job(do func(*options) error) cli.ActionFunc {
	return func(c *cli.Context) error {
		p.verbose = c.Bool("v")
		o, err := p.readOptions(c)
		if err != nil {
			return err
		}
		return do(o)
	}
}

func usageError(_ *cli.Context, err error, _ bool) error { return usagef("reading the flags: %w", err) }
