package sqlread

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// reader reads the tables of one job, or its statement. What it has learnt of
// them is shared by all sources.
type reader struct {
	cfg     *sqlkit.ReaderConfig
	driver  Driver
	dialect *sqlkit.Dialect
	log     *slog.Logger
	zone    *time.Location
	datax   bool            // whose rules splits follow
	meta    []record.Column // asked for and had: _ts

	pool *pool

	finding sync.Mutex
	found   []place // nil: not looked for yet

	mu       sync.Mutex
	origins  map[place]*entry
	views    map[int]*view // by connection
	sessions int           // that a view is for
}

// entry is an origin, or one that is being looked at.
type entry struct {
	mu     sync.Mutex
	origin *origin // nil: not looked at yet
}

var (
	_ plugin.Splitter  = (*reader)(nil)
	_ plugin.Resumer   = (*reader)(nil)
	_ plugin.Describer = (*reader)(nil)
	_ plugin.Prober    = (*reader)(nil)
)

// New returns a reader; it dials nothing. cfg has been validated.
func New(env plugin.Env, cfg *sqlkit.ReaderConfig, d Driver) (plugin.Reader, error) {
	log := env.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if n := len(cfg.Connection); n > 1 && cfg.CustomSQL != "" {
		log.Warn("customSql is read from the first entry of connection", "listed", n)
	}
	if env.Dialect == dataX {
		cfg = asDataX(cfg, log)
	}
	r := &reader{cfg: cfg, driver: d, dialect: d.Dialect(), log: log, zone: env.Zone, datax: env.Dialect == dataX, pool: newPool(d, cfg),
		origins: map[place]*entry{}, views: map[int]*view{}}
	for _, m := range record.Meta {
		if m.Name == metaTime && slices.Contains(env.Meta, m.Name) {
			r.meta = append(r.meta, record.Column{Name: m.Name, Kind: m.Kind})
		}
	}
	if cfg.IncreColumn != "" {
		return &incremental{reader: r, clock: systemClock{}}, nil
	}
	return r, nil
}

// asDataX is a configuration as DataX means it: columns may be constants and
// expressions; beside a statement of the connection list nothing else counts.
func asDataX(cfg *sqlkit.ReaderConfig, log *slog.Logger) *sqlkit.ReaderConfig {
	own := *cfg // whose connections stay the driver's
	own.Column = sqlkit.Expressions(cfg.Column)
	if len(cfg.Connection[0].QuerySQL) == 0 {
		return &own
	}
	var without []string
	if own.Where != "" {
		without, own.Where = append(without, "where"), ""
	}
	if own.SplitPk != "" {
		without, own.SplitPk = append(without, "splitPk"), ""
	}
	if !sqlkit.Star(own.Column) {
		without, own.Column = append(without, "column"), []sqlkit.Column{{Name: "*"}}
	}
	if len(without) > 0 {
		log.Warn("keys have no effect beside querySql, as in DataX", "keys", strings.Join(without, ", "))
	}
	return &own
}

const metaTime = "_ts"

// Close implements [plugin.Reader].
func (r *reader) Close() error { return errors.Join(r.closeViews(), r.pool.close()) }

// session returns a session for a place.
func (r *reader) session(ctx context.Context, p place) (Session, error) {
	return r.pool.take(ctx, p.connection)
}

// release takes a session back.
func (r *reader) release(s Session) error { return r.pool.give(s) }

// origin returns what is known of a place, and asks s the first time.
func (r *reader) origin(ctx context.Context, s Session, p place) (*origin, error) {
	e := r.entry(p)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.origin == nil {
		o, err := r.look(ctx, s, p)
		if err != nil {
			return nil, err
		}
		e.origin = o
	}
	return e.origin, nil
}

func (r *reader) entry(p place) *entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.origins[p]
	if e == nil {
		e = &entry{}
		r.origins[p] = e
	}
	return e
}

