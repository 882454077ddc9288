package tdspeer

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Answers to a client's wish for encryption.
const (
	EncryptLogin = 0 // the login alone, unless the client insists
	EncryptAll   = 1
	encryptNone  = 2
)

// Certificate makes a certificate for 127.0.0.1 and the PEM file that it can be
// checked against.
func Certificate(t testing.TB) (c tls.Certificate, file string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "peer"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "peer.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

// peeked is a connection whose first byte was looked at.
type peeked struct {
	net.Conn
	r *bufio.Reader
}

func (c *peeked) Read(p []byte) (int, error) { return c.r.Read(p) }

// strict begins TLS before anything else where the client does (TDS 8).
func (x *session) strict() error {
	const handshake = 0x16
	c := &peeked{x.conn, bufio.NewReader(x.conn)}
	x.conn = c
	first, err := c.r.Peek(1)
	if err != nil || first[0] != handshake || x.server.TLS == nil {
		return err
	}
	secure := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{*x.server.TLS}, NextProtos: []string{"tds/8.0"}})
	x.conn = secure
	return secure.Handshake()
}

// wrapped is a connection whose handshake goes in PRELOGIN packets. It is read
// and written by one goroutine.
type wrapped struct {
	net.Conn
	rest []byte
	open bool // the handshake is over
}

func (c *wrapped) Read(p []byte) (int, error) {
	if c.open && len(c.rest) == 0 {
		return c.Conn.Read(p)
	}
	if len(c.rest) == 0 {
		_, body, err := readMessage(c.Conn)
		if err != nil {
			return 0, err
		}
		c.rest = body
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

func (c *wrapped) Write(p []byte) (int, error) {
	if c.open {
		return c.Conn.Write(p)
	}
	head := [headerSize]byte{packPrelogin, lastOfAll, byte((len(p) + headerSize) >> 8), byte(len(p) + headerSize)}
	if _, err := c.Conn.Write(append(head[:], p...)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// secure shakes hands within TDS. Tickets, which TLS 1.3 sends afterwards, would
// come too late to be wrapped.
func (x *session) secure() (net.Conn, error) {
	w := &wrapped{Conn: x.conn}
	c := tls.Server(w, &tls.Config{Certificates: []tls.Certificate{*x.server.TLS}, MaxVersion: tls.VersionTLS12, SessionTicketsDisabled: true})
	if err := c.Handshake(); err != nil {
		return nil, err
	}
	w.open = true
	return c, nil
}
