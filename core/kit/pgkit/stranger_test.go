package pgkit_test

import (
	"net"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/pgkit"
)

// TestStranger dials a port where MySQL answers: its greeting is no message of PostgreSQL.
func TestStranger(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte("J\x00\x00\x00\n8.0.31\x00"))
			_ = c.Close()
		}
	}()
	defer func() {
		_ = l.Close()
		<-done
	}()
	for _, mode := range []string{"disable", "prefer"} {
		c, err := pgkit.Dial(t.Context(), settings(t, "jdbc:postgresql://"+l.Addr().String()+"/d?sslmode="+mode, nil))
		if err == nil {
			c.Close()
			t.Fatal("it connects")
		}
		if errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), "what answers there is no PostgreSQL") {
			t.Errorf("%s: %v, %v", mode, errclass.Of(err), err)
		}
	}
}
