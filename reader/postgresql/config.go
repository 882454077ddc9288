package postgresql

import (
	"errors"
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
	if err := c.ReaderConfig.Validate(); err != nil {
		return err
	}
	var errs []error
	for i := range c.Connection {
		_, _, err := c.places(i)
		errs = append(errs, err)
		if c.CustomSQL != "" {
			continue
		}
		for _, table := range c.PlainTables(i) {
			_, err := c.name(i, table)
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// places says how to dial each URL of an entry of the connection list; unused
// are the connection parameters without effect.
func (c *Config) places(i int) (places []*pgkit.Settings, unused []string, err error) {
	var errs []error
	for n := range c.Connection[i].JDBCURL {
		s, more, err := c.settings(i, n)
		if err == nil && len(places) > 0 && places[0] != nil && s.Database != places[0].Database {
			err = config.Fieldf(c.Connection[i].URLKey(i, n), "names database %q, and the first of the list %q: they stand for one database on several servers", s.Database, places[0].Database)
		}
		places, unused, errs = append(places, s), append(unused, more...), append(errs, err)
	}
	return places, unused, errors.Join(errs...)
}

// settings says how to dial URL n of an entry of the connection list.
func (c *Config) settings(i, n int) (s *pgkit.Settings, unused []string, err error) {
	one := &c.Connection[i]
	key := one.URLKey(i, n)
	u, err := pgkit.ParseURL(one.JDBCURL[n])
	if err != nil {
		return nil, nil, config.Field(key, err)
	}
	s, unused, err = pgkit.NewSettings(u, c.Properties)
	if err != nil {
		return nil, nil, config.Field(key, err)
	}
	user, password := c.AccountOf(one)
	if user != "" {
		s.User = user
	}
	if password.IsSet() {
		s.Password = password
	}
	if s.User == "" {
		return nil, nil, config.Fieldf("username", "No username supplied")
	}
	if c.ConnectTimeOut > 0 {
		s.ConnectTimeout = c.ConnectTimeOut
	}
	return s, unused, nil
}

// name completes a table's name. Its schema may come from schema or, if it is
// one, from currentSchema in the URL; else the search path is gone through.
func (c *Config) name(i int, table string) (record.Name, error) {
	one, key := &c.Connection[i], fmt.Sprintf("connection[%d].table", i)
	parts, err := sqlkit.ParseName(table, 3)
	if err != nil {
		return record.Name{}, config.Field(key, err)
	}
	s, _, err := c.settings(i, 0)
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
		places, _, err := c.places(i)
		if err != nil {
			return nil, errclass.With(errclass.Config, err)
		}
		all[i] = places
	}
	return pgread.New(log, c.Connection, all, c.name), nil
}
