package mysqlkit

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"unicode"

	"github.com/datasync-io/datasync/core/config"
)

const defaultPort = "3306"

// URL is a JDBC URL in parts.
type URL struct {
	Hosts    []string // host:port, in the order they are tried
	Database string   // "" if none is named
	User     string   // of user:password@, or of the parameter
	Password string
	Params   []Param // in order, without user and password
}

// Param is a connection parameter as it is written, decoded.
type Param struct{ Name, Value string }

// ParseURL reads a JDBC URL as users of Connector/J write it:
//
//	jdbc:mysql://host:3306/db?useSSL=false&serverTimezone=UTC
//	jdbc:mysql:loadbalance://a:3306,b:3306/db
//	jdbc:mariadb://[::1]/db
//
// Errors never hold the password.
func ParseURL(text string) (*URL, error) {
	rest, err := cutScheme(strings.TrimSpace(text))
	if err != nil {
		return nil, err
	}
	rest, query, _ := strings.Cut(rest, "?")
	authority, database, _ := strings.Cut(rest, "/")
	u := &URL{}
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		user, password, _ := strings.Cut(authority[:at], ":")
		if u.User, err = url.PathUnescape(user); err != nil {
			return nil, errors.New("the user name before the @ has a bad %-escape")
		}
		if u.Password, err = url.PathUnescape(password); err != nil {
			return nil, errors.New("the password before the @ has a bad %-escape")
		}
		authority = authority[at+1:]
	}
	if u.Hosts, err = hosts(authority); err != nil {
		if strings.ContainsRune(database+query, '@') {
			err = fmt.Errorf("%w; a password that holds / or ? is written with %%2F and %%3F", err)
		}
		return nil, err
	}
	if u.Database, err = url.PathUnescape(strings.TrimSpace(database)); err != nil || strings.Contains(u.Database, "/") {
		return nil, fmt.Errorf("%q is no database name", database)
	}
	return u, u.query(query)
}

func cutScheme(text string) (string, error) {
	for _, scheme := range []string{"jdbc:mysql:", "jdbc:mariadb:", "jdbc:tidb:", "mysql:", "mariadb:"} {
		if len(text) < len(scheme) || !strings.EqualFold(text[:len(scheme)], scheme) {
			continue
		}
		kind, rest, ok := strings.Cut(text[len(scheme):], "//")
		switch strings.ToLower(kind) {
		case "", "loadbalance:", "replication:", "failover:", "sequential:":
			if ok {
				return rest, nil
			}
		}
	}
	return "", errors.New("is no JDBC URL of MySQL: expected jdbc:mysql://host:3306/database?parameter=value")
}

func hosts(authority string) ([]string, error) {
	if strings.ContainsAny(authority, "()") {
		return nil, errors.New("address=(...) is not known: write host:port, several separated by commas")
	}
	var list []string
	for _, part := range strings.Split(authority, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			part = "localhost"
		}
		host, port, err := net.SplitHostPort(part)
		if err != nil {
			host, port = strings.Trim(part, "[]"), defaultPort
			if strings.Contains(host, ":") && !strings.HasPrefix(part, "[") {
				return nil, fmt.Errorf("%q is no host:port (an IPv6 address is written in brackets)", config.MaskPort(part))
			}
		}
		if host == "" {
			host = "localhost"
		}
		if port == "" {
			port = defaultPort
		}
		if strings.ContainsAny(host+port, "[]/@") || strings.IndexFunc(host, unicode.IsSpace) >= 0 || !isPort(port) {
			return nil, fmt.Errorf("%q is no host:port", config.MaskPort(part))
		}
		list = append(list, net.JoinHostPort(host, port))
	}
	return list, nil
}

func isPort(s string) bool {
	n := 0
	for _, c := range s {
		if c < '0' || c > '9' || n > 65535 {
			return false
		}
		n = n*10 + int(c-'0')
	}
	return n >= 1 && n <= 65535
}

func (u *URL) query(query string) error {
	for _, pair := range strings.Split(query, "&") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(strings.TrimSpace(name))
		if err != nil {
			return errors.New("a parameter's name has a bad %-escape")
		}
		if value, err = unescape(value); err != nil {
			return fmt.Errorf("parameter %s has a bad %%-escape", name)
		}
		switch strings.ToLower(name) {
		case "user":
			u.User = value
		case "password":
			u.Password = value
		default:
			u.Params = append(u.Params, Param{Name: name, Value: value})
		}
	}
	return nil
}

// unescape decodes %XX and leaves + alone, which is a plus in the time zones
// that people write (serverTimezone=GMT+8).
func unescape(value string) (string, error) { return url.PathUnescape(value) }
