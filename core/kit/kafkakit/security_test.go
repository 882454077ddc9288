package kafkakit

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// jaas is sasl.jaas.config of a user, in JSON.
func jaas(module, user, password string) string {
	return fmt.Sprintf(`"sasl.jaas.config":"org.apache.kafka.common.security.%s required username=\"%s\" password=\"%s\";"`, module, user, password)
}

const (
	plainModule = "plain.PlainLoginModule"
	scramModule = "scram.ScramLoginModule"
)

func TestLogins(t *testing.T) {
	kafka := servers.StartKafka(t, servers.WithSASL(), servers.WithTLS(), servers.WithACL())
	info := kafka.Info()
	topic := kafka.Topic(t, 1)
	kafka.Allow(t, servers.ClientUser, topic, "Write", "Describe")
	ca, err := os.ReadFile(info.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	user, password := servers.ClientUser, servers.ClientPassword
	sasl := fmt.Sprintf(`"bootstrap.servers":"%s","security.protocol":"SASL_PLAINTEXT",`, info.SASLAddr)
	both := fmt.Sprintf(`"bootstrap.servers":"%s","security.protocol":"SASL_SSL","sasl.mechanism":"SCRAM-SHA-512",%s,`, info.SASLTLSAddr, jaas(scramModule, user, password))
	for _, tt := range []struct{ name, properties string }{
		{"PLAIN", sasl + `"sasl.mechanism":"PLAIN",` + jaas(plainModule, user, password)},
		{"SCRAM-SHA-256", sasl + `"sasl.mechanism":"SCRAM-SHA-256",` + jaas(scramModule, user, password)},
		{"SCRAM-SHA-512", sasl + `"sasl.mechanism":"SCRAM-SHA-512",` + jaas(scramModule, user, password)},
		{"over TLS", both + fmt.Sprintf(`"ssl.truststore.type":"PEM","ssl.truststore.location":%q`, info.CAFile)},
		{"over TLS, certificate in the job", both + fmt.Sprintf(`"ssl.truststore.type":"PEM","ssl.truststore.certificates":%q`, ca)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, _, err := read(t, "{"+tt.properties+"}")
			if err != nil {
				t.Fatal(err)
			}
			r := newRig(t, p, topic)
			r.must(r.put(t.Context(), 0, 0))
			r.must(r.Flush(t.Context()))
			r.must(r.client.CheckWrite(t.Context(), topic))
		})
	}
}

func TestRefusedLogins(t *testing.T) {
	kafka := servers.StartKafka(t, servers.WithSASL(), servers.WithTLS())
	info := kafka.Info()
	topic := kafka.Topic(t, 1)
	sasl := fmt.Sprintf(`"bootstrap.servers":"%s","security.protocol":"SASL_PLAINTEXT",`, info.SASLAddr)
	for _, tt := range []struct {
		name, properties string
		class            errclass.Class
		want             string
	}{
		{"wrong password", sasl + `"sasl.mechanism":"PLAIN",` + jaas(plainModule, servers.ClientUser, "s3cret"), errclass.Config, "check username and password of client"},
		{"wrong password for SCRAM", sasl + `"sasl.mechanism":"SCRAM-SHA-256",` + jaas(scramModule, servers.ClientUser, "s3cret"), errclass.Config, "check username and password of client"},
		{"unknown authority", fmt.Sprintf(`"bootstrap.servers":"%s","security.protocol":"SSL"`, info.TLSAddr), errclass.Config, "check ssl.truststore"},
		{"TLS at a plain port", fmt.Sprintf(`"bootstrap.servers":"%s","security.protocol":"SSL","socket.connection.setup.timeout.ms":2000`, kafka.Addr()), errclass.Transient, "security.protocol"},
		{"plain at a TLS port", fmt.Sprintf(`"bootstrap.servers":"%s","socket.connection.setup.timeout.ms":2000`, info.TLSAddr), errclass.Transient, "security.protocol"},
		{"nobody there", `"bootstrap.servers":"127.0.0.1:1"`, errclass.Transient, "check bootstrap.servers"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, _, err := read(t, "{"+tt.properties+"}")
			if err != nil {
				t.Fatal(err)
			}
			_, err = client(t, p.Connection).Topic(t.Context(), topic)
			if errclass.Of(err) != tt.class || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("got %v (%v), want %q (%v)", err, errclass.Of(err), tt.want, tt.class)
			}
		})
	}
}

