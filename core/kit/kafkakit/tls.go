package kafkakit

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
)

// Store is where certificates come from: a file of some type, or PEM in the
// job file.
type Store struct {
	Type         string // PEM, JKS or PKCS12; "": what the file is
	Location     string
	Password     config.Secret
	Certificates string // PEM
}

// TLS is whom to trust and what to show.
type TLS struct {
	Trust, Key  Store
	PrivateKey  config.Secret // PEM, PKCS #8, beside Key.Certificates
	KeyPassword config.Secret // of the private key, where it differs from the store's
	AnyHost     bool          // the certificate's host name is not looked at, its chain is
}

func (t *TLS) check() []error {
	var errs []error
	for name, s := range map[string]*Store{"ssl.truststore": &t.Trust, "ssl.keystore": &t.Key} {
		if s.Location != "" && s.Certificates != "" {
			errs = append(errs, config.Fieldf(name+".location", "is given together with the certificates themselves; keep one"))
		}
	}
	if (t.Key.Certificates != "") != t.PrivateKey.IsSet() {
		errs = append(errs, config.Fieldf("ssl.keystore.key", "is needed together with ssl.keystore.certificate.chain"))
	}
	return errs
}

// Config reads the stores. Errors are of class Config and name the property.
func (t *TLS) Config() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	roots, err := t.roots()
	if err != nil {
		return nil, configError("ssl.truststore", err)
	}
	c.RootCAs = roots
	pair, err := t.pair()
	if err != nil {
		return nil, configError("ssl.keystore", err)
	}
	if pair != nil {
		c.Certificates = []tls.Certificate{*pair}
	}
	if t.AnyHost {
		trustChainOnly(c)
	}
	return c, nil
}

func configError(property string, err error) error {
	return errclass.With(errclass.Config, fmt.Errorf("reading %s: %w", property, err))
}

// trustChainOnly verifies everything but the host name.
func trustChainOnly(c *tls.Config) {
	roots := c.RootCAs
	c.InsecureSkipVerify = true // replaced by VerifyConnection
	c.VerifyConnection = func(state tls.ConnectionState) error {
		o := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
		for _, cert := range state.PeerCertificates[1:] {
			o.Intermediates.AddCert(cert)
		}
		_, err := state.PeerCertificates[0].Verify(o)
		return err
	}
}

// roots returns nil, the system's certificates, where no store is given.
func (t *TLS) roots() (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	if t.Trust.Certificates != "" {
		if !pool.AppendCertsFromPEM([]byte(t.Trust.Certificates)) {
			return nil, errors.New("ssl.truststore.certificates hold no PEM certificate")
		}
		return pool, nil
	}
	if t.Trust.Location == "" {
		return nil, nil
	}
	data, err := os.ReadFile(t.Trust.Location)
	if err != nil {
		return nil, err
	}
	certs, err := t.Trust.trusted(data)
	if err != nil {
		return nil, err
	}
	for _, cert := range certs {
		pool.AddCert(cert)
	}
	return pool, nil
}

// pair returns nil where no client certificate is given.
func (t *TLS) pair() (*tls.Certificate, error) {
	password := t.KeyPassword
	if !password.IsSet() {
		password = t.Key.Password
	}
	if t.Key.Certificates != "" {
		return pemPair([]byte(t.Key.Certificates), []byte(t.PrivateKey.Reveal()))
	}
	if t.Key.Location == "" {
		return nil, nil
	}
	data, err := os.ReadFile(t.Key.Location)
	if err != nil {
		return nil, err
	}
	return t.Key.pair(data, password)
}

// pemPair reads a certificate chain and its key, which may be in one text.
func pemPair(chain, key []byte) (*tls.Certificate, error) {
	for rest := key; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type == "ENCRYPTED PRIVATE KEY" {
			return nil, errors.New("the private key is encrypted; convert it: openssl pkcs8 -in key.pem -out plain.pem")
		}
	}
	pair, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return nil, err
	}
	return &pair, nil
}
