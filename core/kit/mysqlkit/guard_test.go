package mysqlkit

import (
	"context"
	"errors"
	"net"
	"testing"
)

// TestCutInTheLastMoment ends a call's context while its answer comes: the
// connection is cut, so the call has not succeeded for whoever would use it next.
func TestCutInTheLastMoment(t *testing.T) {
	near, far := net.Pipe()
	defer func() { _ = far.Close() }()
	c := &Conn{raw: near}
	ctx, cancel := context.WithCancel(t.Context())
	err := c.guard(ctx, func() error {
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := c.guard(t.Context(), func() error { return nil }); err != nil {
		t.Error(err)
	}
}
