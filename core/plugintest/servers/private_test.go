package servers_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/go-mysql-org/go-mysql/client"
	"github.com/xdg-go/scram"

	"github.com/datasync-io/datasync/core/plugintest/servers"
)

func login(addr, user, password string, options ...client.Option) error {
	c, err := client.ConnectWithTimeout(addr, user, password, "", 5*time.Second, options...)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.Ping()
}

func TestKilledMySQLComesBack(t *testing.T) {
	t.Parallel()
	s := servers.StartMySQL(t, servers.WithProxy(), servers.WithArgs("--max-connections=77"))
	db := s.DB(t)
	db.Exec(t, "CREATE TABLE a (id INT PRIMARY KEY)", "INSERT INTO a VALUES (1), (2)")
	addr := s.Addr()

	s.Kill()
	if err := login(addr, servers.RootUser, servers.RootPassword); err == nil {
		t.Error("a killed server answers")
	}
	s.Restart()
	if s.Addr() != addr {
		t.Errorf("came back at %s, was at %s", s.Addr(), addr)
	}
	r, err := db.Connect(t).Execute("SELECT COUNT(*), @@max_connections FROM a")
	if err != nil {
		t.Fatal(err)
	}
	if rows, _ := r.GetInt(0, 0); rows != 2 {
		t.Errorf("found %d rows after the kill, want 2", rows)
	}
	if most, _ := r.GetInt(0, 1); most != 77 {
		t.Errorf("max_connections is %d, want 77", most)
	}
	s.Stop()
	if err := login(addr, servers.RootUser, servers.RootPassword); err == nil {
		t.Error("a stopped server answers")
	}
}

