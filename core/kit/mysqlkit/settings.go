package mysqlkit

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/config"
)

// Settings are how a server is dialled and its values are read. The zero
// value of a field means its default.
type Settings struct {
	Hosts          []string // host:port; the first that answers
	Database       string
	User           string
	Password       config.Secret
	ConnectTimeout time.Duration // of one host, handshake included; 0: 30 s
	TLS            TLS
	ZeroDateNull   bool   // zero dates are read as NULL; else they are bad values
	TinyIntBool    bool   // tinyint(1) is read as a truth value
	TimeZone       string // of the session; "": +00:00
	Variables      string // further session variables: "a=1,b='x'"
	Writes         bool   // the session is one that writes: see [Conn.Pipeline]
}

// defaultConnectTimeout is what Connector/J's users would call short and a
// person at a terminal long.
const defaultConnectTimeout = 30 * time.Second

// SettingsOf makes settings of a URL's text and further parameters, which win
// over the URL's.
func SettingsOf(address string, properties map[string]string) (*Settings, error) {
	u, err := ParseURL(address)
	if err != nil {
		return nil, err
	}
	s, _, err := NewSettings(u, properties)
	return s, err
}

// NewSettings makes settings of a URL and further parameters, which win over
// the URL's. unused names the parameters that have no effect, in order.
func NewSettings(u *URL, properties map[string]string) (s *Settings, unused []string, err error) {
	s = &Settings{Hosts: u.Hosts, Database: u.Database, User: u.User, Password: config.NewSecret(u.Password)}
	params := slices.Clone(u.Params)
	names := make([]string, 0, len(properties))
	for name := range properties {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		params = append(params, Param{Name: name, Value: properties[name]})
	}
	var errs []error
	var tls tlsParams
	for _, p := range params {
		used, err := s.set(p, &tls)
		if err != nil {
			errs = append(errs, fmt.Errorf("parameter %s: %w", p.Name, err))
		} else if !used && !slices.Contains(unused, p.Name) {
			unused = append(unused, p.Name)
		}
	}
	s.TLS, err = tls.settings()
	return s, unused, errors.Join(append(errs, err)...)
}

func (s *Settings) set(p Param, tls *tlsParams) (used bool, err error) {
	value := strings.TrimSpace(p.Value)
	switch strings.ToLower(p.Name) {
	case "connecttimeout":
		ms, err := strconv.Atoi(value)
		if err != nil || ms < 0 {
			return true, fmt.Errorf("expected milliseconds, found %q", value)
		}
		s.ConnectTimeout = time.Duration(ms) * time.Millisecond
	case "zerodatetimebehavior":
		switch strings.ToLower(strings.ReplaceAll(value, "_", "")) {
		case "converttonull":
			s.ZeroDateNull = true
		case "exception", "":
			s.ZeroDateNull = false
		default:
			return true, fmt.Errorf("expected convertToNull or exception, found %q", value)
		}
	case "tinyint1isbit":
		s.TinyIntBool, err = truth(value)
	case "sessionvariables":
		s.Variables = value
	case "user":
		s.User = value
	case "password":
		s.Password = config.NewSecret(value)
	case "useunicode", "characterencoding", "characterset", "allowpublickeyretrieval":
		// The session is utf8mb4 in any case, and the server's key is asked for.
	default:
		return tls.set(strings.ToLower(p.Name), value)
	}
	return true, err
}

func truth(value string) (bool, error) {
	switch strings.ToLower(value) {
	case "true", "yes", "1", "":
		return true, nil
	case "false", "no", "0":
		return false, nil
	}
	return false, fmt.Errorf("expected true or false, found %q", value)
}
