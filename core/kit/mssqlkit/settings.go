package mssqlkit

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/microsoft/go-mssqldb/msdsn"

	"github.com/datasync-io/datasync/core/config"
)

// Settings are how a server is dialled. The zero value of a field means its
// default.
type Settings struct {
	Host           string
	Port           int    // 0: 1433, or what the server's browser says of the instance
	Instance       string // without meaning beside a port
	Database       string
	User           string // DOMAIN\user: NTLM
	Password       config.Secret
	ConnectTimeout time.Duration // login included; 0: 30 s
	LockTimeout    time.Duration // how long a statement waits for a lock; 0: as long as it takes
	TLS            TLS
	Application    string // what the server's views show; "": datasync
	Workstation    string
	ReadOnlyIntent bool
	PacketSize     int // 0: 16 KiB
	FailoverHost   string
	FailoverPort   int
	MultiSubnet    bool // all addresses of the host are tried at once
}

const (
	defaultConnectTimeout = 30 * time.Second
	defaultPacketSize     = 16 << 10
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
	full := *u
	full.Params = slices.Clone(u.Params)
	names := make([]string, 0, len(properties))
	for name := range properties {
		names = append(names, name)
	}
	slices.Sort(names)
	var errs []error
	for _, name := range names {
		errs = append(errs, full.put(name, properties[name]))
	}
	s = &Settings{Host: full.Host, Port: full.Port, Instance: full.Instance, Database: full.Database, User: full.User, Password: config.NewSecret(full.Password)}
	var domain string
	for _, p := range full.Params {
		used, err := s.set(canonical(p.Name), strings.TrimSpace(p.Value), full.JTDS, &domain)
		if err != nil {
			errs = append(errs, fmt.Errorf("parameter %s: %w", p.Name, err))
		} else if !used && !slices.Contains(unused, p.Name) {
			unused = append(unused, p.Name)
		}
	}
	if domain != "" && s.User != "" && !strings.Contains(s.User, `\`) {
		s.User = domain + `\` + s.User
	}
	return s, unused, errors.Join(append(errs, s.TLS.check())...)
}

func (s *Settings) set(name, value string, jtds bool, domain *string) (used bool, err error) {
	switch name {
	case "logintimeout", "connectiontimeout", "dialtimeout", "connecttimeout":
		s.ConnectTimeout, err = duration(value, time.Second)
	case "locktimeout":
		if value != "-1" {
			s.LockTimeout, err = duration(value, time.Millisecond)
		}
	case "applicationname", "appname":
		s.Application = value
	case "workstationid", "wsid":
		s.Workstation = value
	case "applicationintent":
		s.ReadOnlyIntent = strings.EqualFold(value, "ReadOnly")
	case "packetsize":
		s.PacketSize, err = packetSize(value)
	case "failoverpartner":
		s.FailoverHost, s.FailoverPort, err = partner(value)
	case "failoverport":
		s.FailoverPort, err = strconv.Atoi(value)
	case "multisubnetfailover":
		s.MultiSubnet, err = truth(value)
	case "domain":
		*domain = value
	case "authenticationscheme", "authentication":
		if !slices.Contains([]string{"", "ntlm", "sqlpassword", "notspecified"}, strings.ToLower(value)) {
			err = fmt.Errorf("%s is not known here: use a login of the server, or DOMAIN\\user with NTLM", value)
		}
	case "columnencryptionsetting", "columnencryption":
		if !slices.Contains([]string{"", "disabled", "false"}, strings.ToLower(value)) {
			err = errors.New("encrypted columns (Always Encrypted) are not decrypted here: leave them out of column")
		}
	case "integratedsecurity":
		on, fault := truth(value)
		if err = fault; on {
			err = errors.New("a ticket of the operating system is not used: give username and password, the user as DOMAIN\\user for NTLM")
		}
	default:
		return s.TLS.set(name, value, jtds)
	}
	return true, err
}

func packetSize(value string) (int, error) {
	n, err := strconv.Atoi(value)
	switch {
	case err != nil || n < -1 || n > 32767:
		return 0, fmt.Errorf("expected bytes up to 32767, found %q", value)
	case n <= 0:
		return 0, nil
	}
	return max(n, 512), nil
}

func partner(value string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(value)
	if err != nil {
		return value, 0, nil
	}
	port, err = strconv.Atoi(text)
	return host, port, err
}

func duration(value string, unit time.Duration) (time.Duration, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("expected a number of %s, found %q", map[bool]string{true: "seconds", false: "milliseconds"}[unit == time.Second], value)
	}
	return time.Duration(n) * unit, nil
}

func truth(value string) (bool, error) {
	switch strings.ToLower(value) {
	case "true", "yes", "1":
		return true, nil
	case "false", "no", "0", "":
		return false, nil
	}
	return false, fmt.Errorf("expected true or false, found %q", value)
}

// Address is where the server is, for messages.
func (s *Settings) Address() string {
	host := s.Host
	if s.Port == 0 && s.Instance != "" {
		return host + `\` + s.Instance
	}
	port := s.Port
	if port == 0 {
		port = Port
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}

// driver returns the settings as the driver wants them.
func (s *Settings) driver() (msdsn.Config, error) {
	tls, err := s.TLS.config(s.Host)
	if err != nil {
		return msdsn.Config{}, err
	}
	c := msdsn.Config{
		Host: s.Host, Port: uint64(s.Port), Instance: s.Instance, Database: s.Database, User: s.User, Password: s.Password.Reveal(),
		Protocols: []string{"tcp"}, ProtocolParameters: map[string]any{}, Parameters: map[string]string{},
		Encryption: s.TLS.encryption(), TLSConfig: tls, HostInCertificateProvided: s.TLS.Name != "", TrustServerCertificate: !s.TLS.Verify,
		FailOverPartner: s.FailoverHost, FailOverPort: uint64(s.FailoverPort), MultiSubnetFailover: s.MultiSubnet,
		ReadOnlyIntent: s.ReadOnlyIntent && s.Database != "", AppName: s.Application, Workstation: s.Workstation, PacketSize: uint16(s.PacketSize),
		DisableRetry: true, DialTimeout: -1, KeepAlive: defaultConnectTimeout, NoTraceID: true,
		Encoding: msdsn.EncodeParameters{Timezone: time.UTC},
	}
	if s.Port == 0 && s.Instance == "" {
		c.Port = Port
	}
	if c.AppName == "" {
		c.AppName = "datasync"
	}
	if c.PacketSize == 0 {
		c.PacketSize = defaultPacketSize
	}
	if strings.Contains(s.User, `\`) {
		c.Parameters["authenticator"] = "ntlm"
	}
	return c, nil
}