// known returns what is known of a place, and dials only if that is nothing.
func (r *reader) known(ctx context.Context, p place) (o *origin, err error) {
	e := r.entry(p)
	e.mu.Lock()
	o = e.origin
	e.mu.Unlock()
	if o != nil {
		return o, nil
	}
	err = r.dialled(ctx, p, func(_ Session, found *origin) error {
		o = found
		return nil
	})
	return o, err
}

// dialled runs f with a session of its own and the origin at a place.
func (r *reader) dialled(ctx context.Context, p place, f func(s Session, o *origin) error) error {
	s, err := r.session(ctx, p)
	if err != nil {
		return err
	}
	o, err := r.origin(ctx, s, p)
	if err == nil {
		err = f(s, o)
	}
	return errors.Join(err, r.release(s))
}

// Describe implements [plugin.Describer]. A table that cannot be read is left
// out where there are others: its split will say why.
func (r *reader) Describe(ctx context.Context) ([]*record.Schema, error) {
	return r.describe(ctx, func(context.Context, Session, *query) error { return nil })
}

// describe is Describe that calls also for every statement that was prepared.
func (r *reader) describe(ctx context.Context, also func(context.Context, Session, *query) error) ([]*record.Schema, error) {
	places, err := r.places(ctx)
	if err != nil {
		return nil, err
	}
	schemas := make([]*record.Schema, 0, len(places))
	var bad error
	for _, p := range places {
		err := r.dialled(ctx, p, func(s Session, o *origin) error {
			if r.skipped(o) {
				return nil
			}
			q := &query{origin: o}
			st, err := r.prepare(ctx, s, q, nil)
			if err != nil {
				return err
			}
			if err := errors.Join(st.Close(ctx), also(ctx, s, q)); err != nil {
				return err
			}
			schemas = append(schemas, o.handedOn())
			return nil
		})
		switch {
		case err == nil:
		case len(places) == 1, !apart(err):
			return nil, err
		case bad == nil:
			bad = err
		}
	}
	if len(schemas) == 0 {
		return nil, bad
	}
	return schemas, nil
}

// handedOn is the schema of the rows that the engine is given.
func (o *origin) handedOn() *record.Schema {
	if o.format != nil {
		return o.format.Schema
	}
	return o.schema
}

// Probe implements [plugin.Prober]: it prepares the statements and reads
// nothing. What they would cost is asked for too: PostgreSQL looks at privileges
// when it plans to run a statement, not when it is prepared.
func (r *reader) Probe(ctx context.Context) error {
	_, err := r.describe(ctx, r.estimate)
	return err
}

// estimate has the database plan the statement, which needs the right to run it.
func (r *reader) estimate(ctx context.Context, s Session, q *query) error {
	if _, err := s.Estimate(ctx, r.statement(q, "").String()); err != nil {
		return r.explain(q.origin, fmt.Errorf("reading %s: %w", q.origin, err))
	}
	return nil
}

// Open implements [plugin.Reader].
func (r *reader) Open(ctx context.Context, from plugin.Progress) (plugin.Source, error) {
	spec, err := sqlkit.ParseSpec(from.Split)
	if err != nil {
		return nil, err
	}
	s, err := r.viewSession(ctx, placeOf(&spec))
	if err != nil {
		return nil, err
	}
	src, err := r.open(ctx, s, &spec, from.Position)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening split %s: %w", from.Split.ID, err), r.release(s))
	}
	return src, nil
}

func (r *reader) open(ctx context.Context, s Session, spec *sqlkit.Spec, position []byte) (plugin.Source, error) {
	o, err := r.origin(ctx, s, placeOf(spec))
	if err != nil {
		return nil, err
	}
	q := r.query(o, spec)
	st, err := r.prepare(ctx, s, q, position)
	if err != nil {
		return nil, err
	}
	rows, err := st.Rows(ctx, r.cfg.QueryTimeOut)
	if err != nil {
		return nil, err
	}
	return r.newSource(s, q, rows), nil
}
