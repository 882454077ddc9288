package mysql

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/kit/mysqlkit/mysqlread"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// Config is the parameters of the mysql reader. Conditions and statements run
// in a session whose time zone is +00:00: literals that are compared with a
// TIMESTAMP are in UTC. A table or schema that MySQL would have to quote, such
// as user_[0-9]+, is a regular expression, as FlinkX's mysqld has them.
type Config struct {
	sqlkit.ReaderConfig
}

func defaults() *Config {
	c := &Config{}
	c.Regexps = true
	return c
}

// sharded is the configuration of mysqld.
func sharded() *Config {
	c := defaults()
	c.Dealt = true
	return c
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
func (c *Config) places(i int) (places []*mysqlkit.Settings, unused []string, err error) {
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
func (c *Config) settings(i, n int) (s *mysqlkit.Settings, unused []string, err error) {
	one := &c.Connection[i]
	key := one.URLKey(i, n)
	u, err := mysqlkit.ParseURL(one.JDBCURL[n])
	if err != nil {
		return nil, nil, config.Field(key, err)
	}
	s, unused, err = mysqlkit.NewSettings(u, c.Properties)
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
	if s.Database == "" && !one.SchemaIsRegexp() {
		s.Database = one.Schema
	}
	return s, unused, nil
}

// name completes a table's name; its database may come from schema or the URL.
func (c *Config) name(i int, table string) (record.Name, error) {
	one, key := &c.Connection[i], fmt.Sprintf("connection[%d].table", i)
	parts, err := sqlkit.ParseName(table, 2)
	if err != nil {
		return record.Name{}, config.Field(key, err)
	}
	name := record.Name{Table: parts[len(parts)-1]}
	switch {
	case len(parts) == 2:
		name.Database = parts[0]
	case one.Schema != "":
		name.Database = one.Schema
	default:
		u, err := mysqlkit.ParseURL(one.URL())
		if err != nil {
			return record.Name{}, config.Field(fmt.Sprintf("connection[%d].jdbcUrl", i), err)
		}
		name.Database = u.Database
	}
	if name.Database == "" {
		return record.Name{}, config.Fieldf(key, "no database is named: write %s in jdbcUrl, or database.%s", "jdbc:mysql://host:3306/database", name.Table)
	}
	return name, nil
}

// driver returns how the job's servers are spoken to.
func (c *Config) driver(log *slog.Logger) (*mysqlread.Driver, error) {
	all := make([][]*mysqlkit.Settings, len(c.Connection))
	for i := range c.Connection {
		places, _, err := c.places(i)
		if err != nil {
			return nil, errclass.With(errclass.Config, err)
		}
		all[i] = places
	}
	return mysqlread.New(log, c.Connection, all, c.name), nil
}
