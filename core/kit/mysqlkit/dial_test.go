package mysqlkit_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/plugintest/servers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// products runs a test against each product.
func products(t *testing.T, f func(t *testing.T, s servers.SQLServer)) {
	t.Run("MySQL", func(t *testing.T) { f(t, servers.MySQL(t)) })
	t.Run("MariaDB", func(t *testing.T) { f(t, servers.MariaDB(t)) })
}

func settings(addr string) *mysqlkit.Settings {
	return &mysqlkit.Settings{Hosts: []string{addr}, User: servers.RootUser, Password: config.NewSecret(servers.RootPassword), TLS: mysqlkit.TLS{Mode: mysqlkit.TLSDisabled}}
}

func dial(t *testing.T, s *mysqlkit.Settings) *mysqlkit.Conn {
	t.Helper()
	c, err := mysqlkit.Dial(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func ask(t *testing.T, c *mysqlkit.Conn, sql string) string {
	t.Helper()
	r, err := c.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	var cells []string
	for _, v := range r.Rows[0] {
		if v == nil {
			cells = append(cells, "NULL")
		} else {
			cells = append(cells, *v)
		}
	}
	return strings.Join(cells, " ")
}

func TestSession(t *testing.T) {
	products(t, func(t *testing.T, server servers.SQLServer) {
		s := settings(server.Addr())
		s.Variables = "group_concat_max_len=4321"
		c := dial(t, s)
		got := ask(t, c, "SELECT @@time_zone, @@net_write_timeout, @@wait_timeout, @@character_set_client, @@character_set_results, @@group_concat_max_len, @@sql_select_limit")
		if want := "+00:00 31536000 31536000 utf8mb4 utf8mb4 4321 18446744073709551615"; got != want {
			t.Errorf("session %s, want %s", got, want)
		}
		if c.Server.MariaDB != strings.HasSuffix(t.Name(), "MariaDB") || c.Server.Major < 8 {
			t.Errorf("server %+v", c.Server)
		}
	})
}

func TestTLS(t *testing.T) {
	products(t, func(t *testing.T, server servers.SQLServer) {
		tests := []struct {
			tls       mysqlkit.TLS
			encrypted bool
			fault     string
		}{
			{mysqlkit.TLS{}, true, ""},
			{mysqlkit.TLS{Mode: mysqlkit.TLSDisabled}, false, ""},
			{mysqlkit.TLS{Mode: mysqlkit.TLSRequired}, true, ""},
			{mysqlkit.TLS{Mode: mysqlkit.TLSVerifyCA, CA: server.CAFile()}, true, ""},
			{mysqlkit.TLS{Mode: mysqlkit.TLSVerifyIdentity, CA: server.CAFile()}, true, ""},
			{mysqlkit.TLS{Mode: mysqlkit.TLSVerifyIdentity, CA: server.CAFile(), Cert: server.Info().CertFile, Key: server.Info().KeyFile}, true, ""},
			{mysqlkit.TLS{Mode: mysqlkit.TLSVerifyCA}, false, "check sslMode and sslCa"},
			{mysqlkit.TLS{Mode: mysqlkit.TLSVerifyIdentity}, false, "check sslMode and sslCa"},
			{mysqlkit.TLS{Mode: mysqlkit.TLSVerifyCA, CA: "nowhere.pem"}, false, "reading sslCa"},
			{mysqlkit.TLS{Mode: mysqlkit.TLSRequired, Cert: "nowhere.pem", Key: "nowhere.pem"}, false, "reading sslCert"},
		}
		for _, tt := range tests {
			t.Run(fmt.Sprintf("%s/%v", tt.tls.Mode, tt.fault != ""), func(t *testing.T) {
				s := settings(server.Addr())
				s.TLS = tt.tls
				if tt.fault != "" {
					c, err := mysqlkit.Dial(t.Context(), s)
					if errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), tt.fault) {
						t.Errorf("Dial = %v, %v of class %v, want a config error with %q", c, err, errclass.Of(err), tt.fault)
					}
					return
				}
				if cipher := ask(t, dial(t, s), "SHOW SESSION STATUS LIKE 'Ssl_cipher'"); (cipher != "Ssl_cipher ") != tt.encrypted {
					t.Errorf("%s, want encrypted: %v", cipher, tt.encrypted)
				}
			})
		}
	})
}

