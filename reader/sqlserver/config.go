package sqlserver

import (
	"errors"
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
			_, err := c.name(&c.Connection[i], table)
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// places says how to dial each URL of an entry of the connection list; unused
// are the connection parameters without effect.
func (c *Config) places(i int) (places []*mssqlkit.Settings, unused []string, err error) {
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
func (c *Config) settings(i, n int) (s *mssqlkit.Settings, unused []string, err error) {
	key := c.Connection[i].URLKey(i, n)
	u, err := mssqlkit.ParseURL(c.Connection[i].JDBCURL[n])
	if err != nil {
		return nil, nil, config.Field(key, err)
	}
	s, unused, err = mssqlkit.NewSettings(u, c.Properties)
	if err != nil {
		return nil, nil, config.Field(key, err)
	}
	user, password := c.AccountOf(&c.Connection[i])
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

// name completes a table's name; without a schema the server looks in the
// login's own and in dbo.
func (c *Config) name(one *sqlkit.Connection, table string) (record.Name, error) {
	name, err := mssqlkit.ParseName(one, table)
	if err != nil {
		return name, config.Field("connection[0].table", err)
	}
	return name, nil
}
