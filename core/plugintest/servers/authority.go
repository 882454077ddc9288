package servers

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// authority is a certificate authority of one supervisor's life, with one
// certificate for all servers (localhost, 127.0.0.1) and one for clients.
type authority struct {
	file   string // PEM of the CA's certificate
	server pair
	client pair
	store  string // PEM of the server's key and certificate in one file, as Kafka wants it
}

// pair are the PEM files of a certificate and its PKCS #8 key.
type pair struct{ cert, key string }

// newAuthority writes all files into dir, which it makes. The keys are readable
// for everybody: the servers run as other users and guard nothing.
func newAuthority(dir string) (*authority, error) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	root := certificate(1, "datasync test CA")
	root.IsCA, root.BasicConstraintsValid = true, true
	root.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	der, err := x509.CreateCertificate(rand.Reader, root, root, key.Public(), key)
	if err != nil {
		return nil, err
	}
	a := &authority{file: filepath.Join(dir, "ca.pem"), store: filepath.Join(dir, "server-store.pem")}
	if err := os.WriteFile(a.file, encode("CERTIFICATE", der), 0o644); err != nil {
		return nil, err
	}
	server := certificate(2, "localhost")
	server.DNSNames, server.IPAddresses = []string{"localhost"}, []net.IP{net.IPv4(127, 0, 0, 1)}
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	if a.server, err = issue(dir, "server", server, root, key); err != nil {
		return nil, err
	}
	client := certificate(3, ClientUser)
	client.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	if a.client, err = issue(dir, "client", client, root, key); err != nil {
		return nil, err
	}
	return a, join(a.store, a.server.key, a.server.cert, a.file)
}

func certificate(serial int64, name string) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.AddDate(1, 0, 0),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
}

// issue writes name.pem and name-key.pem for leaf, signed by root.
func issue(dir, name string, leaf, root *x509.Certificate, signer *ecdsa.PrivateKey) (pair, error) {
	p := pair{cert: filepath.Join(dir, name+".pem"), key: filepath.Join(dir, name+"-key.pem")}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return p, err
	}
	cert, err := x509.CreateCertificate(rand.Reader, leaf, root, key.Public(), signer)
	if err != nil {
		return p, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return p, err
	}
	if err := os.WriteFile(p.key, encode("PRIVATE KEY", der), 0o644); err != nil {
		return p, err
	}
	return p, os.WriteFile(p.cert, encode("CERTIFICATE", cert), 0o644)
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// join writes the concatenation of files.
func join(to string, files ...string) error {
	var all []byte
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		all = append(all, b...)
	}
	return os.WriteFile(to, all, 0o644)
}
