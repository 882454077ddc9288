package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// sqliteFile gives a database with the table orders, made once and kept.
func (l *lab) sqliteFile(ctx context.Context) (string, error) {
	if err := l.tools(ctx); err != nil {
		return "", err
	}
	path := filepath.Join(l.dir, fmt.Sprintf("orders-%d.db", l.rows))
	return path, l.once(path, func(tmp string) error {
		file, _, err := l.ordersFile(ctx)
		if err != nil {
			return err
		}
		l.log.Info("making a SQLite database", "rows", l.rows)
		cmd := exec.CommandContext(ctx, "sqlite3", tmp)
		cmd.Stdin = strings.NewReader("PRAGMA journal_mode = OFF;\nPRAGMA synchronous = OFF;\n" + sqliteTable + ";\n.mode tabs\n.import '" + file + "' orders\n" +
			`UPDATE orders SET note = NULL WHERE note = '\N';` + "\n")
		_, err = runChild(cmd)
		return err
	})
}

func sqlitePath(l *lab) path {
	const name = "sqlite to jsonl"
	var db, file string
	return path{
		name: name,
		prepare: func(ctx context.Context) (size, error) {
			var err error
			if db, err = l.sqliteFile(ctx); err != nil {
				return size{}, err
			}
			file, err = l.job(name, 1,
				plugin("sqlitereader", fields{"path": db, "table": "orders", "column": []string{"*"}}),
				plugin("filewriter", fields{"path": filepath.Join(l.work, "out"), "fileName": "orders.jsonl", "writeMode": "overwrite"}))
			if err != nil {
				return size{}, err
			}
			_, moved, err := l.ordersFile(ctx)
			return moved, err
		},
		ours:   contender{"datasync", func(ctx context.Context) (sample, error) { return l.run(ctx, file, l.rows) }},
		allocs: func(ctx context.Context) (float64, error) { return l.inside(ctx, name, file) },
		native: []native{{contender{"sqlite3 -json", func(ctx context.Context) (sample, error) {
			return toFile(ctx, filepath.Join(l.work, "native.json"), "sqlite3", "-json", db, "SELECT * FROM orders")
		}}, 2}},
	}
}
