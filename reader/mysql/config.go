package mysql

import (
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
	return c.ValidateWith(func(i int) error {
		_, err := c.places(i)
		return err
	}, func(i int, table string) error {
		_, err := c.name(i, table)
		return err
	})
}

// places says how to dial each URL of an entry of the connection list.
func (c *Config) places(i int) ([]*mysqlkit.Settings, error) {
	return sqlkit.Places(&c.ReaderConfig, i, c.settings, func(s *mysqlkit.Settings) string { return s.Database })
}

// settings says how to dial URL n of an entry of the connection list.
func (c *Config) settings(i, n int) (*mysqlkit.Settings, error) {
	one := &c.Connection[i]
	s, err := mysqlkit.SettingsOf(one.JDBCURL[n], c.Properties)
	if err != nil {
		return nil, config.Field(one.URLKey(i, n), err)
	}
	if s.Database == "" && !one.SchemaIsRegexp() {
		s.Database = one.Schema
	}
	if err := c.Login(one).Apply(&s.User, &s.Password, &s.ConnectTimeout); err != nil {
		return nil, err
	}
	return s, nil
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
		places, err := c.places(i)
		if err != nil {
			return nil, errclass.With(errclass.Config, err)
		}
		all[i] = places
	}
	return mysqlread.New(log, c.Connection, all, c.name), nil
}
