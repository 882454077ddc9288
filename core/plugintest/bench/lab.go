package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// lab has what runs are made with: folders, the servers, the data. It is for
// one goroutine; its owner calls close.
type lab struct {
	*options
	log        *slog.Logger
	work       string // of this run alone
	supervisor *servers.Supervisor
	shop       *shop
	broker     *broker
	warehouse  *warehouse
	logFile    string          // that the logged rows begin in
	changeFile string          // the same of changes to be applied
	walEnd     string          // where the logged rows of PostgreSQL end
	made       map[string]bool // tables of MySQL beside orders, and the database for targets
}

func newLab(o *options) (*lab, error) {
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return nil, err
	}
	work, err := os.MkdirTemp(o.dir, "run-")
	if err != nil {
		return nil, err
	}
	return &lab{options: o, log: newLogger(), work: work, made: map[string]bool{}}, nil
}

func (l *lab) close() error {
	var err error
	if l.supervisor != nil {
		err = l.supervisor.Close()
	}
	return errors.Join(err, os.RemoveAll(l.work))
}

// tools installs the native tools, and what these servers need.
func (l *lab) tools(ctx context.Context, kinds ...servers.Kind) error {
	if l.supervisor == nil {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		l.supervisor, err = servers.New(servers.Settings{Log: l.log, Watchdog: []string{self, watchdogRole}})
		if err != nil {
			return err
		}
	}
	return l.supervisor.Install(ctx, kinds...)
}

// serve starts a server as measurements want it.
func (l *lab) serve(ctx context.Context, k servers.Kind) (servers.Info, error) {
	if err := l.tools(ctx, k); err != nil {
		return servers.Info{}, err
	}
	return l.supervisor.Serve(ctx, k, servers.WithBench())
}

// fields is an object of a job file.
type fields = map[string]any

// plugin is a reader or writer of a job file.
func plugin(name string, parameter fields) fields {
	return fields{"name": name, "parameter": parameter}
}

// job writes a job file and returns its path.
func (l *lab) job(name string, channels int, reader, writer fields) (string, error) {
	return l.jobWithBad(name, channels, 0, reader, writer)
}

// jobWithBad is a job that so many rows may be refused in.
func (l *lab) jobWithBad(name string, channels, bad int, reader, writer fields) (string, error) {
	text, err := json.MarshalIndent(fields{"job": fields{
		"content": []any{fields{"reader": reader, "writer": writer}},
		"setting": fields{"speed": fields{"channel": channels}, "errorLimit": fields{"record": bad}},
	}}, "", "  ")
	if err != nil {
		return "", err
	}
	file := filepath.Join(l.work, slug(name)+".json")
	return file, os.WriteFile(file, text, 0o644)
}

// arguments run a job without talk; its report goes to a file.
func (l *lab) arguments(file, report string) []string {
	return []string{"-job", file, "-state-dir", filepath.Join(l.work, "state"), "-fresh", "-quiet", "-report", "json", "-report-file", report}
}

// run runs a job with the measured program and checks that it has moved all rows.
func (l *lab) run(ctx context.Context, file string, rows int, more ...string) (sample, error) {
	return l.runWithBad(ctx, file, rows, 0, more...)
}

// runWithBad runs a job of whose rows, beside those it moves, so many are refused.
func (l *lab) runWithBad(ctx context.Context, file string, rows, bad int, more ...string) (sample, error) {
	report := filepath.Join(l.work, "report.json")
	s, err := discard(ctx, l.binary, append(l.arguments(file, report), more...)...)
	if err != nil {
		return s, err
	}
	return s, checkReport(report, rows, bad)
}

// checkReport reads what the job says it has done.
func checkReport(file string, rows, bad int) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var r struct {
		Accumulators struct{ NumWrite, NErrors int }
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return fmt.Errorf("reading the job's report: %w", err)
	}
	if a := r.Accumulators; a.NumWrite != rows || a.NErrors != bad {
		return fmt.Errorf("the job wrote %d rows and refused %d, expected %d and %d", a.NumWrite, a.NErrors, rows, bad)
	}
	return nil
}
