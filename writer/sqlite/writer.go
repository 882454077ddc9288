package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlitekit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

var (
	_ plugin.Writer     = (*writer)(nil)
	_ plugin.Hooks      = (*writer)(nil)
	_ plugin.Shaper     = (*writer)(nil)
	_ plugin.Prober     = (*writer)(nil)
	_ plugin.Idempotent = (*writer)(nil)
)

// Info describes the plugin.
func Info() plugin.WriterInfo {
	return plugin.WriterInfo{
		Name:   "sqlite",
		Doc:    "writes rows into tables of a SQLite database file",
		Config: func() any { return defaults() },
		New: func(_ plugin.Env, d *config.Decoder) (plugin.Writer, error) {
			c := defaults()
			if err := d.Decode(c); err != nil {
				return nil, err
			}
			path, err := c.file()
			if err != nil {
				return nil, errclass.With(errclass.Config, err)
			}
			return &writer{config: c, path: path, targets: map[*record.Schema]*target{}}, nil
		},
	}
}

// writer holds the one connection that all its sinks take turns with.
type writer struct {
	config *Config
	path   string

	mu      sync.Mutex
	conn    *sqlitekit.Conn // nil until the first use
	targets map[*record.Schema]*target
}

// Idempotent implements [plugin.Idempotent]: rows that replace or change by
// key may come twice.
func (w *writer) Idempotent() bool { return w.config.Mode != modeInsert }

// connect opens the file once; w.mu is held.
func (w *writer) connect(ctx context.Context) error {
	if err := ctx.Err(); err != nil || w.conn != nil {
		return err
	}
	create := w.config.CreateTable || len(w.config.PreSQL) > 0
	if err := w.look(create); err != nil {
		return err
	}
	conn, err := sqlitekit.Open(w.path, sqlitekit.Settings{Create: create, Busy: w.config.BusyTimeout})
	if err != nil {
		return err
	}
	if err := conn.Exec(ctx, "PRAGMA foreign_keys = ON"); err != nil {
		return errors.Join(err, conn.Close())
	}
	w.conn = conn
	return nil
}

// look says what is missing on disk.
func (w *writer) look(create bool) error {
	_, err := os.Stat(w.path)
	if !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if !create {
		return errclass.With(errclass.Config, fmt.Errorf("opening the database: there is no file %s: create it, or set createTable", w.path))
	}
	if _, err := os.Stat(filepath.Dir(w.path)); err != nil {
		return errclass.With(errclass.Config, fmt.Errorf("creating the database %s: %w", w.path, err))
	}
	return nil
}

// Probe implements [plugin.Prober]; it creates nothing.
func (w *writer) Probe(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	create := w.config.CreateTable || len(w.config.PreSQL) > 0
	if err := w.look(create); err != nil {
		return err
	}
	if _, err := os.Stat(w.path); err != nil {
		return nil // it will be created
	}
	if err := w.connect(ctx); err != nil {
		return err
	}
	if create || w.config.table() == "*" {
		return nil
	}
	_, err := w.conn.Table(ctx, w.config.tableOf(nil))
	return err
}

// Shape implements [plugin.Shaper]: it creates missing tables if told to, and
// compares columns unless preSql has still to make the tables.
func (w *writer) Shape(ctx context.Context, schemas []*record.Schema) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.config.PreSQL) > 0 && !w.config.CreateTable {
		return nil
	}
	if err := w.connect(ctx); err != nil {
		return err
	}
	for _, s := range schemas {
		if w.config.CreateTable {
			if err := w.conn.Exec(ctx, w.config.createTable(s)); err != nil {
				return fmt.Errorf("creating table %s: %w", w.config.tableOf(s), err)
			}
		}
		if _, err := w.target(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// target returns where rows of a schema go; w.mu is held.
func (w *writer) target(ctx context.Context, s *record.Schema) (*target, error) {
	if t := w.targets[s]; t != nil {
		return t, nil
	}
	t, err := w.config.newTarget(ctx, w.conn, s)
	if err != nil {
		return nil, fmt.Errorf("writing to %s: %w", w.path, err)
	}
	w.targets[s] = t
	return t, nil
}

// Before implements [plugin.Hooks].
func (w *writer) Before(ctx context.Context) error { return w.hook(ctx, "preSql", w.config.PreSQL) }

// After implements [plugin.Hooks].
func (w *writer) After(ctx context.Context) error { return w.hook(ctx, "postSql", w.config.PostSQL) }

func (w *writer) hook(ctx context.Context, key string, statements []string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(statements) == 0 {
		return nil
	}
	if err := w.connect(ctx); err != nil {
		return err
	}
	w.forget() // the statements may change tables
	for i, sql := range statements {
		if err := w.conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("running %s[%d] on %s: %w", key, i, w.path, err)
		}
	}
	return nil
}

// Open implements [plugin.Writer].
func (w *writer) Open(ctx context.Context, _ plugin.Task) (plugin.Sink, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.connect(ctx); err != nil {
		return nil, err
	}
	return &sink{w: w}, nil
}

// Close implements [plugin.Writer].
func (w *writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conn == nil {
		return nil
	}
	w.forget()
	err := w.conn.Close()
	w.conn = nil
	return err
}

// forget drops what is known of the tables; w.mu is held.
func (w *writer) forget() {
	for _, t := range w.targets {
		t.close()
	}
	clear(w.targets)
}
