package pgkit_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/plugintest/servers"
)

func ask(t *testing.T, c *pgkit.Conn, sql string) string {
	t.Helper()
	r, err := c.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	return r.Text(0, 0)
}

func TestSession(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, "CREATE SCHEMA \"Sales\"", "ALTER DATABASE "+db.Name+" SET statement_timeout = '1ms'", "ALTER DATABASE "+db.Name+" SET TimeZone = 'Asia/Tokyo'")
	c := dial(t, settings(t, db.URL(), map[string]string{
		"currentSchema": `"Sales",public`, "ApplicationName": "shop", "options": `-c work_mem=7MB --geqo=off --tcp_keepalives_count=3`,
	}))
	for setting, want := range map[string]string{
		"search_path": `"Sales", public`, "application_name": "shop", "work_mem": "7MB", "geqo": "off", "statement_timeout": "0",
		"TimeZone": "UTC", "client_encoding": "UTF8", "idle_session_timeout": "0",
		"tcp_keepalives_idle": "30", "tcp_keepalives_interval": "10", "tcp_keepalives_count": "3",
	} {
		if got := ask(t, c, "SHOW "+setting); got != want {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}
	if c.Server.Number < 180000 || c.Server.Greenplum || c.Server.Encoding != "UTF8" {
		t.Errorf("the server is %+v", c.Server)
	}
	if !c.Reusable() {
		t.Error("an idle session is not reusable")
	}
}

func TestTLS(t *testing.T) {
	s := servers.PostgreSQL(t)
	ca, cert, key := s.CAFile(), s.Info().CertFile, s.Info().KeyFile
	other := strings.Replace(s.Addr(), "127.0.0.1", "localhost", 1)
	for _, tt := range []struct {
		query     string
		user      string
		encrypted bool
		fails     string
	}{
		{query: "sslmode=disable"},
		{query: "sslmode=allow"},
		{query: "", encrypted: true},
		{query: "sslmode=prefer", encrypted: true},
		{query: "sslmode=require", encrypted: true},
		{query: "ssl=true&sslrootcert=" + ca, encrypted: true},
		{query: "ssl=true", fails: "check sslmode and sslrootcert"},
		{query: "sslmode=verify-ca&sslrootcert=" + ca, encrypted: true},
		{query: "sslmode=verify-ca", fails: "check sslmode and sslrootcert"},
		{query: "sslmode=verify-full&sslrootcert=" + ca, encrypted: true},
		{query: "sslmode=verify-full&sslrootcert=" + ca + "&sslcert=" + cert + "&sslkey=" + key, user: servers.ClientUser, encrypted: true},
		{query: "sslmode=require", user: servers.ClientUser, fails: "pg_hba.conf"},
		{query: "sslmode=verify-full&sslrootcert=/nowhere", fails: "reading sslrootcert"},
	} {
		t.Run(tt.query, func(t *testing.T) {
			set := settings(t, "jdbc:postgresql://"+other+"/postgres?"+tt.query, nil)
			if tt.user != "" {
				set.User = tt.user
			}
			c, err := pgkit.Dial(t.Context(), set)
			if tt.fails != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fails) || errclass.Of(err) != errclass.Config {
					t.Fatalf("got %v (%v), want %q", err, errclass.Of(err), tt.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if got := ask(t, c, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"); got != map[bool]string{true: "t", false: "f"}[tt.encrypted] {
				t.Errorf("encrypted: %s, want %v", got, tt.encrypted)
			}
		})
	}
}

func TestDialFails(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nowhere := closed.Addr().String()
	closed.Close()
	for _, tt := range []struct {
		name       string
		url        string
		properties map[string]string
		class      errclass.Class
		text       string
	}{
		{"password", db.URL(), map[string]string{"password": "wrong-Secret"}, errclass.Config, "check username and password"},
		{"user", db.URL(), map[string]string{"user": "nobody"}, errclass.Config, "check username and password"},
		{"database", strings.Replace(db.URL(), db.Name, "nosuch", 1), nil, errclass.Config, "check the database in jdbcUrl"},
		{"port", "jdbc:postgresql://" + nowhere + "/x", nil, errclass.Transient, "check host and port"},
		{"standby wanted", db.URL(), map[string]string{"targetServerType": "secondary"}, errclass.Permanent, "connecting to"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := pgkit.Dial(t.Context(), settings(t, tt.url, tt.properties))
			if err == nil {
				c.Close()
				t.Fatal("it connects")
			}
			if errclass.Of(err) != tt.class || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("got %v (%v), want %q (%v)", err, errclass.Of(err), tt.text, tt.class)
			}
			if strings.Contains(err.Error(), "Secret") || strings.Contains(err.Error(), servers.RootPassword) {
				t.Errorf("the password is in %q", err)
			}
		})
	}
}

