package main

import (
	"context"
	"log/slog"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/launcher"
	"github.com/datasync-io/datasync/launcher/builtin"
)

// loaded is a job that is ready to run: read, checked, its plugins built.
type loaded struct {
	file   string // as people call it
	job    *job.Job
	runner *launcher.Series
	log    *slog.Logger
	close  func() error // of the log's files

	stateDir string
}

// parse reads a job file. The job is given with an error too, where anything
// could be read.
func (p *process) parse(stop context.Context, o *options, arg string) (string, *job.Job, error) {
	var (
		text jobText
		j    *job.Job
	)
	err := readUnless(stop, func() (err error) {
		if text, err = readJob(arg, p.stdin); err == nil {
			p.spare(o, len(text.text))
			j, err = job.Parse(text.text, o.jobOptions(text.file, p.env))
		}
		return err
	})
	if stop.Err() != nil {
		return arg, nil, errUnread
	}
	if j != nil {
		p.secrets.add(j.Scrubber())
	}
	switch text.file {
	case "":
		return "inline job", j, err
	case "-":
		return "standard input", j, err
	}
	return text.file, j, err
}

// largeJob is from how many bytes on a job file counts as large.
const largeJob = 256 << 10

// spare gives memory back before the next piece of work on a large file that is
// only looked at: one collects, and maps the program's file, more often for it.
func (p *process) spare(o *options, size int) {
	if !o.dry || size < largeJob {
		return
	}
	if p.heap != nil {
		p.heap.spare()
	}
	forgetStart()
}

// load makes a job ready. Faults of the file and of the plugins' parameters come
// back together. Once stop has ended it waits for no input.
func (p *process) load(stop context.Context, o *options, arg string) (*loaded, error) {
	file, j, err := p.parse(stop, o, arg)
	if j == nil {
		return nil, err
	}
	log, closeLog, logErr := o.openLog(p.out, j, p.secrets)
	if logErr != nil {
		return nil, logErr
	}
	if len(o.jobs) > 1 && o.parallel > 1 {
		log = log.With("of", j.Identity)
	}
	l := &loaded{file: file, job: j, log: log, close: closeLog}
	set := *o
	if saved := j.Properties.SavepointPath; saved != "" && err == nil {
		err = set.savepoint(saved)
	}
	if err == nil {
		set.stateDir, err = stateDir(set.stateDir, p.env)
	}
	l.stateDir = set.stateDir
	if !complete(j) {
		return l, err
	}
	p.spare(o, j.Size())
	if runner, buildErr := p.build(&set, j, log); err == nil || errclass.Of(buildErr) == errclass.Config {
		if o.part {
			buildErr = j.Settled(buildErr)
		}
		l.runner, err = runner, config.Join(config.Join(err), buildErr)
	}
	return l, err
}

// complete reports whether there is enough of a faulty job to look for the
// plugins' own faults.
func complete(j *job.Job) bool {
	if len(j.Pipelines) == 0 {
		return false
	}
	r, w := j.Pipelines[0].Reader, j.Pipelines[0].Writer
	return r.Parameter != nil && w.Parameter != nil && r.Name != "" && w.Name != ""
}

func (p *process) build(o *options, j *job.Job, log *slog.Logger) (*launcher.Series, error) {
	registry, err := builtin.Registry()
	if err != nil {
		return nil, err
	}
	return launcher.NewSeries(j, launcher.Options{
		Registry: registry, Log: log, Zone: o.zone, StateDir: o.stateDir, Resume: o.resume, Fresh: o.fresh, Replay: o.replay, Metrics: p.metrics,
	})
}

// tell logs what a person should know about the flags and the job file.
func (l *loaded) tell(flags []string) {
	for _, note := range flags {
		l.log.Warn(note)
	}
	for _, n := range l.job.Notes() {
		level := slog.LevelInfo
		if n.Warning {
			level = slog.LevelWarn
		}
		l.log.Log(context.Background(), level, n.Error.Error())
	}
}