// TestFullAuthentication logs in with caching_sha2_password and no TLS: the
// server has not seen the password yet, so its key is asked for.
func TestFullAuthentication(t *testing.T) {
	server := servers.MySQL(t)
	s := settings(server.Addr())
	if err := dial(t, s).Exec(t.Context(), "FLUSH PRIVILEGES"); err != nil { // empties the cache of passwords
		t.Fatal(err)
	}
	s.User, s.Password = servers.SHA2User, config.NewSecret(servers.SHA2Password)
	if user := ask(t, dial(t, s), "SELECT CURRENT_USER()"); !strings.HasPrefix(user, servers.SHA2User+"@") {
		t.Errorf("logged in as %s", user)
	}
	s.Password = config.NewSecret("wrong-hidden")
	if _, err := mysqlkit.Dial(t.Context(), s); mysqlkit.Code(err) != 1045 || strings.Contains(err.Error(), "hidden") {
		t.Errorf("with a wrong password: %v", err)
	}
}

func TestSecondHost(t *testing.T) {
	s := settings(servers.MySQL(t).Addr())
	s.Hosts = slices.Insert(s.Hosts, 0, "127.0.0.1:1")
	if c := dial(t, s); c.Addr != s.Hosts[1] {
		t.Errorf("connected to %s", c.Addr)
	}
}

// TestSilentHost shows that a host that takes the connection and says nothing
// is given up, on time and on demand.
func TestSilentHost(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := settings(l.Addr().String())
	s.ConnectTimeout = 50 * time.Millisecond
	if _, err := mysqlkit.Dial(t.Context(), s); errclass.Of(err) != errclass.Transient {
		t.Errorf("Dial = %v of class %v, want transient", err, errclass.Of(err))
	}
	s.ConnectTimeout = time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := mysqlkit.Dial(ctx, s); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Dial = %v, want the context's error", err)
	}
}

// TestNoServer shows that nonsense in place of a greeting is an error.
func TestNoServer(t *testing.T) {
	for _, greeting := range []string{"HTTP/1.1 400 Bad Request\r\n\r\n", "\x05\x00\x00\x00\x0a8.0\x00", "\x01\x00\x00\x00\x0a"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte(greeting))
			_ = c.Close()
		}()
		if c, err := mysqlkit.Dial(t.Context(), settings(l.Addr().String())); err == nil {
			t.Errorf("Dial of %q = %v", greeting, c)
		} else if !strings.Contains(err.Error(), "check host and port in jdbcUrl, and that a MySQL server answers there") {
			t.Errorf("Dial of %q = %v", greeting, err)
		}
		_ = l.Close()
		<-done
	}
}

func TestClassify(t *testing.T) {
	products(t, func(t *testing.T, server servers.SQLServer) {
		c := dial(t, settings(server.Addr()))
		db := server.DB(t)
		db.Exec(t, "CREATE TABLE t (id TINYINT NOT NULL PRIMARY KEY, s VARCHAR(3), d DATE)", "INSERT INTO t VALUES (1, 'a', NULL)")
		in := func(sql string) string { return strings.ReplaceAll(sql, " t ", " `"+db.Name+"`.t ") }
		for sql, want := range map[string]errclass.Class{
			"SELECT * FROM nowhere.t": errclass.Config, "SELECT nothing": errclass.Config, "nonsense": errclass.Config,
			in("INSERT INTO t VALUES (1, 'b', NULL)"): errclass.Data, "SIGNAL SQLSTATE '45000'": errclass.Data, "SELECT 1 FROM mysql.user WHERE 1 = (SELECT 1 UNION SELECT 2)": errclass.Permanent,
		} {
			if err := c.Exec(t.Context(), sql); errclass.Of(err) != want {
				t.Errorf("%s: %v of class %v, want %v", sql, err, errclass.Of(err), want)
			}
		}
		for values, want := range map[string]errclass.Reason{
			"(1, 'b', NULL)": errclass.Duplicate, "(NULL, 'b', NULL)": errclass.Null, "(300, 'b', NULL)": errclass.Overflow,
			"(2, 'long', NULL)": errclass.Overflow, "(2, 'b', 'x')": errclass.Conversion, "(2, X'ff', NULL)": errclass.Encoding,
		} {
			err := c.Exec(t.Context(), in("INSERT INTO t VALUES ")+values)
			if got, ok := mysqlkit.Reason(err); !ok || got != want {
				t.Errorf("%s: %v has reason %v, %v, want %v", values, err, got, ok, want)
			}
		}
	})
}
