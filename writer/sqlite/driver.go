package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlitekit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// Info describes the plugin.
func Info() plugin.WriterInfo {
	return plugin.WriterInfo{
		Name:   "sqlite",
		Doc:    "Writes rows into tables of a SQLite database file.",
		Config: func() any { return defaults() },
		New: func(env plugin.Env, d *config.Decoder) (plugin.Writer, error) {
			c := defaults()
			if err := d.Decode(c); err != nil {
				return nil, err
			}
			return New(env, c)
		},
	}
}

// New returns a writer; it opens nothing. c has been validated.
func New(env plugin.Env, c *Config) (plugin.Writer, error) {
	if env.Log == nil {
		env.Log = slog.New(slog.DiscardHandler)
	}
	path, err := c.file()
	if err != nil {
		return nil, errclass.With(errclass.Config, err)
	}
	return sqlwrite.New(env, c.writing(path), NewDriver(path, sqlitekit.Settings{Create: c.creates(), Busy: c.BusyTimeout}))
}

// NewDriver returns what [sqlwrite] needs to write to the database in a file.
func NewDriver(path string, s sqlitekit.Settings) sqlwrite.Driver {
	return &driver{path: path, settings: s, turn: make(chan struct{}, 1)}
}

// driver is one database. Its sessions take turns: SQLite has one transaction
// that writes at a time, and makes others ask again and again.
type driver struct {
	path     string
	settings sqlitekit.Settings
	turn     chan struct{} // holds what the session whose turn it is has put in
	waiting  atomic.Int32  // sessions that want their turn
	active   atomic.Int64  // when the one whose turn it is last wrote, in nanoseconds since 1970
	brittle  atomic.Bool   // a refused row may roll back the transaction
}

var (
	_ sqlwrite.Driver   = (*driver)(nil)
	_ sqlwrite.Serial   = (*driver)(nil)
	_ sqlwrite.Maker    = (*driver)(nil)
	_ sqlwrite.Comparer = (*driver)(nil)
)

// Dialect implements [sqlwrite.Driver].
func (d *driver) Dialect() *sqlkit.Dialect { return sqlitekit.Dialect() }

// Name implements [sqlwrite.Driver]: what stands before the table's own name is
// of the systems that the job file was written for.
func (d *driver) Name(_ *sqlkit.Connection, table string) (record.Name, error) {
	if parts, err := sqlkit.ParseName(table, 2); err == nil {
		table = parts[len(parts)-1]
	}
	return record.Name{Table: table}, nil
}

// Supports implements [sqlwrite.Driver].
func (d *driver) Supports(sqlwrite.Verb) error { return nil }

// Target implements [sqlwrite.Driver]: a value is stored as itself or refused
// while it is bound.
func (d *driver) Target(*record.Column, *sqlkit.TableColumn) (record.Column, int) {
	return record.Column{Kind: record.Any}, 0
}

// Ledger implements [sqlwrite.Driver]. A transaction that writes has the
// database for itself.
func (d *driver) Ledger() sqlwrite.LedgerSQL {
	return sqlwrite.LedgerSQL{Key: "TEXT", Text: "TEXT", Shared: func(sql string) string { return sql }}
}

// crowded is how long a transaction goes on where others wait for theirs.
const crowded = 50 * time.Millisecond

// Turn implements [sqlwrite.Serial].
func (d *driver) Turn() time.Duration {
	switch {
	case d.brittle.Load(): // what was written before is not lost with it
		return 0
	case d.waiting.Load() > 0:
		return crowded
	}
	return math.MaxInt64
}

// Missing implements [sqlwrite.Maker].
func (d *driver) Missing() (bool, error) {
	_, err := os.Stat(d.path)
	if !errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if !d.settings.Create {
		return true, errclass.With(errclass.Config, fmt.Errorf("opening the database: there is no file %s: create it, or set createTable", d.path))
	}
	if _, err := os.Stat(filepath.Dir(d.path)); err != nil {
		return true, errclass.With(errclass.Config, fmt.Errorf("creating the database %s: %w", d.path, err))
	}
	return true, nil
}

// Dial implements [sqlwrite.Driver].
func (d *driver) Dial(ctx context.Context) (sqlwrite.Session, error) {
	if _, err := d.Missing(); err != nil {
		return nil, err
	}
	conn, err := sqlitekit.Open(d.path, d.settings)
	if err != nil {
		return nil, err
	}
	if err := conn.Exec(ctx, "PRAGMA foreign_keys = ON"); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	s := &session{d: d, conn: conn, statements: map[*sqlwrite.Form]*statement{}}
	s.interrupted, s.interrupt = context.WithCancel(context.Background())
	s.unwatch = conn.Watch(s.interrupted)
	return s, nil
}
