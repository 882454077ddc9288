package pgkit

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/config"
)

// Settings are how a server is dialled. The zero value of a field means its
// default.
type Settings struct {
	Hosts           []string // host:port, tried in order
	Database        string   // "": the user's name
	User            string
	Password        config.Secret
	Schemas         []string      // the search path; nil: the server's
	ConnectTimeout  time.Duration // of all hosts together, authentication included; 0: 30 s
	TLS             TLS
	Target          TargetServer
	ApplicationName string   // "": datasync
	Variables       []string // further settings of the session: "name=value"

	replication bool
}

// defaultConnectTimeout is as for the other systems.
const defaultConnectTimeout = 30 * time.Second

// TargetServer is which of several hosts is wanted; the words are pgJDBC's.
type TargetServer string

const (
	TargetAny             TargetServer = "any"
	TargetPrimary         TargetServer = "primary"
	TargetSecondary       TargetServer = "secondary"
	TargetPreferSecondary TargetServer = "preferSecondary"
)

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
	case "connecttimeout", "logintimeout", "connect_timeout":
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 {
			return true, fmt.Errorf("expected seconds, found %q", value)
		}
		s.ConnectTimeout = time.Duration(n) * time.Second
	case "currentschema", "searchpath":
		s.Schemas, err = schemas(value)
	case "applicationname", "application_name":
		s.ApplicationName = value
	case "targetservertype", "target_session_attrs":
		s.Target, err = target(value)
	case "options":
		s.Variables, err = options(value)
	case "user":
		s.User = value
	case "password":
		s.Password = config.NewSecret(value)
	default:
		return tls.set(strings.ToLower(p.Name), value)
	}
	return true, err
}

// schemas splits a search path, whose names may be quoted.
func schemas(value string) ([]string, error) {
	var list []string
	for _, part := range strings.Split(value, ",") {
		part = strings.TrimSpace(part)
		if n := len(part); n >= 2 && part[0] == '"' && part[n-1] == '"' {
			part = strings.ReplaceAll(part[1:n-1], `""`, `"`)
		}
		if part == "" {
			return nil, fmt.Errorf("expected names of schemas parted by commas, found %q", value)
		}
		list = append(list, part)
	}
	return list, nil
}

func target(value string) (TargetServer, error) {
	switch strings.ToLower(value) {
	case "any", "preferprimary", "":
		return TargetAny, nil
	case "primary", "master", "read-write":
		return TargetPrimary, nil
	case "secondary", "slave", "standby", "read-only":
		return TargetSecondary, nil
	case "prefersecondary", "preferslave", "prefer-standby":
		return TargetPreferSecondary, nil
	}
	return "", fmt.Errorf("expected any, primary, secondary or preferSecondary, found %q", value)
}

// options reads "-c name=value --other=value", where a backslash keeps the
// blank after it.
func options(value string) ([]string, error) {
	const blank = "\x00"
	var list []string
	fields := strings.Fields(strings.ReplaceAll(value, `\ `, blank))
	for i := 0; i < len(fields); i++ {
		text := fields[i]
		switch {
		case text == "-c" && i+1 < len(fields):
			i++
			text = fields[i]
		case strings.HasPrefix(text, "--"):
			text = text[2:]
		case strings.HasPrefix(text, "-c"):
			text = text[2:]
		}
		name, rest, ok := strings.Cut(text, "=")
		if !ok || !isSetting(name) {
			return nil, fmt.Errorf("expected -c name=value, found %q", value)
		}
		list = append(list, strings.ReplaceAll(name, "-", "_")+"="+strings.ReplaceAll(rest, blank, " "))
	}
	return list, nil
}

// isSetting tells the name of a setting, which goes into SET unquoted.
func isSetting(name string) bool {
	for _, c := range name {
		if c != '_' && c != '.' && c != '-' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return name != ""
}
