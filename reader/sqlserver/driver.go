package sqlserver

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/kit/mssqlkit/mssqlread"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlread"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// Info describes the plugin.
func Info() plugin.ReaderInfo {
	return plugin.ReaderInfo{
		Name:   "sqlserver",
		Doc:    "Reads tables, views or a statement of SQL Server.",
		Config: func() any { return &Config{} },
		New: func(env plugin.Env, d *config.Decoder) (plugin.Reader, error) {
			cfg := &Config{}
			if err := d.Decode(cfg); err != nil {
				return nil, err
			}
			return New(env, cfg)
		},
	}
}

// New returns a reader; it dials nothing. cfg has been validated.
func New(env plugin.Env, cfg *Config) (plugin.Reader, error) {
	if env.Log == nil {
		env.Log = slog.New(slog.DiscardHandler)
	}
	d := &driver{cfg: cfg, log: env.Log}
	for i := range cfg.Connection {
		places, err := cfg.places(i)
		if err != nil {
			return nil, errclass.With(errclass.Config, err)
		}
		d.places = append(d.places, sqlkit.NewFallback(env.Log, places...))
	}
	return sqlread.New(env, &cfg.ReaderConfig, d)
}

// driver speaks to the servers of a job.
type driver struct {
	cfg    *Config
	log    *slog.Logger
	places []*sqlkit.Fallback[*mssqlkit.Settings] // of each entry of the connection list
	told   sync.Once                              // that there is no snapshot isolation
}

var (
	_ sqlread.Driver      = (*driver)(nil)
	_ sqlread.Hinter      = (*driver)(nil)
	_ sqlread.Watermarker = (*driver)(nil)
	_ sqlread.Snapshotter = (*driver)(nil)
	_ interface {
		Schemas(ctx context.Context, s sqlread.Session) ([]string, error)
	} = (*driver)(nil)
)

// Dialect implements [sqlread.Driver].
func (d *driver) Dialect() *sqlkit.Dialect { return mssqlkit.Dialect }

// Name implements [sqlread.Driver].
func (d *driver) Name(c *sqlkit.Connection, table string) (record.Name, error) {
	return d.cfg.name(c, table)
}

// Dial implements [sqlread.Driver].
func (d *driver) Dial(ctx context.Context, c *sqlkit.Connection) (sqlread.Session, error) {
	conn, err := sqlkit.Reach(ctx, d.places[d.place(c)], mssqlkit.Dial)
	if err != nil {
		return nil, err
	}
	if err := d.isolate(ctx, conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &mssqlread.Session{Conn: conn}, nil
}

// place is where an entry stands in the connection list.
func (d *driver) place(c *sqlkit.Connection) int {
	for i := range d.cfg.Connection {
		if &d.cfg.Connection[i] == c {
			return i
		}
	}
	return 0
}

// isolate makes each statement read the rows as they were when it began, if
// the database can; with NOLOCK nobody asks for that. A table of another
// database would have to allow it as well, which is not looked into.
func (d *driver) isolate(ctx context.Context, conn *mssqlkit.Conn) error {
	if d.cfg.WithNoLock {
		return nil
	}
	v, err := conn.Versions(ctx)
	if err != nil {
		return err
	}
	switch {
	case v.ReadCommitted:
		return nil
	case v.Snapshot && !d.abroad():
		return conn.Exec(ctx, "SET TRANSACTION ISOLATION LEVEL SNAPSHOT")
	}
	d.told.Do(func() {
		d.log.Warn("the database allows no snapshot isolation: a row that is moved while its table is read may be read twice or not at all, "+
			"and writers are waited for", "remedy", "ALTER DATABASE ... SET ALLOW_SNAPSHOT_ISOLATION ON")
	})
	return nil
}

// abroad tells that some table is in another database than the URL's.
func (d *driver) abroad() bool {
	for i := range d.cfg.Connection {
		for _, table := range d.cfg.Connection[i].Table {
			if name, err := d.cfg.name(&d.cfg.Connection[i], table); err == nil && name.Database != "" {
				return true
			}
		}
	}
	return false
}

// Hint implements [sqlread.Hinter].
func (d *driver) Hint(*sqlkit.Table, *sqlkit.Index) string {
	if d.cfg.WithNoLock {
		return "WITH (NOLOCK)"
	}
	return ""
}

// OldestWrite implements [sqlread.Watermarker].
func (d *driver) OldestWrite(ctx context.Context, s sqlread.Session) (began, now time.Time, err error) {
	return own(s).OldestWrite(ctx)
}

// Schemas implements sqlread's SchemaLister.
func (d *driver) Schemas(ctx context.Context, s sqlread.Session) ([]string, error) {
	return own(s).Schemas(ctx)
}

// own is a session as this driver dialled it.
func own(s sqlread.Session) *mssqlread.Session {
	mine, ok := s.(*mssqlread.Session)
	if !ok {
		panic("sqlserver: the session is another driver's")
	}
	return mine
}
