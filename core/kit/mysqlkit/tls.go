package mysqlkit

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
)

// TLSMode is how far the connection is to be protected; the modes are those of
// Connector/J's sslMode.
type TLSMode string

const (
	TLSDisabled       TLSMode = "DISABLED"
	TLSPreferred      TLSMode = "PREFERRED"       // if the server can; whoever it is
	TLSRequired       TLSMode = "REQUIRED"        // or no connection; whoever it is
	TLSVerifyCA       TLSMode = "VERIFY_CA"       // the certificate is signed by a known authority
	TLSVerifyIdentity TLSMode = "VERIFY_IDENTITY" // and made out to the host
)

// TLS is the mode and the PEM files; a zero TLS is TLSPreferred.
type TLS struct {
	Mode          TLSMode
	CA, Cert, Key string // files; CA "": the system's authorities
}

// tlsParams collects the parameters of several drivers.
type tlsParams struct {
	TLS
	useSSL, requireSSL, verify *bool
}

func (t *tlsParams) set(name, value string) (used bool, err error) {
	flag := func(to **bool) (bool, error) {
		b, err := truth(value)
		*to = &b
		return true, err
	}
	switch name {
	case "usessl", "usetls":
		return flag(&t.useSSL)
	case "requiressl":
		return flag(&t.requireSSL)
	case "verifyservercertificate":
		return flag(&t.verify)
	case "sslmode", "ssl-mode":
		t.Mode, err = parseMode(value)
	case "sslca", "ssl-ca", "serversslcert", "trustcertificatekeystoreurl", "truststore":
		t.CA, err = pemFile(value)
	case "sslcert", "ssl-cert", "clientcertificatekeystoreurl", "keystore":
		t.Cert, err = pemFile(value)
	case "sslkey", "ssl-key":
		t.Key, err = pemFile(value)
	default:
		return false, nil
	}
	return true, err
}

func parseMode(value string) (TLSMode, error) {
	text := strings.ToUpper(strings.ReplaceAll(value, "-", "_"))
	switch text {
	case "VERIFY_FULL":
		text = string(TLSVerifyIdentity)
	case "TRUST": // MariaDB's word
		text = string(TLSRequired)
	case "DISABLE":
		text = string(TLSDisabled)
	}
	modes := []TLSMode{TLSDisabled, TLSPreferred, TLSRequired, TLSVerifyCA, TLSVerifyIdentity}
	for _, m := range modes {
		if text == string(m) {
			return m, nil
		}
	}
	return "", fmt.Errorf("expected one of %v, found %q", modes, value)
}

// pemFile takes a path or a file: URL. Java's key stores are refused with the
// command that converts them.
func pemFile(value string) (string, error) {
	path := strings.TrimPrefix(strings.TrimPrefix(value, "file://"), "file:")
	if lower := strings.ToLower(path); strings.HasSuffix(lower, ".jks") || strings.HasSuffix(lower, ".p12") || strings.HasSuffix(lower, ".pfx") {
		return "", fmt.Errorf("%s is a Java key store; convert it (keytool -exportcert -rfc -keystore %s -alias NAME -file ca.pem, "+
			"or openssl pkcs12 for a client's certificate and key) and name the PEM files with sslCa, sslCert and sslKey", path, path)
	}
	return path, nil
}

// settings folds useSSL, requireSSL and verifyServerCertificate into a mode,
// as Connector/J 8 does; sslMode wins.
func (t *tlsParams) settings() (TLS, error) {
	is := func(b *bool) bool { return b != nil && *b }
	if t.Mode == "" {
		switch {
		case t.useSSL != nil && !*t.useSSL:
			t.Mode = TLSDisabled
		case is(t.verify):
			t.Mode = TLSVerifyCA
		case is(t.requireSSL):
			t.Mode = TLSRequired
		default:
			t.Mode = TLSPreferred
		}
	}
	if (t.Cert == "") != (t.Key == "") {
		return t.TLS, errors.New("sslCert and sslKey belong together: one is missing")
	}
	return t.TLS, nil
}

// config returns what to shake hands with addr with; nil: no TLS.
func (t TLS) config(addr string) (*tls.Config, error) {
	if t.Mode == TLSDisabled {
		return nil, nil
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		host = addr
	}
	c := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, fmt.Errorf("reading sslCa: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("reading sslCa: %s holds no PEM certificate", t.CA)
		}
	}
	if t.Cert != "" {
		pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, fmt.Errorf("reading sslCert and sslKey: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	switch t.Mode {
	case TLSVerifyIdentity:
	case TLSVerifyCA:
		c.InsecureSkipVerify = true // the name is not checked; the chain is, below
		c.VerifyConnection = func(s tls.ConnectionState) error { return verifyChain(s, c.RootCAs) }
	default:
		c.InsecureSkipVerify = true // PREFERRED and REQUIRED encrypt, they do not authenticate
	}
	return c, nil
}

func verifyChain(s tls.ConnectionState, roots *x509.CertPool) error {
	if len(s.PeerCertificates) == 0 {
		return errors.New("the server has shown no certificate")
	}
	others := x509.NewCertPool()
	for _, c := range s.PeerCertificates[1:] {
		others.AddCert(c)
	}
	_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: others})
	return err
}
