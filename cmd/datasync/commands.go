package main

import (
	"slices"

	"github.com/urfave/cli/v2"
)

// commands are the words that may stand before the flags.
func (p *process) commands() []*cli.Command {
	const jobFiles = "JOB [JOB ...]"
	jobs := func(name, args, usage string, own []cli.Flag, do func(*options) error) *cli.Command {
		return &cli.Command{Name: name, ArgsUsage: args, Usage: usage, Flags: append(hideIdle(name, commonFlags()), own...), Action: p.job(do)}
	}
	other := func(name, args, usage string, own []cli.Flag, do cli.ActionFunc) *cli.Command {
		return &cli.Command{Name: name, ArgsUsage: args, Usage: usage, Flags: own, Action: do}
	}
	all := []*cli.Command{
		jobs("run", jobFiles, "run jobs, as without a command", parallelFlags(), p.runJobs),
		jobs("check", jobFiles, "say what is right and wrong with job files; with -probe, with both ends of them too", checkFlags(), p.check),
		jobs("preview", jobFiles, "show the first rows that a job would write, writing nothing", previewFlags(), p.preview),
		jobs("convert", "JOB", "write a job file of any dialect in one spelling, with comments on what was not carried", convertFlags(), p.convert),
		jobs("replay", "DIRTY-FILE -job JOB", "write the rows of a dirty file again, corrected or not; what is refused again goes to a new file", nil, p.replayJob),
		other("plugins", "[NAME]", "list the plugins of this binary, or every key of one", pluginsFlags(), p.plugins),
		other("schema", "", "print the JSON schema of job files, for editors", schemaFlags(), p.schema),
		other("state", "list | show JOB | rm JOB", "saved positions, and what the next run would do with them", stateFlags(), p.state),
		other("signal", "JOB snapshot TABLE ... | pause [TABLE ...] | resume [TABLE ...] | stop [TABLE ...] | list", "have a job that follows a log copy tables again while the log goes on", stateFlags(), p.signal),
		other("version", "", "print the version and the plugins of this binary", nil, p.version),
		other("completion", "bash|zsh|fish", "print a script that lets the shell complete commands and flags", nil, p.completion),
		other("help", "[COMMAND | exit-codes]", "explain a command, or the exit codes", nil, p.help),
	}
	for _, c := range all {
		c.OnUsageError, c.HideHelpCommand = usageError, true
		explain(c)
	}
	return all
}

// commonFlags are those of every command that reads job files.
func commonFlags() []cli.Flag {
	return slices.Concat(jobFlags(), runFlags(), outputFlags(), acceptedFlags())
}
