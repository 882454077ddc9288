package sqlserver

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// database/sql keeps a goroutine for as long as a database of the peer is open.
	goleak.VerifyTestMain(m)
}
