package mysql

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"sync"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// Info describes the plugin.
func Info() plugin.WriterInfo {
	return plugin.WriterInfo{
		Name:    "mysql",
		Aliases: []string{"tidb"},
		Doc:     "Writes rows into tables of MySQL, MariaDB or TiDB.",
		Config:  func() any { return defaults() },
		New: func(env plugin.Env, d *config.Decoder) (plugin.Writer, error) {
			cfg := defaults()
			if err := d.Decode(cfg); err != nil {
				return nil, err
			}
			return New(env, cfg)
		},
	}
}

// New returns a writer; it dials nothing. cfg has been validated.
func New(env plugin.Env, cfg *Config) (plugin.Writer, error) {
	if env.Log == nil {
		env.Log = slog.New(slog.DiscardHandler)
	}
	d, err := newDriver(env.Log, cfg)
	if err != nil {
		return nil, err
	}
	return sqlwrite.New(env, &cfg.Config, d)
}

// driver speaks to the server of a job.
type driver struct {
	settings *mysqlkit.Settings
	log      *slog.Logger
	noLoad   sync.Once // says that the server takes no files
	keyed    sync.Map  // names of tables of several unique keys that the log tells of
}

var _ sqlwrite.Driver = (*driver)(nil)

func newDriver(log *slog.Logger, cfg *Config) (*driver, error) {
	settings, err := cfg.settings()
	if err != nil {
		return nil, errclass.With(errclass.Config, err)
	}
	return &driver{settings: settings, log: log}, nil
}

// Dialect implements [sqlwrite.Driver].
func (d *driver) Dialect() *sqlkit.Dialect { return mysqlkit.Dialect }

// Name implements [sqlwrite.Driver].
func (d *driver) Name(c *sqlkit.Connection, table string) (record.Name, error) {
	return nameOf(c, table)
}

// Supports implements [sqlwrite.Driver]: all of them.
func (d *driver) Supports(sqlwrite.Verb) error { return nil }

// Target implements [sqlwrite.Driver]. Integers of all sizes come as they are:
// ranges are checked where they are encoded.
func (d *driver) Target(from *record.Column, to *sqlkit.TableColumn) (column record.Column, bits int) {
	return mysqlkit.Target(from, to), 0
}

// Create implements [sqlwrite.Driver].
func (d *driver) Create(t *sqlwrite.NewTable) ([]string, error) {
	columns := make([]mysqlkit.NewColumn, len(t.Columns))
	for i := range columns {
		columns[i].Column = t.Columns[i]
		if t.Comments != nil {
			columns[i].Comment = t.Comments[i]
		}
	}
	sql, err := mysqlkit.CreateTable(t.Name, columns, t.Key, t.Comment)
	if err != nil {
		return nil, err
	}
	return []string{sql}, nil
}

// Ledger implements [sqlwrite.Driver].
func (d *driver) Ledger() sqlwrite.LedgerSQL {
	return sqlwrite.LedgerSQL{
		Key:    "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
		Text:   "LONGTEXT CHARACTER SET utf8mb4",
		Shared: func(selectSQL string) string { return selectSQL + " LOCK IN SHARE MODE" },
	}
}

// Dial implements [sqlwrite.Driver].
func (d *driver) Dial(ctx context.Context) (sqlwrite.Session, error) {
	conn, err := mysqlkit.Dial(ctx, d.settings)
	if err != nil {
		return nil, err
	}
	s := &session{driver: d, conn: conn, pipe: conn.Pipeline(), auto: true, strict: true, forms: map[*sqlwrite.Form]*form{}}
	if err := s.learn(ctx); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return s, nil
}

// learn asks for the server's limits, and leaves gap locks out where the log
// allows it: they make channels wait for each other's rows.
func (s *session) learn(ctx context.Context) error {
	r, err := s.conn.Query(ctx, "SHOW VARIABLES WHERE Variable_name IN ('max_allowed_packet', 'local_infile', 'log_bin', 'binlog_format')")
	if err != nil {
		return err
	}
	variables := map[string]string{}
	for i := range r.Rows {
		variables[r.Column(i, "Variable_name")] = strings.ToUpper(r.Column(i, "Value"))
	}
	if s.limit, err = strconv.Atoi(variables["max_allowed_packet"]); err != nil {
		s.limit = leastPacket
	}
	s.load.off = variables["local_infile"] == "OFF"
	if variables["log_bin"] == "ON" && variables["binlog_format"] == "STATEMENT" || s.conn.Server.TiDB {
		return nil
	}
	return s.conn.Exec(ctx, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
}

// leastPacket is the default of old servers.
const leastPacket = 4 << 20
