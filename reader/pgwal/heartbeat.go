package pgwal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// Heartbeat has the reader write to the source, which it does not otherwise: the
// commits are in the log, and the slot's position follows them.
type Heartbeat struct {
	// A published table for the time of each beat, as schema.table: created, and added to a publication of the job's own, where it is missing. Its rows are not handed on, unless tableList names it.
	Table string `json:"table"`
	// The statement of a beat, instead of the reader's own. It changes a table of the publication, or else nothing comes of it.
	Query string `json:"query"`
	// How often.
	Interval config.Duration `json:"interval" unit:"s"`

	name record.Name // of the table; zero: none
}

func (h *Heartbeat) check() error {
	var err error
	if h.Table != "" {
		if h.name, err = sqlkit.InSchema(h.Table, schema); err != nil {
			err = config.Field("heartbeat.table", err)
		}
	}
	if h.Interval <= 0 {
		err = errors.Join(err, config.Fieldf("heartbeat.interval", "expected seconds above 0"))
	}
	return err
}

func (h *Heartbeat) wanted() bool { return h.Table != "" || h.Query != "" }

// statement is what a beat runs, as one transaction. Its rows are an insert and
// a delete, since inserts are published in any case.
func (h *Heartbeat) statement(slot string) string {
	if h.Query != "" {
		return h.Query
	}
	table, text := pgkit.Dialect.Table(h.name), pgkit.Dialect.Text(slot)
	return "DELETE FROM " + table + " WHERE slot = " + text + "; INSERT INTO " + table + " (slot, at) VALUES (" + text + ", clock_timestamp())"
}

// prepare makes and publishes the table where it is missing.
func (h *Heartbeat) prepare(ctx context.Context, c *pgkit.Conn, cfg *Config, publication string) error {
	if h.Table == "" {
		return nil
	}
	_, err := c.ReadTable(ctx, h.name)
	if errors.Is(err, sqlkit.ErrNoTable) {
		err = c.Exec(ctx, "CREATE TABLE IF NOT EXISTS "+pgkit.Dialect.Table(h.name)+" (slot text PRIMARY KEY, at timestamp with time zone NOT NULL)")
	}
	if err != nil {
		return h.failed(err)
	}
	r, err := c.Query(ctx, "SELECT 1 "+publishedAs(publication, h.name))
	if err != nil || len(r.Rows) > 0 {
		return h.failed(err)
	}
	add := "ALTER PUBLICATION " + pgkit.Dialect.Quote(publication) + " ADD TABLE " + pgkit.Dialect.Table(h.name)
	if cfg.Publication != "" || publication == flinkxPublication {
		return errclass.With(errclass.Config, fmt.Errorf("publication %s lacks table %s, which heartbeat.table names: %s", publication, h.name, add))
	}
	return h.failed(c.Exec(ctx, add))
}

// failed is the error of a heartbeat.
func (h *Heartbeat) failed(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("heartbeat to the source: %w", err)
}

// probe finds what a heartbeat lacks.
func (h *Heartbeat) probe(ctx context.Context, c *pgkit.Conn) error {
	if h.Table == "" {
		return nil
	}
	r, err := c.Query(ctx, `SELECT CASE WHEN c.oid IS NULL THEN has_schema_privilege(n.oid, 'CREATE') ELSE has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'DELETE') END, c.oid IS NULL, pg_is_in_recovery()
 FROM pg_catalog.pg_namespace n LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = `+pgkit.Dialect.Text(h.name.Table)+` WHERE n.nspname = `+pgkit.Dialect.Text(h.name.Schema))
	bad := func(format string, args ...any) error {
		return errclass.With(errclass.Config, fmt.Errorf("heartbeat.table: "+format, args...))
	}
	switch {
	case err != nil:
		return h.failed(err)
	case len(r.Rows) == 0:
		return bad("schema %s does not exist", h.name.Schema)
	case r.True(0, 2):
		return bad("the server is a standby, which is written to by its primary alone: leave heartbeat out")
	case r.True(0, 0) || h.Query != "" && !r.True(0, 1):
		return nil
	case r.True(0, 1):
		return bad("table %s does not exist, and the user may not create it: CREATE TABLE %s (slot text PRIMARY KEY, at timestamptz NOT NULL)", h.name, pgkit.Dialect.Table(h.name))
	}
	return bad("the user may not write to table %s: GRANT INSERT, DELETE, SELECT ON %s", h.name, pgkit.Dialect.Table(h.name))
}

// heart beats on a connection of its own until it is closed.
type heart struct {
	cancel context.CancelFunc
	ended  sync.WaitGroup
	conn   *pgkit.Conn
	broken atomic.Pointer[error]
}

// startHeart beats once, and then again and again. When it cannot any more it
// says so by wake.
func startHeart(ctx context.Context, cfg *Config, slot string, log *slog.Logger, wake func()) (*heart, error) {
	h := &cfg.Heartbeat
	conn, err := pgkit.Dial(ctx, cfg.settings)
	if err != nil {
		return nil, err
	}
	sql := h.statement(slot)
	if err := conn.Exec(ctx, sql); err != nil {
		return nil, errors.Join(h.failed(err), conn.Close())
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	b := &heart{cancel: cancel, conn: conn}
	b.ended.Go(func() {
		if err := b.run(running, sql, h.Interval, log); err != nil {
			err = h.failed(err)
			b.broken.Store(&err)
			wake()
		}
	})
	return b, nil
}

// run beats until ctx ends. A beat that fails for the moment is made up by the
// next.
func (b *heart) run(ctx context.Context, sql string, every time.Duration, log *slog.Logger) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		err := b.conn.Exec(ctx, sql)
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return nil
		case errclass.Of(err) != errclass.Transient || !b.conn.Reusable():
			return err
		default:
			log.Warn("a heartbeat to the source has failed", "error", err)
		}
	}
}

// err is why it does not beat any more; nil: it does.
func (b *heart) err() error {
	if b == nil {
		return nil
	}
	if err := b.broken.Load(); err != nil {
		return *err
	}
	return nil
}

func (b *heart) close() error {
	b.cancel()
	b.ended.Wait()
	return b.conn.Close()
}
