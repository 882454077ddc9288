package postgresql

import (
	"errors"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
	"github.com/datasync-io/datasync/core/record"
)

// Config is the parameters of the postgresql writer. A NULL overwrites what the
// table has unless allReplace is false.
type Config struct {
	sqlwrite.Config
	// Once all rows are there, set the sequences behind the table's columns to go on after the largest value.
	ResetSequences bool `json:"resetSequences"`
}

// defaults returns the configuration to decode over. FlinkX's writer lets NULLs
// overwrite whatever allReplace says.
func defaults() *Config {
	c := &Config{Config: sqlwrite.Defaults()}
	c.AllReplace = true
	return c
}

// NoEffect implements [config.NoEffecter].
func (c *Config) NoEffect() map[string]string { return c.Config.NoEffect() }

// Validate checks what can be known without a connection.
func (c *Config) Validate() error {
	if err := c.Config.Validate(); err != nil {
		return err
	}
	_, err := c.settings()
	errs := []error{err}
	if c.InsertSQLMode != "" && c.InsertSQLMode != "copy" {
		errs = append(errs, config.Fieldf("insertSqlMode", "expected copy, which is how rows are always inserted"))
	}
	if table := c.First().TableName(); table != sqlwrite.AnyTable && err == nil {
		_, err := c.name(c.First(), table)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// settings says how to dial.
func (c *Config) settings() (*pgkit.Settings, error) {
	s, err := pgkit.SettingsOf(c.First().URL(), c.Properties)
	if err != nil {
		return nil, config.Field("connection[0].jdbcUrl", err)
	}
	if err := c.Login().Apply(&s.User, &s.Password, &s.ConnectTimeout); err != nil {
		return nil, err
	}
	return s, nil
}

// name completes a table's name. Its schema may come from schema or, if it is
// one, from currentSchema in the URL; else the search path is gone through.
func (c *Config) name(one *sqlkit.Connection, table string) (record.Name, error) {
	const key = "connection[0].table"
	parts, err := sqlkit.ParseName(table, 3)
	if err != nil {
		return record.Name{}, config.Field(key, err)
	}
	s, err := c.settings()
	if err != nil {
		return record.Name{}, err
	}
	name := record.Name{Table: parts[len(parts)-1]}
	switch {
	case len(parts) > 1:
		name.Schema = parts[len(parts)-2]
	case one.Schema != "":
		name.Schema = one.Schema
	case len(s.Schemas) == 1:
		name.Schema = s.Schemas[0]
	}
	if database := s.Database; len(parts) == 3 && database != "" && parts[0] != database {
		return record.Name{}, config.Fieldf(key, "table %s is in database %q and jdbcUrl names %q: PostgreSQL writes to one database at a time", table, parts[0], database)
	}
	return name, nil
}
