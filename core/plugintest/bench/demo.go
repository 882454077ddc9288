package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// The demo's data and job, from the root of the repository.
const (
	demoData = "jobs/demo/shop.sql"
	demoJob  = "jobs/sqlite2jsonl.json"
	demoRows = 150_000
)

// demoPath is the job of `make demo`, without its limit of rows per second.
func demoPath(l *lab) path {
	db, out := filepath.Join(l.work, "shop.db"), filepath.Join(l.work, "demo")
	return path{
		name: "demo",
		prepare: func(ctx context.Context) (size, error) {
			if err := l.tools(ctx); err != nil {
				return size{}, err
			}
			return size{rows: demoRows}, loadFile(ctx, db, demoData)
		},
		ours: contender{"datasync", func(ctx context.Context) (sample, error) {
			return l.run(ctx, demoJob, demoRows, "-p", fmt.Sprintf("db=%s,table=orders,dir=%s,rate=0", db, out))
		}},
		targets: []target{peakMiB(48)},
	}
}

// loadFile runs a file of statements with sqlite3.
func loadFile(ctx context.Context, db, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("%w: run this in the root of the repository", err)
	}
	defer f.Close()
	cmd := exec.CommandContext(ctx, "sqlite3", db)
	cmd.Stdin = f
	_, err = runChild(cmd)
	return err
}
