// Command demo shows datasync at work with nothing but files: it makes the
// bundled shop database, copies its orders into JSON lines, copies them again
// with a kill -9 in the middle, resumes, and compares the two copies line by line.
//
// It is what make demo runs, from the root of the repository.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() {
	var d demo
	flag.StringVar(&d.bin, "bin", "bin/datasync", "the datasync binary")
	flag.StringVar(&d.dir, "dir", ".demo", "the folder for everything the demo makes; it is emptied first")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	d.out = os.Stdout
	err := d.run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

const (
	script  = "jobs/demo/shop.sql"
	jobFile = "jobs/sqlite2jsonl.json"
	table   = "orders"
)

type demo struct {
	bin, dir string
	out      io.Writer
}

func (d *demo) run(ctx context.Context) error {
	if err := os.RemoveAll(d.dir); err != nil {
		return err
	}
	if err := os.MkdirAll(d.dir, 0o755); err != nil {
		return err
	}
	d.title("1. The shop database, %s, from %s", d.path("shop.db"), script)
	rows, err := makeShop(ctx, d.path("shop.db"), script, table)
	if err != nil {
		return err
	}
	fmt.Fprintf(d.out, "%s has %d rows.\n", table, rows)

	d.title("2. A run from end to end")
	if err := d.job(ctx, "first", 0); err != nil {
		return err
	}

	d.title("3. The same at a bounded rate, killed with SIGKILL on its way")
	saved, err := d.killed(ctx, "second", rows/5)
	if err != nil {
		return err
	}
	fmt.Fprintf(d.out, "\nKilled. Its state says that %d of %d rows are safe.\n", saved, rows)

	d.title("4. The killed run, resumed")
	if err := d.job(ctx, "second", 0, "-resume"); err != nil {
		return err
	}

	d.title("5. The two copies compared")
	if err := compare(d.path("first"), d.path("second"), rows); err != nil {
		return err
	}
	fmt.Fprintf(d.out, "No row is lost and none is doubled: both copies hold the same %d lines.\n\nWhere to look:\n", rows)
	for _, place := range []struct{ path, what string }{
		{jobFile, "the job file"}, {d.path("shop.db"), "the database"}, {d.path("first"), "the copy in one go"},
		{d.path("second"), "the copy that was killed and resumed"}, {d.path("state"), "the saved state"},
		{"docs/quickstart.md", "what to try next"},
	} {
		fmt.Fprintf(d.out, "  %-24s %s\n", place.path, place.what)
	}
	return nil
}

func (d *demo) path(name string) string { return filepath.Join(d.dir, name) }

func (d *demo) title(format string, args ...any) {
	fmt.Fprintf(d.out, "\n== "+format+"\n", args...)
}

// errEnded is the error of a run that ended before it could be killed.
var errEnded = errors.New("the run ended before it was killed: the database is too small for this machine")
