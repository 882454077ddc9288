package postgresql

import (
	"fmt"
	"log/slog"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/kit/pgkit/pgread"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// Config is the parameters of the postgresql reader. Conditions and statements
// run in a session whose time zone is UTC: literals that are compared with a
// timestamptz are in UTC unless they carry an offset.
type Config struct {
	sqlkit.ReaderConfig
}

// NoEffect implements [config.NoEffecter].
func (c *Config) NoEffect() map[string]string { return c.ReaderConfig.NoEffect() }

// Validate checks what can be known without a connection.
func (c *Config) Validate() error {
	return c.ValidateWith(func(i int) error {
		_, err := c.places(i)
		return err
	}, func(i int, table string) error {
		_, err := c.name(i, table)
		return err
	})
}

// places says how to dial each URL of an entry of the connection list.
func (c *Config) places(i int) ([]*pgkit.Settings, error) {
	return sqlkit.Places(&c.ReaderConfig, i, c.settings, func(s *pgkit.Settings) string { return s.Database })
}

// settings says how to dial URL n of an entry of the connection list.
func (c *Config) settings(i, n int) (*pgkit.Settings, error) {
	one := &c.Connection[i]
	s, err := pgkit.SettingsOf(one.JDBCURL[n], c.Properties)
	if err != nil {
		return nil, config.Field(one.URLKey(i, n), err)
	}
	if err := c.Login(one).Apply(&s.User, &s.Password, &s.ConnectTimeout); err != nil {
		return nil, err
	}
	return s, nil
}

// name completes a table's name. Its schema may come from schema or, if it is
// one, from currentSchema in the URL; else the search path is gone through.
func (c *Config) name(i int, table string) (record.Name, error) {
	one, key := &c.Connection[i], fmt.Sprintf("connection[%d].table", i)
	parts, err := sqlkit.ParseName(table, 3)
	if err != nil {
		return record.Name{}, config.Field(key, err)
	}
	s, err := c.settings(i, 0)
	if err != nil {
		return record.Name{}, err
	}
	name := record.Name{Database: s.Database, Table: parts[len(parts)-1]}
	if name.Database == "" {
		name.Database = s.User // where PostgreSQL looks then
	}
	switch {
	case len(parts) > 1:
		name.Schema = parts[len(parts)-2]
	case one.Schema != "":
		name.Schema = one.Schema
	case len(s.Schemas) == 1:
		name.Schema = s.Schemas[0]
	}
	if len(parts) == 3 && parts[0] != name.Database {
		return record.Name{}, config.Fieldf(key, "table %s is in database %q and jdbcUrl names %q: PostgreSQL reads from one database at a time", table, parts[0], name.Database)
	}
	return name, nil
}

// driver returns how the job's servers are spoken to.
func (c *Config) driver(log *slog.Logger) (*pgread.Driver, error) {
	all := make([][]*pgkit.Settings, len(c.Connection))
	for i := range c.Connection {
		places, err := c.places(i)
		if err != nil {
			return nil, errclass.With(errclass.Config, err)
		}
		all[i] = places
	}
	return pgread.New(log, c.Connection, all, c.name), nil
}
