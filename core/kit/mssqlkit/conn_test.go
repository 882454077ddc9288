package mssqlkit_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer"
)

func TestLogin(t *testing.T) {
	var seen tdspeer.Login
	peer := tdspeer.Start(t, answers(nil))
	peer.Login = func(l tdspeer.Login) *tdspeer.Error {
		seen = l
		switch {
		case l.Password != "sécret":
			return &tdspeer.Error{Number: 18456, Class: 14, Message: "Login failed for user '" + l.User + "'."}
		case l.Database == "away":
			return &tdspeer.Error{Number: 4060, Class: 11, Message: `Cannot open database "away".`}
		case l.Database == "starting":
			return &tdspeer.Error{Number: 922, Class: 14, Message: "Database 'starting' is being recovered."}
		}
		return nil
	}
	s := settings(peer)
	s.Password = config.NewSecret("sécret")
	c, err := mssqlkit.Dial(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if want := (tdspeer.Login{User: "sa", Password: "sécret", Database: "shop", Application: "datasync"}); seen != want {
		t.Errorf("logged in as %+v, want %+v", seen, want)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if err := c.Exec(t.Context(), "SELECT 1"); errclass.Of(err) != errclass.Transient {
		t.Errorf("a statement on a closed connection: %v", err)
	}
	for name, x := range map[string]struct {
		password, database string
		class              errclass.Class
	}{
		"wrong password": {"other", "shop", errclass.Config},
		"no database":    {"sécret", "away", errclass.Config},
		"starting":       {"sécret", "starting", errclass.Transient},
	} {
		s := settings(peer)
		s.Password, s.Database = config.NewSecret(x.password), x.database
		_, err := mssqlkit.Dial(t.Context(), s)
		if errclass.Of(err) != x.class || strings.Contains(err.Error(), x.password) || !strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("%s: class %s: %v", name, errclass.Of(err), err)
		}
	}
}

func TestDialFaults(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	port := silent.Addr().(*net.TCPAddr).Port
	_, err = mssqlkit.Dial(t.Context(), &mssqlkit.Settings{Host: "127.0.0.1", Port: port, ConnectTimeout: 20 * time.Millisecond})
	if errclass.Of(err) != errclass.Transient || !strings.Contains(err.Error(), "no answer in time") {
		t.Errorf("a server that says nothing: %s: %v", errclass.Of(err), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = mssqlkit.Dial(ctx, &mssqlkit.Settings{Host: "127.0.0.1", Port: port}); errclass.Of(err) != errclass.Canceled {
		t.Errorf("an ended context: %v", err)
	}

	peer := tdspeer.Start(t, answers(nil))
	s := settings(peer)
	s.TLS.Mode = mssqlkit.TLSRequired
	if _, err := mssqlkit.Dial(t.Context(), s); errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), "encrypt=false") {
		t.Errorf("a server without encryption: %s: %v", errclass.Of(err), err)
	}

	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	s.Port, s.TLS.Mode = closed.Addr().(*net.TCPAddr).Port, mssqlkit.TLSLogin
	if _, err := mssqlkit.Dial(t.Context(), s); errclass.Of(err) != errclass.Transient {
		t.Errorf("nobody listens: %s: %v", errclass.Of(err), err)
	}
}

func TestSession(t *testing.T) {
	var statements []string
	peer := tdspeer.Start(t, func(q *tdspeer.Request) tdspeer.Reply {
		statements = append(statements, q.SQL)
		return tdspeer.Reply{}
	})
	s := settings(peer)
	s.LockTimeout = 1500 * time.Millisecond
	c, err := mssqlkit.Dial(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	for _, want := range []string{"XACT_ABORT", "QUOTED_IDENTIFIER", "SET LOCK_TIMEOUT 1500"} {
		if len(statements) != 1 || !strings.Contains(statements[0], want) {
			t.Errorf("the session begins with %q, want %q in it", statements, want)
		}
	}
}

func TestInterrupt(t *testing.T) {
	hold := make(chan struct{})
	defer close(hold)
	arrived := make(chan struct{})
	peer := tdspeer.Start(t, func(q *tdspeer.Request) tdspeer.Reply {
		if q.SQL == "WAITFOR" {
			close(arrived)
			return tdspeer.Reply{Results: []tdspeer.Result{{Columns: []tdspeer.Column{{Name: "a", Type: "int"}}, Hold: hold}}}
		}
		return tdspeer.Reply{}
	})
	c := dial(t, peer)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-arrived
		cancel()
	}()
	if err := c.Exec(ctx, "WAITFOR"); errclass.Of(err) != errclass.Canceled {
		t.Errorf("a statement whose context ended: %v", err)
	}
	if c.Reusable() {
		t.Error("the connection counts as in order")
	}
	if err := c.Exec(t.Context(), "SELECT 1"); errclass.Of(err) != errclass.Transient {
		t.Errorf("a statement after that: %s: %v", errclass.Of(err), err)
	}
}

func TestAnswers(t *testing.T) {
	for name, x := range map[string]struct {
		reply tdspeer.Reply
		class errclass.Class
		code  int
	}{
		"deadlock":     {tdspeer.Reply{Errors: []tdspeer.Error{{Number: 1205, Class: 13, Message: "chosen as the deadlock victim"}}}, errclass.Transient, 1205},
		"duplicate":    {tdspeer.Reply{Errors: []tdspeer.Error{{Number: 2627, Class: 14, Message: "Violation of PRIMARY KEY"}, {Number: 3621, Class: 0, Message: "The statement has been terminated."}}}, errclass.Data, 2627},
		"syntax":       {tdspeer.Reply{Errors: []tdspeer.Error{{Number: 208, Message: "Invalid object name"}, {Number: 11501, Message: "compile errors"}}}, errclass.Config, 208},
		"trigger":      {tdspeer.Reply{Errors: []tdspeer.Error{{Number: 51234, Message: "no such customer"}, {Number: 3609, Message: "The transaction ended in the trigger."}}}, errclass.Data, 51234},
		"rollback":     {tdspeer.Reply{Errors: []tdspeer.Error{{Number: 3609, Message: "The transaction ended in the trigger."}}}, errclass.Data, 3609},
		"unknown":      {tdspeer.Reply{Errors: []tdspeer.Error{{Number: 5123, Message: "odd"}}}, errclass.Permanent, 5123},
		"disk is full": {tdspeer.Reply{Errors: []tdspeer.Error{{Number: 1105, Class: 17, Message: "Could not allocate space"}}}, errclass.Transient, 1105},
		"dropped":      {tdspeer.Reply{Drop: true}, errclass.Transient, 0},
		"killed":       {tdspeer.Reply{Errors: []tdspeer.Error{{Number: 596, Class: 21, Message: "Cannot continue the execution because the session is in the kill state."}}}, errclass.Transient, 596},
	} {
		t.Run(name, func(t *testing.T) {
			peer := tdspeer.Start(t, func(q *tdspeer.Request) tdspeer.Reply {
				if q.SQL == "X" {
					return x.reply
				}
				return tdspeer.Reply{}
			})
			c := dial(t, peer)
			err := c.Exec(t.Context(), "X")
			if errclass.Of(err) != x.class || mssqlkit.Code(err) != x.code {
				t.Errorf("class %s, code %d, want %s, %d: %v", errclass.Of(err), mssqlkit.Code(err), x.class, x.code, err)
			}
			if _, row := mssqlkit.Reason(err); row != (x.class == errclass.Data) {
				t.Errorf("a row is at fault: %v", row)
			}
		})
	}
}
