package pgkit

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"github.com/datasync-io/datasync/core/config"
)

const defaultPort = "5432"

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

// ParseURL reads a JDBC URL as users of pgJDBC write it, or one of libpq:
//
//	jdbc:postgresql://host:5432/db?currentSchema=sales&sslmode=require
//	jdbc:postgresql://a:5432,b:5433/db
//	jdbc:postgresql:db
//	postgresql://[::1]/db
//
// Errors never hold the password.
func ParseURL(text string) (*URL, error) {
	rest, err := cutScheme(strings.TrimSpace(text))
	if err != nil {
		return nil, err
	}
	rest, query, _ := strings.Cut(rest, "?")
	var authority, database string
	if after, ok := strings.CutPrefix(rest, "//"); ok {
		authority, database, _ = strings.Cut(after, "/")
	} else {
		database = strings.TrimPrefix(rest, "/")
	}
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
	for _, scheme := range []string{"jdbc:postgresql:", "jdbc:postgres:", "jdbc:pgsql:", "postgresql:", "postgres:"} {
		if len(text) > len(scheme) && strings.EqualFold(text[:len(scheme)], scheme) {
			return text[len(scheme):], nil
		}
	}
	return "", errors.New("is no JDBC URL of PostgreSQL: expected jdbc:postgresql://host:5432/database?parameter=value")
}

func hosts(authority string) ([]string, error) {
	var list []string
	for _, part := range strings.Split(authority, ",") {
		part = strings.TrimSpace(part)
		host, port, err := net.SplitHostPort(part)
		if err != nil {
			host, port = strings.Trim(part, "[]"), ""
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
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 || strings.ContainsAny(host, "[]/@") || strings.IndexFunc(host, unicode.IsSpace) >= 0 {
			return nil, fmt.Errorf("%q is no host:port", config.MaskPort(part))
		}
		list = append(list, net.JoinHostPort(host, port))
	}
	return list, nil
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
		if value, err = url.PathUnescape(value); err != nil { // a + is a plus
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