func TestServerWithoutTLS(t *testing.T) {
	url := servers.StartPostgreSQL(t, servers.WithConfig("ssl=off")).DB(t).URL()
	dial(t, settings(t, url, map[string]string{"sslmode": "prefer"}))
	_, err := pgkit.Dial(t.Context(), settings(t, url, map[string]string{"sslmode": "require"}))
	if errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), "set sslmode to disable or prefer") {
		t.Errorf("got %v (%v)", err, errclass.Of(err))
	}
}

// The second host is tried when the first one does not answer.
func TestDialSecondHost(t *testing.T) {
	s := servers.PostgreSQL(t)
	c := dial(t, settings(t, "jdbc:postgresql://127.0.0.1:1,"+s.Addr()+"/postgres?targetServerType=primary", nil))
	if c.Addr != s.Addr() {
		t.Errorf("connected to %s, want %s", c.Addr, s.Addr())
	}
}

// A server that says nothing is given up in time, and at once when asked to.
func TestDialSilence(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	set := settings(t, "jdbc:postgresql://"+l.Addr().String()+"/x", nil)
	set.ConnectTimeout = 50 * time.Millisecond
	if _, err := pgkit.Dial(t.Context(), set); errclass.Of(err) != errclass.Transient || !strings.Contains(err.Error(), "connectTimeOut") {
		t.Errorf("got %v (%v)", err, errclass.Of(err))
	}
	set.ConnectTimeout = 0
	ctx, cancel := context.WithCancel(t.Context())
	accepted := make(chan struct{})
	go func() {
		defer close(accepted)
		if c, err := l.Accept(); err == nil {
			cancel()
			c.Close()
		}
	}()
	if _, err := pgkit.Dial(ctx, set); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	<-accepted
}

func TestInterruptAndCancel(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	watch := dial(t, settings(t, db.URL(), nil))
	running := func(pid uint32) bool {
		return ask(t, watch, fmt.Sprintf("SELECT count(*) FROM pg_stat_activity WHERE pid = %d AND state = 'active'", pid)) == "1"
	}
	await := func(what string, holds func() bool) {
		t.Helper()
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		deadline := time.After(20 * time.Second)
		for !holds() {
			select {
			case <-tick.C:
			case <-deadline:
				t.Fatalf("waited 20 s: %s", what)
			}
		}
	}
	const long = "SELECT count(*) FROM generate_series(1, 1e12::int8)"

	c := dial(t, settings(t, db.URL(), nil))
	ended := make(chan error, 1)
	go func() { ended <- c.Exec(t.Context(), long) }()
	await("the query runs", func() bool { return running(c.ID()) })
	if err := c.Cancel(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-ended; pgkit.State(err) != "57014" || errclass.Of(err) != errclass.Transient {
		t.Errorf("a cancelled query says %v", err)
	}
	if got := ask(t, c, "SELECT 1"); got != "1" {
		t.Errorf("after Cancel: %q", got)
	}

	ctx, cancel := context.WithCancel(t.Context())
	go func() { ended <- c.Exec(ctx, long) }()
	await("the query runs", func() bool { return running(c.ID()) })
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if c.Reusable() {
		t.Error("an interrupted session is reusable")
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	await("the server has ended the query", func() bool { return !running(c.ID()) })

	// A stream that waits for its first row: Close ends it at the server.
	d, err := pgkit.Dial(t.Context(), settings(t, db.URL(), nil))
	if err != nil {
		t.Fatal(err)
	}
	s, err := d.Prepare(t.Context(), long)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Rows(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	await("the stream runs", func() bool { return running(d.ID()) })
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	await("the server has ended the stream", func() bool { return !running(d.ID()) })
}
