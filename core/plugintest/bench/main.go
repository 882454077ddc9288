package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// Arguments that make this program a child of itself.
const (
	watchdogRole = "watchdog" // kills servers when the parent is gone
	insideRole   = "inside"   // runs one job in its own process
	logRole      = "log"      // follows a log up to a number of rows: it has no end
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx, os.Args[1:])
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	pattern *regexp.Regexp
	pairs   int
	rows    int
	json    bool
	binary  string
	dir     string
	profile string // folder for CPU profiles, "": none
}

func run(ctx context.Context, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case watchdogRole:
			return servers.Watch(os.Stdin)
		case insideRole:
			return inside(ctx, args[1:])
		case logRole:
			return followLog(ctx, args[1:])
		}
	}
	o, err := parse(args)
	if err != nil {
		return err
	}
	return o.measure(ctx)
}

func parse(args []string) (*options, error) {
	o := &options{}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	pattern := flags.String("run", "", "measure only the paths whose names match this `regexp`")
	flags.IntVar(&o.pairs, "n", 5, "how many `pairs` of runs")
	flags.IntVar(&o.rows, "rows", 2_000_000, "`rows` of the tables")
	flags.BoolVar(&o.json, "json", false, "print JSON instead of a table")
	flags.StringVar(&o.binary, "bin", "bin/datasync", "the `program` that is measured")
	flags.StringVar(&o.dir, "dir", ".bench", "`folder` for tables, files and jobs")
	flags.StringVar(&o.profile, "cpuprofile", "", "run each job once more in this program and write CPU profiles to `DIR`")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 || o.pairs < 1 || o.rows < 1 {
		return nil, fmt.Errorf("unexpected arguments %q, or -n or -rows below 1", flags.Args())
	}
	var err error
	if o.pattern, err = regexp.Compile(*pattern); err != nil {
		return nil, fmt.Errorf("-run: %w", err)
	}
	for _, path := range []*string{&o.binary, &o.dir, &o.profile} {
		if *path == "" {
			continue
		}
		if *path, err = filepath.Abs(*path); err != nil {
			return nil, err
		}
	}
	if _, err := os.Stat(o.binary); err != nil {
		return nil, fmt.Errorf("finding the program: %w: build it with `make build`", err)
	}
	return o, nil
}

// measure runs all chosen paths. What was measured is printed even if a later
// path fails.
func (o *options) measure(ctx context.Context) (err error) {
	l, err := newLab(o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	var results []result
	var errs []error
	for _, p := range paths(l) {
		if !o.pattern.MatchString(p.name) {
			continue
		}
		l.log.Info("measuring", "path", p.name)
		r, err := p.measure(ctx, o.pairs)
		if ctx.Err() != nil {
			errs = append(errs, errors.New("interrupted"))
			break
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", p.name, err))
			continue
		}
		results = append(results, r)
	}
	if o.json {
		errs = append(errs, writeJSON(os.Stdout, results))
	} else {
		errs = append(errs, writeTable(os.Stdout, results))
	}
	return errors.Join(errs...)
}

// paths lists what is measured, in the order it is shown.
func paths(l *lab) []path {
	all := append(microPaths(), mysqlPaths(l)...)
	all = append(all, relationalPaths(l)...)
	all = append(append(all, kafkaNullPath(l), binlogPath(l)), binlogKafkaPaths(l)...)
	all = append(append(all, appliedPaths(l)...), walPath(l))
	all = append(all, latencyPaths(l)...)
	all = append(all, sqlitePath(l), demoPath(l), startPath(l))
	return all
}

// newLogger logs to standard error, without times: figures go to stdout.
func newLogger() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == slog.LevelKey {
			return slog.Attr{}
		}
		return a
	}}))
}

// slug makes a file name of a path's name.
func slug(name string) string { return strings.NewReplacer(" ", "-", ",", "", ":", "").Replace(name) }
