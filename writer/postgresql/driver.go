package postgresql

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// Info describes the plugin.
func Info() plugin.WriterInfo {
	return plugin.WriterInfo{
		Name:    "postgresql",
		Aliases: []string{"postgres", "adbpostgresql", "greenplum"},
		Doc:     "Writes rows into tables of PostgreSQL, or of a system that speaks its protocol.",
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
	s, err := cfg.settings()
	if err != nil {
		return nil, errclass.With(errclass.Config, err)
	}
	return sqlwrite.New(env, &cfg.Config, &driver{cfg: cfg, settings: s, log: env.Log})
}

// driver speaks to the servers of a job.
type driver struct {
	cfg      *Config
	settings *pgkit.Settings
	log      *slog.Logger
}

var (
	_ sqlwrite.Driver   = (*driver)(nil)
	_ sqlwrite.Finisher = (*driver)(nil)
	_ sqlwrite.Batcher  = (*driver)(nil)
)

// Beside its rows a COPY costs the server as much as some 1,000 of them, for which
// it makes slots to gather them in. With 32,768 rows it was measured to be what one
// endless COPY is, with 8,192 a tenth more, with 1,024 up to twice as much. Several
// channels share the memory.
const (
	batchRows  = 32 << 10
	batchBytes = 4 << 20
	leastRows  = 4096
	leastBytes = 1 << 20
)

// Batch implements [sqlwrite.Batcher].
func (d *driver) Batch(channels int) (rows, bytes int) {
	return max(batchRows/channels, leastRows), max(batchBytes/channels, leastBytes)
}

// Dialect implements [sqlwrite.Driver].
func (d *driver) Dialect() *sqlkit.Dialect { return pgkit.Dialect }

// Name implements [sqlwrite.Driver].
func (d *driver) Name(c *sqlkit.Connection, table string) (record.Name, error) {
	return d.cfg.name(c, table)
}

// Dial implements [sqlwrite.Driver].
func (d *driver) Dial(ctx context.Context) (sqlwrite.Session, error) {
	conn, err := pgkit.Dial(ctx, d.settings)
	if err != nil {
		return nil, err
	}
	if err := d.durable(ctx, conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &session{conn: conn, log: d.log, writers: map[*sqlwrite.Form]formWriter{}}, nil
}

// durable has commits wait for the server's disk where its default is that they
// do not: the source is told of positions whose rows a crash would take (I1). A
// job whose URL says otherwise has it its way.
func (d *driver) durable(ctx context.Context, conn *pgkit.Conn) error {
	const setting = "synchronous_commit"
	if slices.ContainsFunc(d.settings.Variables, func(v string) bool { return strings.HasPrefix(v, setting+"=") }) {
		return nil
	}
	err := conn.Exec(ctx, "SELECT set_config(name, 'local', false) FROM pg_catalog.pg_settings WHERE name = '"+setting+"' AND setting = 'off'")
	if err != nil {
		return fmt.Errorf("having commits wait for the disk (%s): %w", setting, err)
	}
	return nil
}

// Supports implements [sqlwrite.Driver].
func (d *driver) Supports(v sqlwrite.Verb) error {
	if v == sqlwrite.Replace {
		return errors.New("PostgreSQL has no replace: use update, which changes the row with the same key or adds it")
	}
	return nil
}

// Target implements [sqlwrite.Driver]. What the encoder checks by itself needs
// no conversion.
func (d *driver) Target(from *record.Column, to *sqlkit.TableColumn) (record.Column, int) {
	column, bits := pgkit.Target(from, to)
	switch {
	case from.Kind != column.Kind:
	case column.Kind == record.Decimal:
		column.Precision, column.Scale = 0, 0
	default:
		bits = 0
	}
	return column, bits
}

// Create implements [sqlwrite.Driver].
func (d *driver) Create(t *sqlwrite.NewTable) ([]string, error) {
	return pgkit.CreateTable(t.Name, t.Columns, t.Comments, t.Key, t.Comment), nil
}

// Ledger implements [sqlwrite.Driver].
func (d *driver) Ledger() sqlwrite.LedgerSQL {
	return sqlwrite.LedgerSQL{
		Key: `varchar(255) COLLATE "C"`, Text: "text",
		Shared: func(sql string) string { return sql + " FOR SHARE" },
	}
}

// Finish implements [sqlwrite.Finisher]: it moves sequences behind the rows.
func (d *driver) Finish(ctx context.Context, s sqlwrite.Session, t *sqlkit.Table) error {
	if !d.cfg.ResetSequences {
		return nil
	}
	table := pgkit.Dialect.Table(t.Name)
	for i := range t.Columns {
		if !t.Columns[i].Identity {
			continue
		}
		name := pgkit.Dialect.Quote(t.Columns[i].Name)
		text := func(s string) string {
			return pgkit.Dialect.Literal(sqlkit.Value{Kind: record.String, Text: s})
		}
		// A NULL, of no sequence or no rows, moves nothing.
		sql := "SELECT pg_catalog.setval(pg_catalog.pg_get_serial_sequence(" + text(table) + ", " + text(t.Columns[i].Name) + ")::regclass, m) FROM (SELECT max(" + name + ")::bigint AS m FROM " + table + ") x WHERE m > 0"
		if _, err := s.Query(ctx, sql); err != nil {
			return fmt.Errorf("resetSequences: column %q of table %s: %w", t.Columns[i].Name, t.Name, err)
		}
	}
	return nil
}
