package postgresql

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlread"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// Info describes the plugin.
func Info() plugin.ReaderInfo {
	return plugin.ReaderInfo{
		Name:    "postgresql",
		Aliases: []string{"postgres", "adbpostgresql", "greenplum"},
		Doc:     "Reads tables, views or a statement of PostgreSQL, or of a system that speaks its protocol.",
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

// New returns a reader; it dials nothing. cfg has been validated.
func New(env plugin.Env, cfg *Config) (plugin.Reader, error) {
	if env.Log == nil {
		env.Log = slog.New(slog.DiscardHandler)
	}
	d, err := cfg.driver(env.Log)
	if err != nil {
		return nil, err
	}
	return sqlread.New(env, &cfg.ReaderConfig, d)
}

// driver speaks to the servers of a job.
type driver struct {
	cfg    *Config
	places []*sqlkit.Fallback[*pgkit.Settings] // of each entry of the connection list
}

var (
	_ sqlread.Driver       = (*driver)(nil)
	_ sqlread.Snapshotter  = (*driver)(nil)
	_ sqlread.PageRanger   = (*driver)(nil)
	_ sqlread.Watermarker  = (*driver)(nil)
	_ sqlread.SchemaLister = (*driver)(nil)
)

// Dialect implements [sqlread.Driver].
func (d *driver) Dialect() *sqlkit.Dialect { return pgkit.Dialect }

// Name implements [sqlread.Driver].
func (d *driver) Name(c *sqlkit.Connection, table string) (record.Name, error) {
	return d.cfg.name(d.place(c), table)
}

// Dial implements [sqlread.Driver].
func (d *driver) Dial(ctx context.Context, c *sqlkit.Connection) (sqlread.Session, error) {
	conn, err := sqlkit.Reach(ctx, d.places[d.place(c)], pgkit.Dial)
	if err != nil {
		return nil, err
	}
	return &session{conn: conn}, nil
}

// Schemas implements [sqlread.SchemaLister].
func (d *driver) Schemas(ctx context.Context, one sqlread.Session) ([]string, error) {
	s, ok := one.(*session)
	if !ok {
		return nil, fmt.Errorf("listing schemas: a session of another driver: %T", one)
	}
	r, err := s.conn.Query(ctx, "SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY nspname")
	if err != nil {
		return nil, s.note(err)
	}
	names := make([]string, len(r.Rows))
	for i := range names {
		names[i] = r.Text(i, 0)
	}
	return names, nil
}

// place is where an entry stands in the connection list.
func (d *driver) place(c *sqlkit.Connection) int {
	for i := range d.cfg.Connection {
		if &d.cfg.Connection[i] == c {
			return i
		}
	}
	panic(fmt.Sprintf("postgresql: the connection entry %s is not of the driver's configuration", c.URL()))
}