// The certificate is one of localhost and 127.0.0.1; 0.0.0.0 leads there too.
func TestHostName(t *testing.T) {
	kafka := servers.StartKafka(t, servers.WithTLS())
	info := kafka.Info()
	topic := kafka.Topic(t, 1)
	for _, anyHost := range []bool{false, true} {
		store := TLS{Trust: Store{Location: info.CAFile}, AnyHost: anyHost}
		p := properties(strings.Replace(info.TLSAddr, "127.0.0.1", "0.0.0.0", 1))
		p.Connection.Protocol, p.Connection.TLS = "SSL", store
		_, err := client(t, p.Connection).Topic(t.Context(), topic)
		if anyHost != (err == nil) {
			t.Errorf("any host %t: got %v", anyHost, err)
		}
		// The chain is looked at all the same.
		p.Connection.TLS.Trust = Store{Location: "testdata/cert.pem"}
		if _, err := client(t, p.Connection).Topic(t.Context(), topic); errclass.Of(err) != errclass.Config {
			t.Errorf("any host %t, another authority: got %v", anyHost, err)
		}
	}
}

func TestClientCertificate(t *testing.T) {
	kafka := servers.StartKafka(t, servers.WithTLS(), servers.WithConfig("ssl.client.auth=required"))
	info := kafka.Info()
	topic := kafka.Topic(t, 1)
	chain, err := os.ReadFile(info.CertFile)
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(info.KeyFile)
	if err != nil {
		t.Fatal(err)
	}
	p := properties(info.TLSAddr)
	p.Connection.Protocol, p.Connection.TLS.Trust.Location = "SSL", info.CAFile
	if _, err := client(t, p.Connection).Topic(t.Context(), topic); err == nil {
		t.Error("the broker took a client without certificate")
	}
	p.Connection.TLS.Key.Certificates, p.Connection.TLS.PrivateKey = string(chain), config.NewSecret(string(key))
	r := newRig(t, p, topic)
	r.must(r.put(t.Context(), 0, 0))
	r.must(r.Flush(t.Context()))
	r.verify(kafka.Addr())
}

func TestMissingACL(t *testing.T) {
	kafka := servers.StartKafka(t, servers.WithSASL(), servers.WithACL())
	info := kafka.Info()
	p, _, err := read(t, fmt.Sprintf(`{"bootstrap.servers":"%s","security.protocol":"SASL_PLAINTEXT","sasl.mechanism":"PLAIN",%s}`,
		info.SASLAddr, jaas(plainModule, servers.ClientUser, servers.ClientPassword)))
	if err != nil {
		t.Fatal(err)
	}
	cl := client(t, p.Connection)
	check := func(err error, operation, topic string) {
		t.Helper()
		if errclass.Of(err) != errclass.Permanent || err == nil {
			t.Fatalf("got %v (%v), want a permanent error", err, errclass.Of(err))
		}
		for _, want := range []string{"User:client lacks the ACL for " + operation, "kafka-acls.sh", "--topic " + topic} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q in it", err, want)
			}
		}
	}
	hidden, readable, writable := kafka.Topic(t, 1), kafka.Topic(t, 1), kafka.Topic(t, 1)
	_, err = cl.Topic(t.Context(), hidden)
	check(err, "Describe", hidden)

	kafka.Allow(t, servers.ClientUser, readable, "Describe")
	check(cl.CheckWrite(t.Context(), readable), "Write", readable)
	_, err = cl.NewProducer(t.Context(), p.Producer, nil)
	if errclass.Of(err) != errclass.Permanent || !strings.Contains(err.Error(), "IdempotentWrite") {
		t.Errorf("got %v, want a permanent error that names IdempotentWrite", err)
	}

	kafka.Allow(t, servers.ClientUser, writable, "Write", "Describe") // now it may have a producer id
	r := beginRig(t, cl, p.Producer, readable)
	r.must(r.put(t.Context(), 0, 0))
	check(r.Flush(t.Context()), "Write", readable)
}

func TestUnknownTopic(t *testing.T) {
	kafka := servers.Kafka(t)
	topic := kafka.Topic(t, 1)
	cl := client(t, properties(kafka.Addr()).Connection)
	_, err := cl.Topic(t.Context(), topic+"x")
	if errclass.Of(err) != errclass.Config {
		t.Fatalf("got %v (%v), want a config error", err, errclass.Of(err))
	}
	for _, want := range []string{`topic "` + topic + `x" does not exist`, "(there is " + topic + ")", "kafka-topics.sh --bootstrap-server " + kafka.Addr() + " --create --topic " + topic + "x"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
}
