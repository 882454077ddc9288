package sqlserver

import (
	"errors"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
	"github.com/datasync-io/datasync/core/record"
)

// Config is the parameters of the sqlserver writer. A NULL overwrites what the
// table has unless allReplace is false.
type Config struct {
	sqlwrite.Config
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
	var errs []error
	_, err := c.settings()
	errs = append(errs, err)
	if c.InsertSQLMode != "" {
		errs = append(errs, config.Fieldf("insertSqlMode", "rows are always inserted by the bulk protocol: remove it"))
	}
	if table := c.First().TableName(); table != sqlwrite.AnyTable {
		_, err := c.name(c.First(), table)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// settings says how to dial.
func (c *Config) settings() (*mssqlkit.Settings, error) {
	s, err := mssqlkit.SettingsOf(c.First().URL(), c.Properties)
	if err != nil {
		return nil, config.Field("connection[0].jdbcUrl", err)
	}
	if err := c.Login().Apply(&s.User, &s.Password, &s.ConnectTimeout); err != nil {
		return nil, err
	}
	return s, nil
}

func (c *Config) name(one *sqlkit.Connection, table string) (record.Name, error) {
	name, err := mssqlkit.ParseName(one, table)
	if err != nil {
		return name, config.Field("connection[0].table", err)
	}
	return name, nil
}
