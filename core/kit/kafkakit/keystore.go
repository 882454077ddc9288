package kafkakit

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	keystore "github.com/pavlo-v-chernykh/keystore-go/v4"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/datasync-io/datasync/core/config"
)

const (
	storePEM    = "PEM"
	storeJKS    = "JKS"
	storePKCS12 = "PKCS12"
)

var jksMagic = []byte{0xfe, 0xed, 0xfe, 0xed}

// kind returns what a file is: what it looks like counts, since Java too opens
// a PKCS12 file that is said to be JKS.
func (s *Store) kind(data []byte) string {
	switch {
	case bytes.HasPrefix(data, jksMagic):
		return storeJKS
	case bytes.Contains(data, []byte("-----BEGIN ")):
		return storePEM
	default:
		return storePKCS12
	}
}

// trusted returns the certificates of a trust store.
func (s *Store) trusted(data []byte) ([]*x509.Certificate, error) {
	var certs []*x509.Certificate
	var err error
	kind := s.kind(data)
	switch kind {
	case storePEM:
		certs, err = pemCertificates(data)
	case storeJKS:
		certs, err = s.jksTrusted(data)
	default:
		certs, err = pkcs12.DecodeTrustStore(data, s.Password.Reveal())
	}
	if err != nil {
		return nil, s.unreadable(kind, err)
	}
	if len(certs) == 0 {
		return nil, fmt.Errorf("%s holds no trusted certificate", s.Location)
	}
	return certs, nil
}

// unreadable says how to convert a store that cannot be read.
func (s *Store) unreadable(kind string, err error) error {
	switch kind {
	case storePEM:
		return fmt.Errorf("%s: %w", s.Location, err)
	case storeJKS:
		return fmt.Errorf("%s: %w; if the password is right, convert it: keytool -importkeystore -srckeystore %s -destkeystore store.p12 -deststoretype PKCS12",
			s.Location, err, s.Location)
	default:
		return fmt.Errorf("%s: %w; if the password is right, convert it: openssl pkcs12 -in %s -nodes -out store.pem",
			s.Location, err, s.Location)
	}
}

func pemCertificates(data []byte) ([]*x509.Certificate, error) {
	var certs []*x509.Certificate
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			return certs, nil
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		certs = append(certs, cert)
	}
}

func (s *Store) openJKS(data []byte) (keystore.KeyStore, error) {
	store := keystore.New()
	err := store.Load(bytes.NewReader(data), []byte(s.Password.Reveal()))
	return store, err
}

func (s *Store) jksTrusted(data []byte) ([]*x509.Certificate, error) {
	store, err := s.openJKS(data)
	if err != nil {
		return nil, err
	}
	var certs []*x509.Certificate
	for _, alias := range store.Aliases() {
		if !store.IsTrustedCertificateEntry(alias) {
			continue
		}
		entry, err := store.GetTrustedCertificateEntry(alias)
		if err != nil {
			return nil, err
		}
		cert, err := x509.ParseCertificate(entry.Certificate.Content)
		if err != nil {
			return nil, err
		}
		certs = append(certs, cert)
	}
	return certs, nil
}

// pair returns the first key of a key store with its certificates.
func (s *Store) pair(data []byte, password config.Secret) (*tls.Certificate, error) {
	kind := s.kind(data)
	var pair *tls.Certificate
	var err error
	switch kind {
	case storePEM:
		pair, err = pemPair(data, data)
	case storeJKS:
		pair, err = s.jksPair(data, password)
	default:
		pair, err = s.pkcs12Pair(data)
	}
	if err != nil {
		return nil, s.unreadable(kind, err)
	}
	return pair, nil
}

func (s *Store) pkcs12Pair(data []byte) (*tls.Certificate, error) {
	key, cert, chain, err := pkcs12.DecodeChain(data, s.Password.Reveal())
	if err != nil {
		return nil, err
	}
	pair := &tls.Certificate{PrivateKey: key, Leaf: cert, Certificate: [][]byte{cert.Raw}}
	for _, c := range chain {
		pair.Certificate = append(pair.Certificate, c.Raw)
	}
	return pair, nil
}

func (s *Store) jksPair(data []byte, password config.Secret) (*tls.Certificate, error) {
	store, err := s.openJKS(data)
	if err != nil {
		return nil, err
	}
	for _, alias := range store.Aliases() {
		if !store.IsPrivateKeyEntry(alias) {
			continue
		}
		entry, err := store.GetPrivateKeyEntry(alias, []byte(password.Reveal()))
		if err != nil {
			return nil, err
		}
		key, err := x509.ParsePKCS8PrivateKey(entry.PrivateKey)
		if err != nil {
			return nil, err
		}
		pair := &tls.Certificate{PrivateKey: key}
		for _, c := range entry.CertificateChain {
			pair.Certificate = append(pair.Certificate, c.Content)
		}
		return pair, nil
	}
	return nil, errors.New("it holds no private key")
}
