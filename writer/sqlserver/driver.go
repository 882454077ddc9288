package sqlserver

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// Info describes the plugin.
func Info() plugin.WriterInfo {
	return plugin.WriterInfo{
		Name:   "sqlserver",
		Doc:    "Writes rows into tables of SQL Server.",
		Config: func() any { return defaults() },
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
	s, err := cfg.settings()
	if err != nil {
		return nil, errclass.With(errclass.Config, err)
	}
	return sqlwrite.New(env, &cfg.Config, &driver{cfg: cfg, settings: s})
}

// driver speaks to the server of a job.
type driver struct {
	cfg      *Config
	settings *mssqlkit.Settings
}

var _ sqlwrite.Driver = (*driver)(nil)

// Dialect implements [sqlwrite.Driver].
func (d *driver) Dialect() *sqlkit.Dialect { return mssqlkit.Dialect }

// Name implements [sqlwrite.Driver]. The ledger is beside the target.
func (d *driver) Name(c *sqlkit.Connection, table string) (record.Name, error) {
	if target := c.TableName(); table == sqlwrite.LedgerTable && target != sqlwrite.AnyTable {
		name, err := d.cfg.name(c, target)
		name.Table = table
		return name, err
	}
	return d.cfg.name(c, table)
}

// Dial implements [sqlwrite.Driver].
func (d *driver) Dial(ctx context.Context) (sqlwrite.Session, error) {
	conn, err := mssqlkit.Dial(ctx, d.settings)
	if err != nil {
		return nil, err
	}
	return &session{Conn: conn, writers: map[*sqlwrite.Form]*formWriter{}}, nil
}

// Supports implements [sqlwrite.Driver].
func (d *driver) Supports(v sqlwrite.Verb) error {
	if v == sqlwrite.Replace {
		return errors.New("SQL Server has no replace: use update, which changes the row with the same key or adds it")
	}
	return nil
}

// Target implements [sqlwrite.Driver].
func (d *driver) Target(from *record.Column, to *sqlkit.TableColumn) (record.Column, int) {
	return mssqlkit.Target(from, to)
}

// Create implements [sqlwrite.Driver].
func (d *driver) Create(t *sqlwrite.NewTable) ([]string, error) {
	return mssqlkit.CreateTable(t.Name, t.Columns, t.Comments, t.Key, t.Comment), nil
}

// Ledger implements [sqlwrite.Driver]. The texts of the key are ASCII, so that
// two of them fit an index.
func (d *driver) Ledger() sqlwrite.LedgerSQL {
	return sqlwrite.LedgerSQL{
		Key: "varchar(255) COLLATE Latin1_General_BIN2", Text: "nvarchar(max)",
		Shared: func(sql string) string {
			return strings.Replace(sql, " WHERE ", " WITH (REPEATABLEREAD, ROWLOCK) WHERE ", 1)
		},
	}
}
