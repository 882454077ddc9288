package mssqlkit

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/microsoft/go-mssqldb/msdsn"
)

// TLSMode is how far the connection is to be protected.
type TLSMode string

const (
	TLSLogin    TLSMode = ""         // the login alone, if the server can: what the drivers called encrypt=false
	TLSDisabled TLSMode = "disabled" // not even the login
	TLSRequired TLSMode = "required" // all of it
	TLSStrict   TLSMode = "strict"   // TLS before anything else (TDS 8), always verified
)

// TLS is the mode and what the server's certificate is checked against.
type TLS struct {
	Mode   TLSMode
	Verify bool   // the certificate is checked; else any server is trusted
	CA     string // PEM file of authorities; "": the system's
	Server string // PEM file of the server's own certificate: nothing else is accepted
	Name   string // name in the certificate; "": the host's
	Least  string // least version: TLSv1.2

	trust *bool // trustServerCertificate, if it is given: it wins
}

// set takes a parameter by its canonical name.
func (t *TLS) set(name, value string, jtds bool) (used bool, err error) {
	switch name {
	case "encrypt":
		return true, t.encrypt(value)
	case "ssl":
		if !jtds {
			return false, nil
		}
		return true, t.jtds(value)
	case "trustservercertificate":
		trust, err := truth(value)
		t.trust = &trust
		return true, err
	case "hostnameincertificate":
		t.Name = value
	case "truststore", "certificate", "cacert", "sslca":
		t.CA, err = pemFile(value)
	case "servercertificate":
		t.Server, err = pemFile(value)
	case "sslprotocol", "tlsmin":
		t.Least = value
	default:
		return false, nil
	}
	return true, err
}

func (t *TLS) encrypt(value string) error {
	switch strings.ToLower(value) {
	case "true", "yes", "1", "mandatory", "required":
		t.Mode, t.Verify = TLSRequired, true
	case "strict":
		t.Mode, t.Verify = TLSStrict, true
	case "false", "no", "0", "optional", "":
		t.Mode = TLSLogin
	case "disable", "disabled":
		t.Mode = TLSDisabled
	default:
		return fmt.Errorf("expected true, false or strict, found %q", value)
	}
	return nil
}

// jtds reads jTDS's ssl.
func (t *TLS) jtds(value string) error {
	switch strings.ToLower(value) {
	case "off", "":
		t.Mode = TLSDisabled
	case "request":
		t.Mode = TLSLogin
	case "require":
		t.Mode = TLSRequired
	case "authenticate":
		t.Mode, t.Verify = TLSRequired, true
	default:
		return fmt.Errorf("expected off, request, require or authenticate, found %q", value)
	}
	return nil
}

// pemFile takes a path or a file: URL. Java's key stores are refused with the
// command that converts them.
func pemFile(value string) (string, error) {
	path := strings.TrimPrefix(strings.TrimPrefix(value, "file://"), "file:")
	if lower := strings.ToLower(path); strings.HasSuffix(lower, ".jks") || strings.HasSuffix(lower, ".p12") || strings.HasSuffix(lower, ".pfx") {
		return "", fmt.Errorf("%s is a Java key store; convert it (keytool -exportcert -rfc -keystore %s -alias NAME -file ca.pem) and name the PEM file", path, path)
	}
	return path, nil
}

// check completes what was set.
func (t *TLS) check() error {
	if t.trust != nil && t.Mode != TLSStrict {
		t.Verify = !*t.trust
	}
	if t.CA != "" && t.Server != "" {
		return errors.New("trustStore and serverCertificate exclude each other: name the one that the server is to be checked against")
	}
	if _, err := version(t.Least); err != nil {
		return err
	}
	return nil
}

func version(text string) (uint16, error) {
	switch strings.ToUpper(strings.NewReplacer("V", "", "v", "", " ", "").Replace(text)) {
	case "", "TLS", "TLS1.2", "1.2":
		return tls.VersionTLS12, nil
	case "TLS1", "TLS1.0", "1.0":
		return tls.VersionTLS10, nil
	case "TLS1.1", "1.1":
		return tls.VersionTLS11, nil
	case "TLS1.3", "1.3":
		return tls.VersionTLS13, nil
	}
	return 0, fmt.Errorf("%q is no version of TLS: expected TLSv1.2 or TLSv1.3", text)
}

func (t *TLS) encryption() msdsn.Encryption {
	switch t.Mode {
	case TLSDisabled:
		return msdsn.EncryptionDisabled
	case TLSRequired:
		return msdsn.EncryptionRequired
	case TLSStrict:
		return msdsn.EncryptionStrict
	}
	return msdsn.EncryptionOff
}

// config returns what to shake hands with host with. A CA or a certificate
// that is named is checked whatever Verify says.
func (t *TLS) config(host string) (*tls.Config, error) {
	if t.Mode == TLSDisabled {
		return nil, nil
	}
	least, err := version(t.Least)
	if err != nil {
		return nil, err
	}
	c := &tls.Config{ServerName: host, MinVersion: least, DynamicRecordSizingDisabled: true}
	if t.Name != "" {
		c.ServerName = t.Name
	}
	switch {
	case t.Server != "":
		pinned, err := certificates(t.Server)
		if err != nil {
			return nil, fmt.Errorf("reading serverCertificate: %w", err)
		}
		c.InsecureSkipVerify = true // the certificate itself is compared, below
		c.VerifyPeerCertificate = func(raw [][]byte, _ [][]*x509.Certificate) error {
			if len(raw) == 0 || !pinned.holds(raw[0]) {
				return fmt.Errorf("%w: it is not the one in %s", errCertificate, t.Server)
			}
			return nil
		}
	case t.CA != "":
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, fmt.Errorf("reading trustStore: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("reading trustStore: %s holds no PEM certificate", t.CA)
		}
	case !t.Verify:
		c.InsecureSkipVerify = true // asked for, or the login alone is protected, as these drivers do by default
	}
	return c, nil
}

// errCertificate says that the server's certificate was refused.
var errCertificate = errors.New("the server's certificate is not trusted")
