package mysql

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// Info describes the plugin.
func Info() plugin.ReaderInfo {
	return plugin.ReaderInfo{
		Name:    "mysql",
		Aliases: []string{"tidb"},
		Doc:     "Reads a table, a view or a statement of MySQL, MariaDB or TiDB.",
		Config:  func() any { return &Config{} },
		New: func(env plugin.Env, d *config.Decoder) (plugin.Reader, error) {
			cfg := &Config{}
			if err := d.Decode(cfg); err != nil {
				return nil, err
			}
			return New(env, cfg)
		},
	}
}

// reader reads one table or statement. What it has learnt of it is shared by
// all sources.
type reader struct {
	cfg      *Config
	settings *mysqlkit.Settings
	log      *slog.Logger
	zone     *time.Location
	meta     []record.Column // asked for and had: _ts

	mu      sync.Mutex
	origin  *origin            // nil: not looked at yet
	layouts map[string]*layout // by order, so that all sources share their schema
}

// layout is how the rows of an order are read and handed on.
type layout struct {
	*mysqlkit.Shape
	format *sqlkit.Formatter // nil: no column has a date pattern
}

// schema describes the rows that are handed on.
func (l *layout) schema() *record.Schema {
	if l.format != nil {
		return l.format.Schema
	}
	return l.Schema
}

var (
	_ plugin.Splitter  = (*reader)(nil)
	_ plugin.Resumer   = (*reader)(nil)
	_ plugin.Describer = (*reader)(nil)
	_ plugin.Prober    = (*reader)(nil)
)

// New returns a reader; it dials nothing. cfg has been validated.
func New(env plugin.Env, cfg *Config) (plugin.Reader, error) {
	settings, unused, err := cfg.settings()
	if err != nil {
		return nil, errclass.With(errclass.Config, err)
	}
	log := env.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if len(unused) > 0 {
		log.Info("connection parameters without effect", "names", strings.Join(unused, ", "))
	}
	if n := len(cfg.First().Table); n > 1 && cfg.CustomSQL == "" {
		log.Warn("only the first table of the list is read", "table", cfg.First().TableName(), "listed", n)
	}
	r := &reader{cfg: cfg, settings: settings, log: log, zone: env.Zone, layouts: map[string]*layout{}}
	for _, m := range record.Meta {
		if m.Name == metaTime && slices.Contains(env.Meta, m.Name) {
			r.meta = append(r.meta, record.Column{Name: m.Name, Kind: m.Kind})
		}
	}
	return r, nil
}

const metaTime = "_ts"

// Close implements [plugin.Reader]; sources own their connections.
func (r *reader) Close() error { return nil }

// dialled runs f with a connection of its own and the origin.
func (r *reader) dialled(ctx context.Context, f func(c *mysqlkit.Conn, o *origin) error) error {
	c, err := mysqlkit.Dial(ctx, r.settings)
	if err != nil {
		return err
	}
	o, err := r.look(ctx, c)
	if err == nil {
		err = f(c, o)
	}
	return errors.Join(err, c.Close())
}

// look returns what is known of the origin, and asks the server the first time.
func (r *reader) look(ctx context.Context, c *mysqlkit.Conn) (*origin, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.origin == nil {
		o, err := newOrigin(ctx, c, r.cfg)
		if err != nil {
			return nil, err
		}
		r.origin = o
	}
	return r.origin, nil
}

// layout returns how the rows of an order are read; equal orders share one.
func (r *reader) layout(o *origin, order []string, st *mysqlkit.Statement) (*layout, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	id := fmt.Sprintf("%q", order)
	if l := r.layouts[id]; l != nil {
		if err := l.Fits(st.Fields()); err != nil {
			return nil, fmt.Errorf("%s was changed during the run: %w; start over with -fresh", o, err)
		}
		return l, nil
	}
	l := &layout{Shape: o.shape(r.settings, order, st.Fields(), r.meta)}
	var err error
	if l.format, err = sqlkit.NewFormatter(l.Schema, o.columns, r.zone); err != nil {
		return nil, err
	}
	r.layouts[id] = l
	return l, nil
}

// prepare prepares the statement of a spec, and after last if it is not nil.
func (r *reader) prepare(ctx context.Context, c *mysqlkit.Conn, o *origin, spec *sqlkit.Spec, position []byte) (*mysqlkit.Statement, *layout, error) {
	sel := o.statement(r.cfg, spec)
	st, err := c.Prepare(ctx, sel.String())
	if err != nil {
		return nil, nil, o.explain(err)
	}
	l, err := r.layout(o, spec.Key, st)
	if err != nil || position == nil {
		return st, l, err
	}
	last, err := sqlkit.ParsePosition(position, l.KeyColumns())
	if err != nil {
		return nil, nil, err
	}
	sel.Where = append(sel.Where, mysqlkit.Dialect.After(l.KeyColumns(), last))
	if err := st.Close(ctx); err != nil {
		return nil, nil, err
	}
	st, err = c.Prepare(ctx, sel.String())
	return st, l, err
}

// Describe implements [plugin.Describer].
func (r *reader) Describe(ctx context.Context) ([]*record.Schema, error) {
	var schema *record.Schema
	err := r.dialled(ctx, func(c *mysqlkit.Conn, o *origin) error {
		spec := sqlkit.Spec{Kind: sqlkit.All}
		spec.Key, _ = o.order(r.cfg, "")
		_, l, err := r.prepare(ctx, c, o, &spec, nil)
		if err == nil {
			schema = l.schema()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return []*record.Schema{schema}, nil
}

// Probe implements [plugin.Prober]: it prepares the statement and reads nothing.
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
	c, err := mysqlkit.Dial(ctx, r.settings)
	if err != nil {
		return nil, err
	}
	s, err := r.open(ctx, c, &spec, from.Position)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening split %s: %w", from.Split.ID, err), c.Close())
	}
	return s, nil
}

func (r *reader) open(ctx context.Context, c *mysqlkit.Conn, spec *sqlkit.Spec, position []byte) (plugin.Source, error) {
	o, err := r.look(ctx, c)
	if err != nil {
		return nil, err
	}
	st, l, err := r.prepare(ctx, c, o, spec, position)
	if err != nil {
		return nil, err
	}
	rows, err := st.Stream(ctx, r.cfg.QueryTimeOut)
	if err != nil {
		return nil, err
	}
	return newSource(r.log, c, rows, l, spec, len(r.meta) > 0), nil
}
