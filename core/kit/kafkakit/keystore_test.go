package kafkakit

import (
	"crypto/x509"
	"os"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
)

// The stores in testdata are Java's keytool's: the key and certificate of
// CN=client.example, and trust stores that hold it.
func TestStores(t *testing.T) {
	store, key := config.NewSecret("store-Pass1"), config.NewSecret("key-Pass12")
	pem, err := os.ReadFile("testdata/cert.pem")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		tls  TLS
	}{
		{"JKS", TLS{Trust: Store{Type: storeJKS, Location: "testdata/trust.jks", Password: store}, Key: Store{Location: "testdata/key.jks", Password: store}, KeyPassword: key}},
		{"PKCS12", TLS{Trust: Store{Location: "testdata/trust.p12", Password: store}, Key: Store{Location: "testdata/key.p12", Password: store}}},
		{"PKCS12 called JKS", TLS{Trust: Store{Type: storeJKS, Location: "testdata/trust.p12", Password: store}, Key: Store{Type: storeJKS, Location: "testdata/key.p12", Password: store}}},
		{"PEM", TLS{Trust: Store{Location: "testdata/cert.pem"}, Key: Store{Location: "testdata/key.p12", Password: store}}},
		{"PEM in the job", TLS{Trust: Store{Certificates: string(pem)}, Key: Store{Location: "testdata/key.p12", Password: store}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := tt.tls.Config()
			if err != nil {
				t.Fatal(err)
			}
			cert, err := x509.ParseCertificate(c.Certificates[0].Certificate[0])
			if err != nil || cert.Subject.CommonName != "client.example" {
				t.Fatalf("got certificate of %v, %v", cert.Subject, err)
			}
			if _, err := cert.Verify(x509.VerifyOptions{Roots: c.RootCAs}); err != nil {
				t.Errorf("the trust store does not hold the certificate: %v", err)
			}
		})
	}
}

func TestUnreadableStores(t *testing.T) {
	wrong := config.NewSecret("wrong-Pass1")
	for _, tt := range []struct {
		name string
		tls  TLS
		want string
	}{
		{"JKS", TLS{Trust: Store{Location: "testdata/trust.jks", Password: wrong}}, "keytool -importkeystore -srckeystore testdata/trust.jks"},
		{"PKCS12", TLS{Trust: Store{Location: "testdata/trust.p12", Password: wrong}}, "openssl pkcs12 -in testdata/trust.p12"},
		{"key of JKS", TLS{Key: Store{Location: "testdata/key.jks", Password: config.NewSecret("store-Pass1")}, KeyPassword: wrong}, "keytool -importkeystore"},
		{"no file", TLS{Trust: Store{Location: "testdata/none.jks"}}, "testdata/none.jks"},
		{"no certificates", TLS{Trust: Store{Certificates: "none"}}, "ssl.truststore.certificates hold no PEM certificate"},
		{"a key store as trust store", TLS{Trust: Store{Location: "testdata/key.jks", Password: config.NewSecret("store-Pass1")}}, "holds no trusted certificate"},
		{"encrypted key", TLS{Key: Store{Certificates: "x"}, PrivateKey: config.NewSecret("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")}, "openssl pkcs8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := tt.tls.Config()
			if errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "Pass1") {
				t.Errorf("got %v, want a config error with %q", err, tt.want)
			}
		})
	}
}
