package pgkit

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
)

// TLSMode is how far the connection is to be protected; the modes are libpq's
// and pgJDBC's sslmode.
type TLSMode string

const (
	TLSDisable    TLSMode = "disable"
	TLSAllow      TLSMode = "allow"       // only if the server insists
	TLSPrefer     TLSMode = "prefer"      // if the server can; whoever it is
	TLSRequire    TLSMode = "require"     // or no connection; whoever it is, unless sslrootcert is given
	TLSVerifyCA   TLSMode = "verify-ca"   // the certificate is signed by a known authority
	TLSVerifyFull TLSMode = "verify-full" // and made out to the host
)

// TLS is the mode and the files; a zero TLS is TLSPrefer.
type TLS struct {
	Mode          TLSMode
	CA, Cert, Key string // PEM files; CA "": the system's authorities. Key may be PKCS #8 in DER
}

// tlsParams collects the parameters of several drivers.
type tlsParams struct {
	TLS
	ssl bool
}

func (t *tlsParams) set(name, value string) (used bool, err error) {
	switch name {
	case "ssl":
		t.ssl = value == "" || strings.EqualFold(value, "true")
	case "sslmode":
		t.Mode, err = parseMode(value)
	case "sslrootcert", "sslca":
		t.CA, err = keyFile(value)
	case "sslcert":
		t.Cert, err = keyFile(value)
	case "sslkey":
		t.Key, err = keyFile(value)
	case "sslpassword":
		return true, errors.New("encrypted keys are not read: decrypt it (openssl pkey -in KEY -out client-key.pem) and name that file with sslkey")
	default:
		return false, nil
	}
	return true, err
}

func parseMode(value string) (TLSMode, error) {
	modes := []TLSMode{TLSDisable, TLSAllow, TLSPrefer, TLSRequire, TLSVerifyCA, TLSVerifyFull}
	for _, m := range modes {
		if strings.EqualFold(string(m), value) {
			return m, nil
		}
	}
	return "", fmt.Errorf("expected one of %v, found %q", modes, value)
}

// keyFile takes a path. Key stores are refused with the command that converts
// them.
func keyFile(value string) (string, error) {
	if lower := strings.ToLower(value); strings.HasSuffix(lower, ".p12") || strings.HasSuffix(lower, ".pfx") || strings.HasSuffix(lower, ".jks") {
		return "", fmt.Errorf("%s is a key store; convert it (openssl pkcs12 -in %s -nodes -out client.pem) and name the PEM file with sslcert and sslkey", value, value)
	}
	return value, nil
}

// settings folds ssl=true into a mode, as pgJDBC does; sslmode wins.
func (t *tlsParams) settings() (TLS, error) {
	if t.Mode == "" {
		t.Mode = TLSPrefer
		if t.ssl {
			t.Mode = TLSVerifyFull
		}
	}
	if (t.Cert == "") != (t.Key == "") {
		return t.TLS, errors.New("sslcert and sslkey belong together: one is missing")
	}
	return t.TLS, nil
}

// configs returns the ways to try in order for one host; nil stands for no TLS.
func (t TLS) configs(host string) ([]*tls.Config, error) {
	if t.Mode == TLSDisable || net.ParseIP(host) == nil && strings.HasPrefix(host, "/") {
		return []*tls.Config{nil}, nil
	}
	c, err := t.config(host)
	if err != nil {
		return nil, err
	}
	switch t.Mode {
	case TLSAllow:
		return []*tls.Config{nil, c}, nil
	case TLSPrefer, "":
		return []*tls.Config{c, nil}, nil
	}
	return []*tls.Config{c}, nil
}

func (t TLS) config(host string) (*tls.Config, error) {
	c := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if t.CA != "" {
		text, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, fmt.Errorf("reading sslrootcert: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("reading sslrootcert: %s holds no PEM certificate", t.CA)
		}
	}
	if t.Cert != "" {
		pair, err := t.pair()
		if err != nil {
			return nil, fmt.Errorf("reading sslcert and sslkey: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	mode := t.Mode
	if mode == TLSRequire && t.CA != "" {
		mode = TLSVerifyCA // as libpq does
	}
	switch mode {
	case TLSVerifyFull:
	case TLSVerifyCA:
		c.InsecureSkipVerify = true // the name is not checked; the chain is, below
		c.VerifyConnection = func(s tls.ConnectionState) error { return verifyChain(s, c.RootCAs) }
	default:
		c.InsecureSkipVerify = true // they encrypt, they do not authenticate
	}
	return c, nil
}

// pair reads the client's certificate and its key, which pgJDBC wants in DER.
func (t TLS) pair() (tls.Certificate, error) {
	cert, err := os.ReadFile(t.Cert)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := os.ReadFile(t.Key)
	if err != nil {
		return tls.Certificate{}, err
	}
	if _, err := x509.ParsePKCS8PrivateKey(key); err == nil {
		key = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
	}
	return tls.X509KeyPair(cert, key)
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
