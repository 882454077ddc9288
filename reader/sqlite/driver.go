package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlitekit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlread"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// Info describes the plugin.
func Info() plugin.ReaderInfo {
	return plugin.ReaderInfo{
		Name:   "sqlite",
		Doc:    "Reads tables, views or a statement of a SQLite database file.",
		Config: func() any { return defaults() },
		New: func(env plugin.Env, d *config.Decoder) (plugin.Reader, error) {
			c := defaults()
			if err := d.Decode(c); err != nil {
				return nil, err
			}
			path, err := c.file()
			if err != nil {
				return nil, errclass.With(errclass.Config, err)
			}
			return sqlread.New(env, c.reading(), &driver{path: path, busy: c.BusyTimeout})
		},
	}
}

func defaults() *Config { return &Config{BusyTimeout: 10 * time.Second} }

// driver reads one file.
type driver struct {
	path string
	busy time.Duration
}

var _ sqlread.Driver = (*driver)(nil)

// Dialect implements [sqlread.Driver].
func (d *driver) Dialect() *sqlkit.Dialect { return sqlitekit.Dialect() }

// Name implements [sqlread.Driver]: the file is the only schema.
func (d *driver) Name(_ *sqlkit.Connection, table string) (record.Name, error) {
	parts, err := sqlkit.ParseName(table, 2)
	if err != nil {
		return record.Name{}, config.Field("table", err)
	}
	return record.Name{Table: parts[len(parts)-1]}, nil
}

// Dial implements [sqlread.Driver]: it opens the file read-only.
func (d *driver) Dial(ctx context.Context, _ *sqlkit.Connection) (sqlread.Session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if _, err := os.Stat(d.path); errors.Is(err, fs.ErrNotExist) {
		return nil, errclass.With(errclass.Config, fmt.Errorf("opening the database: there is no file %s", d.path))
	}
	conn, err := sqlitekit.Open(d.path, sqlitekit.Settings{ReadOnly: true, Busy: d.busy})
	if err != nil {
		return nil, err
	}
	s := &session{path: d.path, conn: conn}
	s.interrupted, s.interrupt = context.WithCancel(context.Background())
	return s, nil
}
