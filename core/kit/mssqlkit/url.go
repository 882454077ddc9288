package mssqlkit

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

// Port is where the default instance listens.
const Port = 1433

// URL is a connection URL in parts.
type URL struct {
	Host     string
	Port     int    // 0: none is named
	Instance string // "" if none is named
	Database string // "" if none is named
	User     string
	Password string
	JTDS     bool    // written for jTDS, whose parameters have names of their own
	Params   []Param // in order, without those above
}

// Param is a connection parameter as it is written.
type Param struct{ Name, Value string }

// ParseURL reads a URL as users of Microsoft's JDBC driver, of jTDS and of Go
// write it:
//
//	jdbc:sqlserver://host\instance:1433;databaseName=db;encrypt=true
//	jdbc:jtds:sqlserver://host:1433/db;instance=inst
//	sqlserver://user:password@host:1433/instance?database=db
//
// Errors never hold the password.
func ParseURL(text string) (*URL, error) {
	text = strings.TrimSpace(text)
	for _, form := range []struct {
		scheme string
		parse  func(*URL, string) error
	}{
		{"jdbc:sqlserver://", (*URL).parseJDBC}, {"jdbc:microsoft:sqlserver://", (*URL).parseJDBC},
		{"jdbc:jtds:sqlserver://", (*URL).parseJTDS}, {"sqlserver://", (*URL).parseGo}, {"mssql://", (*URL).parseGo},
	} {
		if len(text) < len(form.scheme) || !strings.EqualFold(text[:len(form.scheme)], form.scheme) {
			continue
		}
		u := &URL{}
		if err := form.parse(u, text[len(form.scheme):]); err != nil {
			return nil, err
		}
		if u.Host == "" {
			return nil, errors.New("no host is named: write jdbc:sqlserver://host:1433;databaseName=db")
		}
		return u, nil
	}
	return nil, errors.New("is no URL of SQL Server: expected jdbc:sqlserver://host:1433;databaseName=db or jdbc:jtds:sqlserver://host:1433/db")
}

func (u *URL) parseJDBC(rest string) error {
	authority, properties, _ := strings.Cut(rest, ";")
	if err := u.address(strings.TrimSuffix(authority, "/")); err != nil {
		return err
	}
	return u.properties(properties)
}

func (u *URL) parseJTDS(rest string) error {
	u.JTDS = true
	rest, properties, _ := strings.Cut(rest, ";")
	authority, database, _ := strings.Cut(rest, "/")
	if err := u.address(authority); err != nil {
		return err
	}
	u.Database = database
	return u.properties(properties)
}

func (u *URL) parseGo(rest string) error {
	parsed, err := url.Parse("sqlserver://" + rest)
	if err != nil {
		return errors.New("is no URL: expected sqlserver://user:password@host:1433?database=db, with /, ? and # in a password as %2F, %3F and %23") // what the parser says may hold the password
	}
	if parsed.User != nil {
		u.User = parsed.User.Username()
		u.Password, _ = parsed.User.Password()
	}
	if err := u.address(parsed.Host); err != nil {
		return err
	}
	u.Instance = strings.Trim(parsed.Path, "/")
	for _, pair := range strings.Split(parsed.RawQuery, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, err1 := url.QueryUnescape(name)
		value, err2 := url.QueryUnescape(value)
		if err1 != nil || err2 != nil {
			return errors.New("a parameter has a bad %-escape")
		}
		if err := u.put(name, value); err != nil {
			return err
		}
	}
	return nil
}

// address reads host, host\instance and host:port, an IPv6 address in brackets.
func (u *URL) address(text string) error {
	host, port := strings.TrimSpace(text), ""
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") && (strings.HasPrefix(host, "[") || strings.Count(host, ":") == 1) {
		host, port = host[:i], host[i+1:]
	}
	host, instance, _ := strings.Cut(host, `\`)
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
	} else if strings.Contains(host, ":") && net.ParseIP(host) == nil {
		return fmt.Errorf("%q is no host:port", config.MaskPort(text))
	}
	if strings.ContainsAny(host, "[]/@") || strings.IndexFunc(host, unicode.IsSpace) >= 0 {
		return fmt.Errorf("%q is no host:port (a database is named by ;databaseName=)", config.MaskPort(text))
	}
	u.Host, u.Instance = host, instance
	if port == "" {
		return nil
	}
	if err := u.setPort(port); err != nil {
		return fmt.Errorf("%q is no host:port", config.MaskPort(text))
	}
	return nil
}

func (u *URL) setPort(text string) error {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < 1 || n > 65535 {
		return fmt.Errorf("%q is no port", text)
	}
	u.Port = n
	return nil
}

// properties reads a=b;c={d;e}: a value in braces may hold a semicolon, and a
// closing brace that is doubled.
func (u *URL) properties(text string) error {
	for text = strings.TrimLeft(text, "; "); text != ""; text = strings.TrimLeft(text, "; ") {
		name, rest, ok := strings.Cut(text, "=")
		if !ok || strings.Contains(name, ";") {
			name, _, _ = strings.Cut(text, ";")
			return fmt.Errorf("the property %q has no value: write it as name=value", name)
		}
		value, rest, err := propertyValue(rest)
		if err != nil {
			return fmt.Errorf("property %s: %w", name, err)
		}
		if err := u.put(strings.TrimSpace(name), value); err != nil {
			return err
		}
		text = rest
	}
	return nil
}

func propertyValue(s string) (value, rest string, err error) {
	if !strings.HasPrefix(s, "{") {
		value, rest, _ = strings.Cut(s, ";")
		return strings.TrimSpace(value), rest, nil
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != '}' {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == '}' {
			b.WriteByte('}')
			i++
			continue
		}
		return b.String(), s[i+1:], nil
	}
	return "", "", errors.New("a { is not closed")
}

// put keeps a parameter, those that say where and who in their own fields.
func (u *URL) put(name, value string) error {
	switch canonical(name) {
	case "":
		return nil
	case "servername", "server":
		if u.Host == "" {
			return u.address(value)
		}
	case "portnumber", "port":
		return u.setPort(value)
	case "instancename", "instance":
		u.Instance = value
	case "databasename", "database":
		u.Database = value
	case "user", "username", "userid":
		u.User = value
	case "password":
		u.Password = value
	default:
		u.Params = append(u.Params, Param{Name: name, Value: value})
	}
	return nil
}

// canonical is a parameter's name in lower case without the blanks that the Go
// driver's names have.
func canonical(name string) string {
	return strings.ToLower(strings.NewReplacer(" ", "", "-", "", "_", "").Replace(name))
}
