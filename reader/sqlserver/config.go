package sqlserver

import (
	"maps"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// Config is the parameters of the sqlserver reader.
type Config struct {
	sqlkit.ReaderConfig
	// Read tables WITH (NOLOCK): no lock is waited for, and rows may be read that are never committed, twice, or not at all.
	WithNoLock bool `json:"withNoLock"`
}

// NoEffect implements [config.NoEffecter].
func (c *Config) NoEffect() map[string]string {
	none := maps.Clone(c.ReaderConfig.NoEffect())
	delete(none, "withNoLock")
	return none
}

// Validate checks what can be known without a connection.
func (c *Config) Validate() error {
	return c.ValidateWith(func(i int) error {
		_, err := c.places(i)
		return err
	}, func(i int, table string) error {
		_, err := c.name(&c.Connection[i], table)
		return err
	})
}

// places says how to dial each URL of an entry of the connection list.
func (c *Config) places(i int) ([]*mssqlkit.Settings, error) {
	return sqlkit.Places(&c.ReaderConfig, i, c.settings, func(s *mssqlkit.Settings) string { return s.Database })
}

// settings says how to dial URL n of an entry of the connection list.
func (c *Config) settings(i, n int) (*mssqlkit.Settings, error) {
	one := &c.Connection[i]
	s, err := mssqlkit.SettingsOf(one.JDBCURL[n], c.Properties)
	if err != nil {
		return nil, config.Field(one.URLKey(i, n), err)
	}
	if err := c.Login(one).Apply(&s.User, &s.Password, &s.ConnectTimeout); err != nil {
		return nil, err
	}
	return s, nil
}

// name completes a table's name; without a schema the server looks in the
// login's own and in dbo.
func (c *Config) name(one *sqlkit.Connection, table string) (record.Name, error) {
	name, err := mssqlkit.ParseName(one, table)
	if err != nil {
		return name, config.Field("connection[0].table", err)
	}
	return name, nil
}
