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
	cfg      *Config
	settings []*pgkit.Settings // of each entry of the connection list
}

var (
	_ sqlread.Driver      = (*driver)(nil)
	_ sqlread.Snapshotter = (*driver)(nil)
	_ sqlread.PageRanger  = (*driver)(nil)
	_ sqlread.Watermarker = (*driver)(nil)
)

// Dialect implements [sqlread.Driver].
func (d *driver) Dialect() *sqlkit.Dialect { return pgkit.Dialect }

// Name implements [sqlread.Driver].
func (d *driver) Name(c *sqlkit.Connection, table string) (record.Name, error) {
	return d.cfg.name(d.place(c), table)
}

// Dial implements [sqlread.Driver].
func (d *driver) Dial(ctx context.Context, c *sqlkit.Connection) (sqlread.Session, error) {
	conn, err := pgkit.Dial(ctx, d.settings[d.place(c)])
	if err != nil {
		return nil, err
	}
	return &session{conn: conn}, nil
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