func TestMySQLAccountsAndTLS(t *testing.T) {
	s := servers.MySQL(t)
	pem, err := os.ReadFile(s.CAFile())
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	verified := func(c *client.Conn) error {
		c.SetTLSConfig(&tls.Config{RootCAs: pool, ServerName: "127.0.0.1"})
		return nil
	}
	for name, try := range map[string]func() error{
		"native":        func() error { return login(s.Addr(), servers.NativeUser, servers.NativePassword) },
		"sha2 over tcp": func() error { return login(s.Addr(), servers.SHA2User, servers.SHA2Password) },
		"sha2 over tls": func() error { return login(s.Addr(), servers.SHA2User, servers.SHA2Password, verified) },
		"mariadb tls": func() error {
			return login(servers.MariaDB(t).Addr(), servers.NativeUser, servers.NativePassword, verified)
		},
	} {
		if err := try(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := login(s.Addr(), servers.RootUser, ""); err == nil {
		t.Error("root logs in without a password")
	}
}

func TestNetworkOfMariaDB(t *testing.T) {
	t.Parallel()
	s := servers.StartMariaDB(t, servers.WithProxy())
	in := func() error { return login(s.ProxyAddr(), servers.RootUser, servers.RootPassword) }
	if err := in(); err != nil {
		t.Fatal(err)
	}
	s.Cut()
	if in() == nil {
		t.Error("a cut server answers")
	}
	s.Restore()
	if err := in(); err != nil {
		t.Errorf("after Restore: %v", err)
	}
	s.Kill()
	s.Restart()
	if err := in(); err != nil {
		t.Errorf("after Restart: %v", err)
	}
}

func TestKilledKafkaComesBack(t *testing.T) {
	t.Parallel()
	k := servers.StartKafka(t, servers.WithProxy(), servers.WithConfig("message.max.bytes=5000"))
	topic := k.Topic(t, 2)
	produce(t, k.Addr(), topic)
	produce(t, k.ProxyAddr(), topic)
	k.Cut()
	if err := send(k.ProxyAddr(), topic, nil); err == nil {
		t.Error("a cut broker takes messages")
	}
	produce(t, k.Addr(), topic)
	k.Restore()
	produce(t, k.ProxyAddr(), topic)
	k.Kill()
	if err := send(k.Addr(), topic, nil); err == nil {
		t.Error("a killed broker takes messages")
	}
	k.Restart()
	produce(t, k.ProxyAddr(), topic)
}

func TestKafkaSecurity(t *testing.T) {
	t.Parallel()
	k := servers.StartKafka(t, servers.WithSASL(), servers.WithTLS(), servers.WithACL())
	topic := k.Topic(t, 1)
	pem, err := os.ReadFile(k.CAFile())
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	secure := func(c *sarama.Config) {
		c.Net.TLS.Enable = true
		c.Net.TLS.Config = &tls.Config{RootCAs: pool}
	}
	admin := func(mechanism sarama.SASLMechanism) func(*sarama.Config) {
		return sasl(mechanism, servers.AdminUser, servers.AdminPassword)
	}
	for name, try := range map[string]func() error{
		"plain":         func() error { return send(k.Info().SASLAddr, topic, admin(sarama.SASLTypePlaintext)) },
		"scram-sha-256": func() error { return send(k.Info().SASLAddr, topic, admin(sarama.SASLTypeSCRAMSHA256)) },
		"scram-sha-512": func() error { return send(k.Info().SASLAddr, topic, admin(sarama.SASLTypeSCRAMSHA512)) },
		"sasl over tls": func() error {
			return send(k.Info().SASLTLSAddr, topic, func(c *sarama.Config) {
				secure(c)
				admin(sarama.SASLTypeSCRAMSHA512)(c)
			})
		},
		"tls":    func() error { return send(k.Info().TLSAddr, topic, secure) },
		"direct": func() error { return send(k.Addr(), topic, nil) },
	} {
		if err := try(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	wrong := sasl(sarama.SASLTypePlaintext, servers.AdminUser, "wrong")
	if err := send(k.Info().SASLAddr, topic, wrong); !errors.Is(err, sarama.ErrSASLAuthenticationFailed) {
		t.Errorf("with a wrong password: %v", err)
	}
	client := sasl(sarama.SASLTypeSCRAMSHA256, servers.ClientUser, servers.ClientPassword)
	if err := send(k.Info().SASLAddr, topic, client); !errors.Is(err, sarama.ErrTopicAuthorizationFailed) {
		t.Errorf("without an ACL: %v", err)
	}
	k.Allow(t, servers.ClientUser, topic, "Describe", "Write")
	if err := send(k.Info().SASLAddr, topic, client); err != nil {
		t.Errorf("with an ACL: %v", err)
	}
}

func sasl(mechanism sarama.SASLMechanism, user, password string) func(*sarama.Config) {
	return func(c *sarama.Config) {
		c.Net.SASL.Enable = true
		c.Net.SASL.Mechanism, c.Net.SASL.User, c.Net.SASL.Password = mechanism, user, password
		hash := scram.SHA256
		if mechanism == sarama.SASLTypeSCRAMSHA512 {
			hash = scram.SHA512
		}
		c.Net.SASL.SCRAMClientGeneratorFunc = func() sarama.SCRAMClient { return &scramClient{hash: hash} }
	}
}

// scramClient lets sarama use xdg-go's SCRAM.
type scramClient struct {
	hash scram.HashGeneratorFcn
	*scram.ClientConversation
}

func (c *scramClient) Begin(user, password, authzID string) error {
	cl, err := c.hash.NewClient(user, password, authzID)
	if err != nil {
		return fmt.Errorf("preparing scram: %w", err)
	}
	c.ClientConversation = cl.NewConversation()
	return nil
}

func TestBenchServers(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(testing.TB, ...servers.Option) servers.SQLServer{
		"mysql": servers.StartMySQL, "mariadb": servers.StartMariaDB,
	} {
		r, err := start(t, servers.WithBench()).DB(t).Connect(t).Execute("SELECT @@innodb_buffer_pool_size, @@innodb_flush_log_at_trx_commit")
		if err != nil {
			t.Fatal(err)
		}
		if pool, _ := r.GetInt(0, 0); pool != 1<<30 {
			t.Errorf("%s: the buffer pool has %d bytes, want 1 GiB", name, pool)
		}
		if flush, _ := r.GetInt(0, 1); flush != 0 {
			t.Errorf("%s: innodb_flush_log_at_trx_commit is %d, want 0", name, flush)
		}
	}
}

// A shared server is not for breaking; a test learns that at once.
func TestSharedServerIsNotKilled(t *testing.T) {
	failed := ""
	s := servers.MariaDB(recorder{TB: t, failed: &failed})
	s.Kill()
	if !strings.Contains(failed, "other tests use it") {
		t.Errorf("the kill was answered with %q", failed)
	}
	if err := login(s.Addr(), servers.RootUser, servers.RootPassword); err != nil {
		t.Errorf("it is gone: %v", err)
	}
}

// recorder takes failures that a test expects.
type recorder struct {
	testing.TB
	failed *string
}

func (r recorder) Errorf(format string, args ...any) { *r.failed = fmt.Sprintf(format, args...) }
