package mysql

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlread"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// Info describes the plugin.
func Info() plugin.ReaderInfo {
	return plugin.ReaderInfo{
		Name:    "mysql",
		Aliases: []string{"tidb"},
		Doc:     "Reads tables, views or a statement of MySQL, MariaDB or TiDB.",
		Config:  func() any { return defaults() },
		New: func(env plugin.Env, d *config.Decoder) (plugin.Reader, error) {
			cfg := defaults()
			if err := d.Decode(cfg); err != nil {
				return nil, err
			}
			return New(env, cfg)
		},
	}
}

// InfoSharded describes FlinkX's mysqld: the same reader, whose tables and
// schemas are regular expressions and are dealt to the channels as a whole.
func InfoSharded() plugin.ReaderInfo {
	return plugin.ReaderInfo{
		Name: "mysqld",
		Doc: "Reads tables that are spread over several MySQL servers, schemas and names: each entry of connection has its own account where it needs one, " +
			"and table and schema may be regular expressions. Tables are dealt to the channels; rows carry the name of their table.",
		Config: func() any { return sharded() },
		New: func(env plugin.Env, d *config.Decoder) (plugin.Reader, error) {
			cfg := sharded()
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
	cfg     *Config
	log     *slog.Logger
	places  []*sqlkit.Fallback[*mysqlkit.Settings] // of each entry of the connection list
	natives *natives
}

var (
	_ sqlread.Driver       = (*driver)(nil)
	_ sqlread.Hinter       = (*driver)(nil)
	_ sqlread.SchemaLister = (*driver)(nil)
)

// Dialect implements [sqlread.Driver].
func (d *driver) Dialect() *sqlkit.Dialect { return mysqlkit.Dialect }

// Name implements [sqlread.Driver].
func (d *driver) Name(c *sqlkit.Connection, table string) (record.Name, error) {
	return d.cfg.name(d.place(c), table)
}

// Dial implements [sqlread.Driver].
func (d *driver) Dial(ctx context.Context, c *sqlkit.Connection) (sqlread.Session, error) {
	conn, err := sqlkit.Reach(ctx, d.places[d.place(c)], mysqlkit.Dial)
	if err != nil {
		return nil, err
	}
	return &session{driver: d, conn: conn}, nil
}

// Schemas implements [sqlread.SchemaLister].
func (d *driver) Schemas(ctx context.Context, s sqlread.Session) ([]string, error) {
	own, ok := s.(*session)
	if !ok {
		return nil, fmt.Errorf("listing databases: a session of another driver: %T", s)
	}
	r, err := own.conn.Query(ctx, "SELECT schema_name FROM information_schema.schemata WHERE schema_name NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys') ORDER BY schema_name")
	if err != nil {
		return nil, own.note(err)
	}
	names := make([]string, 0, len(r.Rows))
	for _, row := range r.Rows {
		if row[0] != nil {
			names = append(names, *row[0])
		}
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
	panic(fmt.Sprintf("mysql: the connection entry %s is not of the driver's configuration", c.URL()))
}

// Hint implements [sqlread.Hinter]. Without it the server may well read and
// sort the whole table for each split.
func (d *driver) Hint(_ *sqlkit.Table, by *sqlkit.Index) string {
	if by == nil || by.Primary {
		return ""
	}
	return "FORCE INDEX (" + mysqlkit.Dialect.Quote(by.Name) + ")"
}
