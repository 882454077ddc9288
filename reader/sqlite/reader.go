package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlitekit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

var (
	_ plugin.Splitter  = (*reader)(nil)
	_ plugin.Resumer   = (*reader)(nil)
	_ plugin.Describer = (*reader)(nil)
	_ plugin.Prober    = (*reader)(nil)
)

// Info describes the plugin.
func Info() plugin.ReaderInfo {
	return plugin.ReaderInfo{
		Name:   "sqlite",
		Doc:    "reads a table, view or statement of a SQLite database file",
		Config: func() any { return defaults() },
		New: func(_ plugin.Env, d *config.Decoder) (plugin.Reader, error) {
			c := defaults()
			if err := d.Decode(c); err != nil {
				return nil, err
			}
			path, err := c.file()
			if err != nil {
				return nil, errclass.With(errclass.Config, err)
			}
			return &reader{config: c, path: path}, nil
		},
	}
}

func defaults() *Config { return &Config{BusyTimeout: 10 * time.Second} }

type reader struct {
	config *Config
	path   string

	mu sync.Mutex
	in *input // nil until described
}

// connect opens the file and makes sure that the input is known.
func (r *reader) connect(ctx context.Context) (*sqlitekit.Conn, *input, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	if _, err := os.Stat(r.path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil, errclass.With(errclass.Config, fmt.Errorf("opening the database: there is no file %s", r.path))
	}
	conn, err := sqlitekit.Open(r.path, sqlitekit.Settings{ReadOnly: true, Busy: r.config.BusyTimeout})
	if err != nil {
		return nil, nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.in == nil {
		if r.in, err = r.config.describe(ctx, conn); err != nil {
			r.in = nil
			return nil, nil, errors.Join(err, conn.Close())
		}
	}
	return conn, r.in, nil
}

// Splits implements [plugin.Splitter]: the whole plan at the first call.
func (r *reader) Splits(ctx context.Context, p plugin.Plan) ([]plugin.Split, error) {
	if p.Now != nil {
		return nil, nil
	}
	conn, in, err := r.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }() // nothing was written
	specs, err := r.plan(ctx, conn, in, p.Channels)
	if err != nil {
		return nil, fmt.Errorf("splitting %s: %w", r.path, err)
	}
	for i := range specs {
		if r.config.OrderByColumn == "" {
			specs[i].Key = in.order(&specs[i])
			specs[i].Unique = len(specs[i].Key) > 0
		}
	}
	return sqlkit.Splits(0, specs)
}

// Resume implements [plugin.Resumer].
func (r *reader) Resume(_ context.Context, _ int, stored []plugin.Progress) ([]plugin.Progress, error) {
	for i := range stored {
		spec, err := sqlkit.ParseSpec(stored[i].Split)
		if err != nil {
			return nil, err
		}
		if _, err := after(&spec, stored[i].Position); err != nil {
			return nil, err
		}
	}
	return stored, nil
}

// Describe implements [plugin.Describer].
func (r *reader) Describe(ctx context.Context) ([]*record.Schema, error) {
	conn, in, err := r.connect(ctx)
	if err != nil {
		return nil, err
	}
	return []*record.Schema{in.schema}, conn.Close()
}

// Probe implements [plugin.Prober].
func (r *reader) Probe(ctx context.Context) error {
	_, err := r.Describe(ctx)
	return err
}

// Open implements [plugin.Reader].
func (r *reader) Open(ctx context.Context, from plugin.Progress) (plugin.Source, error) {
	spec, err := sqlkit.ParseSpec(from.Split)
	if err != nil {
		return nil, err
	}
	condition, err := after(&spec, from.Position)
	if err != nil {
		return nil, err
	}
	conn, in, err := r.connect(ctx)
	if err != nil {
		return nil, err
	}
	s, err := r.source(conn, in, &spec, condition)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("reading %s: %w", r.path, err), conn.Close())
	}
	return s, nil
}

// Close implements [plugin.Reader]: nothing is shared.
func (r *reader) Close() error { return nil }
