package mysql

import (
	"errors"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
	"github.com/datasync-io/datasync/core/record"
)

// Config is the parameters of the mysql writer. Statements of session, preSql
// and postSql run in a session whose time zone is +00:00 and whose sql_mode is
// strict; rows are written in that mode whatever they set.
type Config struct {
	sqlwrite.Config
}

func defaults() *Config { return &Config{Config: sqlwrite.Defaults()} }

// NoEffect implements [config.NoEffecter].
func (c *Config) NoEffect() map[string]string { return c.Config.NoEffect() }

// Validate checks what can be known without a connection.
func (c *Config) Validate() error {
	if err := c.Config.Validate(); err != nil {
		return err
	}
	var mode error
	if c.InsertSQLMode == "copy" {
		mode = config.Fieldf("insertSqlMode", "copy is for PostgreSQL: use load, or leave it out")
	}
	_, err := c.settings()
	return errors.Join(mode, err)
}

// settings says how to dial.
func (c *Config) settings() (*mysqlkit.Settings, error) {
	s, err := mysqlkit.SettingsOf(c.First().URL(), c.Properties)
	if err != nil {
		return nil, config.Field("connection[0].jdbcUrl", err)
	}
	if err := c.Login().Apply(&s.User, &s.Password, &s.ConnectTimeout); err != nil {
		return nil, err
	}
	for _, schema := range []string{c.First().Schema, c.Schema} {
		if s.Database == "" {
			s.Database = schema
		}
	}
	s.Writes = true
	return s, nil
}

// nameOf completes a table's name; its database may come from schema or the URL.
func nameOf(c *sqlkit.Connection, table string) (record.Name, error) {
	const key = "connection[0].table"
	parts, err := sqlkit.ParseName(table, 2)
	if err != nil {
		return record.Name{}, config.Field(key, err)
	}
	name := record.Name{Table: parts[len(parts)-1]}
	switch {
	case len(parts) == 2:
		name.Database = parts[0]
	case c.Schema != "":
		name.Database = c.Schema
	default:
		u, err := mysqlkit.ParseURL(c.URL())
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
