package sqlwrite

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

var (
	_ plugin.Writer     = (*writer)(nil)
	_ plugin.Hooks      = (*writer)(nil)
	_ plugin.Shaper     = (*writer)(nil)
	_ plugin.Prober     = (*writer)(nil)
	_ plugin.Idempotent = (*writer)(nil)
	_ plugin.Ledger     = (*ledgerWriter)(nil)
)

// writer is what all sinks of a job share. It holds no connection of its own:
// what is done beside the rows dials for itself.
type writer struct {
	env    plugin.Env
	config *Config
	driver Driver

	mu     sync.Mutex
	plans  map[*record.Schema]*plan
	said   map[string]bool  // what was said of columns: each channel has schemas of its own, the table is one
	shapes []*record.Schema // what Shape was shown, until preSql has run
}

// New returns the writer of a system. cfg is decoded and valid, and is not
// changed afterwards. Unless cfg says otherwise, the writer is a Ledger.
func New(env plugin.Env, cfg *Config, d Driver) (plugin.Writer, error) {
	if err := d.Supports(cfg.verb()); err != nil {
		return nil, errclass.With(errclass.Config, config.Field("mode", err))
	}
	w := &writer{env: env, config: cfg.spelled(env.Dialect, d.Dialect()), driver: d, plans: map[*record.Schema]*plan{}, said: map[string]bool{}}
	if cfg.table() != AnyTable {
		if _, err := w.name(nil); err != nil {
			return nil, errclass.With(errclass.Config, err)
		}
	}
	w.tellLeftOut()
	if cfg.Semantic == AtLeastOnce || cfg.Semantic == None {
		return w, nil
	}
	return &ledgerWriter{writer: w}, nil
}

// name is the table that rows of a schema go to.
func (w *writer) name(s *record.Schema) (record.Name, error) {
	table := w.config.table()
	if table == AnyTable {
		if s == nil || s.Name.Table == "" {
			return record.Name{}, errclass.With(errclass.Config, errors.New(`connection[0].table: "*" needs rows that name their table: name one`))
		}
		table = w.driver.Dialect().Quote(s.Name.Table)
	}
	return w.driver.Name(w.config.connection(), table)
}

// Idempotent implements [plugin.Idempotent]: rows that replace or change by
// key may come twice.
func (w *writer) Idempotent() bool { return w.config.verb() != Insert }

// with runs f on a connection of its own, which is closed afterwards.
func (w *writer) with(ctx context.Context, f func(s Session) error) (err error) {
	s, err := w.dial(ctx)
	if err != nil {
		return err
	}
	defer func() { // what f has done is done
		if closing := s.Close(); closing != nil {
			w.env.Log.Debug("closing a connection", "error", closing)
		}
	}()
	defer context.AfterFunc(ctx, s.Interrupt)()
	return canceled(ctx, f(s))
}

// dial opens a connection and prepares it as the job says.
func (w *writer) dial(ctx context.Context) (Session, error) {
	if err := ctx.Err(); err != nil {
		return nil, errclass.With(errclass.Canceled, err)
	}
	s, err := w.driver.Dial(ctx)
	if err != nil {
		return nil, canceled(ctx, err)
	}
	stop := context.AfterFunc(ctx, s.Interrupt)
	err = w.script(ctx, s, "session", w.config.Session)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, errors.Join(canceled(ctx, err), s.Close())
	}
	return s, nil
}

// canceled gives what goes wrong because ctx has ended its class.
func canceled(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return errclass.With(errclass.Canceled, err)
	}
	return err
}

// script runs the statements of a key of the job file.
func (w *writer) script(ctx context.Context, s Session, key string, texts []string) error {
	for i, text := range texts {
		for n, sql := range w.driver.Dialect().Statements(text) {
			if err := s.Exec(ctx, sql); err != nil {
				return fmt.Errorf("running statement %d of %s[%d]: %w", n+1, key, i, blame(err))
			}
		}
	}
	return nil
}

// blame gives a statement of the job file that the server refuses its class.
func blame(err error) error {
	if errclass.Of(err) == errclass.Data {
		return errclass.With(errclass.Permanent, err)
	}
	return err
}

// Probe implements [plugin.Prober]; it creates nothing.
func (w *writer) Probe(ctx context.Context) error {
	if m, ok := w.driver.(Maker); ok {
		if missing, err := m.Missing(); err != nil || missing {
			return err
		}
	}
	return w.with(ctx, func(s Session) error {
		if w.config.table() == AnyTable || len(w.config.PreSQL) > 0 {
			return nil
		}
		_, err := w.table(ctx, s, nil)
		if errors.Is(err, sqlkit.ErrNoTable) && w.config.CreateTable {
			return nil
		}
		return err
	})
}

// table reads the definition of the table that rows of a schema go to.
func (w *writer) table(ctx context.Context, s Session, schema *record.Schema) (*sqlkit.Table, error) {
	name, err := w.name(schema)
	if err != nil {
		return nil, err
	}
	t, err := s.Table(ctx, name)
	switch {
	case errors.Is(err, sqlkit.ErrNoTable):
		return nil, fmt.Errorf("connection[0].table: %w; create it, or set createTable", err)
	case err != nil:
		return nil, fmt.Errorf("looking at table %s: %w", name, err)
	}
	if t.View {
		return nil, errclass.With(errclass.Config, fmt.Errorf("connection[0].table: %s is a view: name the table behind it", name))
	}
	return t, nil
}

// Open implements [plugin.Writer].
func (w *writer) Open(ctx context.Context, t plugin.Task) (plugin.Sink, error) {
	s, err := w.dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("opening a connection to write: %w", err)
	}
	k := &sink{w: w, session: s, task: t, groups: map[*record.Schema]*group{}, limit: w.interval()}
	k.serial, _ = w.driver.(Serial)
	k.checker, _ = s.(Checker)
	return k, nil
}

// interval is how long a transaction stays open.
func (w *writer) interval() time.Duration {
	if d := w.config.FlushInterval; d > 0 {
		return min(d, commitInterval)
	}
	return commitInterval
}

// Close implements [plugin.Writer]: nothing is shared.
func (w *writer) Close() error { return nil }
