package sqlkit

import (
	"errors"
	"time"

	"github.com/datasync-io/datasync/core/config"
)

// Login is who connects, and how long that may take, as a job file says beside
// an address.
type Login struct {
	User     string
	Password config.Secret
	Timeout  time.Duration
}

// Apply puts what is said over what the address has said.
func (l Login) Apply(user *string, password *config.Secret, timeout *time.Duration) error {
	if l.User != "" {
		*user = l.User
	}
	if l.Password.IsSet() {
		*password = l.Password
	}
	if l.Timeout > 0 {
		*timeout = l.Timeout
	}
	if *user == "" {
		return config.Fieldf("username", "No username supplied")
	}
	return nil
}

// Of is the login for an entry of the connection list, which may have an
// account of its own.
func (l Login) Of(one *Connection) Login {
	if one.Username != "" {
		l.User = one.Username
	}
	if one.Password.IsSet() {
		l.Password = one.Password
	}
	return l
}

// Login says who dials an entry of the connection list.
func (c *ReaderConfig) Login(one *Connection) Login {
	return Login{c.Username, c.Password, c.ConnectTimeOut}.Of(one)
}

// Places says how to dial each URL of entry i of the connection list, as dial
// says of one. They stand for one database on several servers.
func Places[S any](c *ReaderConfig, i int, dial func(i, n int) (*S, error), database func(*S) string) (places []*S, err error) {
	var errs []error
	one := &c.Connection[i]
	for n := range one.JDBCURL {
		s, err := dial(i, n)
		if err == nil && len(places) > 0 && places[0] != nil && database(s) != database(places[0]) {
			err = config.Fieldf(one.URLKey(i, n), "names database %q, and the first of the list %q: they stand for one database on several servers", database(s), database(places[0]))
		}
		places, errs = append(places, s), append(errs, err)
	}
	return places, errors.Join(errs...)
}

// ValidateWith checks what can be known without a connection: beside the keys
// each entry of the connection list, and the tables that it names.
func (c *ReaderConfig) ValidateWith(place func(i int) error, table func(i int, table string) error) error {
	if err := c.Validate(); err != nil {
		return err
	}
	var errs []error
	for i := range c.Connection {
		errs = append(errs, place(i))
		if c.CustomSQL != "" {
			continue
		}
		for _, name := range c.PlainTables(i) {
			errs = append(errs, table(i, name))
		}
	}
	return errors.Join(errs...)
}
