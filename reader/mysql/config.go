package mysql

import (
	"errors"
	"fmt"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// Config is the parameters of the mysql reader. Conditions and statements run
// in a session whose time zone is +00:00: literals that are compared with a
// TIMESTAMP are in UTC.
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
	_, _, err := c.settings()
	errs = append(errs, err)
	if c.CustomSQL == "" {
		_, err := c.table()
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// settings says how to dial; unused are the connection parameters without effect.
func (c *Config) settings() (s *mysqlkit.Settings, unused []string, err error) {
	u, err := mysqlkit.ParseURL(c.First().URL())
	if err != nil {
		return nil, nil, config.Field("connection[0].jdbcUrl", err)
	}
	s, unused, err = mysqlkit.NewSettings(u, c.Properties)
	if err != nil {
		return nil, nil, config.Field("connection[0].jdbcUrl", err)
	}
	user, password := c.Account()
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
	if s.Database == "" {
		s.Database = c.First().Schema
	}
	return s, unused, nil
}

// table returns the table's name; its database may come from schema or the URL.
func (c *Config) table() (record.Name, error) {
	const key = "connection[0].table"
	parts, err := sqlkit.ParseName(c.First().TableName(), 2)
	if err != nil {
		return record.Name{}, config.Field(key, err)
	}
	name := record.Name{Table: parts[len(parts)-1]}
	switch {
	case len(parts) == 2:
		name.Database = parts[0]
	case c.First().Schema != "":
		name.Database = c.First().Schema
	default:
		u, err := mysqlkit.ParseURL(c.First().URL())
		if err != nil {
			return record.Name{}, config.Field("connection[0].jdbcUrl", err)
		}
		name.Database = u.Database
	}
	if name.Database == "" {
		return record.Name{}, config.Fieldf(key, "no database is named: write %s in jdbcUrl, or database.%s", "jdbc:mysql://host:3306/database", name.Table)
	}
	return name, nil
}

// errorAt puts a fault found at the server to the key that it comes from.
func errorAt(key, format string, args ...any) error {
	return fmt.Errorf("%s: %w", key, fmt.Errorf(format, args...))
}
