package servers_test

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// echo answers every connection with what it gets, until the test ends.
func echo(t *testing.T) string {
	t.Helper()
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
			go func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
	})
	return l.Addr().String()
}

func proxied(t *testing.T) (*servers.Proxy, net.Conn) {
	t.Helper()
	p, err := servers.NewProxy(echo(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	c, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return p, c
}

func ping(c net.Conn, text string) error {
	if _, err := io.WriteString(c, text); err != nil {
		return err
	}
	got := make([]byte, len(text))
	if _, err := io.ReadFull(c, got); err != nil {
		return err
	}
	if !bytes.Equal(got, []byte(text)) {
		return io.ErrUnexpectedEOF
	}
	return nil
}

func TestProxyCut(t *testing.T) {
	p, c := proxied(t)
	if err := ping(c, "hello"); err != nil {
		t.Fatal(err)
	}
	p.Cut()
	if err := ping(c, "hello"); err == nil {
		t.Error("a cut connection answers")
	}
	if c, err := net.Dial("tcp", p.Addr()); err == nil {
		if ping(c, "hello") == nil {
			t.Error("a new connection answers during a cut")
		}
		c.Close()
	}
	p.Restore()
	c, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := ping(c, "hello"); err != nil {
		t.Errorf("after Restore: %v", err)
	}
}

func TestProxyStallLosesNothing(t *testing.T) {
	p, c := proxied(t)
	p.Stall()
	if _, err := io.WriteString(c, "held"); err != nil {
		t.Fatal(err)
	}
	if err := c.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(make([]byte, 1)); err == nil {
		t.Errorf("read %d bytes through a stalled proxy", n)
	}
	p.Restore()
	if err := c.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 4)
	if _, err := io.ReadFull(c, got); err != nil || string(got) != "held" {
		t.Errorf("got %q, %v after Restore, want what was held", got, err)
	}
}

func TestProxyPassesHalfClose(t *testing.T) {
	_, c := proxied(t)
	if _, err := io.WriteString(c, "last"); err != nil {
		t.Fatal(err)
	}
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(c)
	if err != nil || string(got) != "last" {
		t.Errorf("got %q, %v", got, err)
	}
}
