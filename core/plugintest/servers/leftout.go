package servers

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// leaveOut tells the person at the terminal, once per test program, that tests
// are left out for want of servers: go test shows what tests that pass or are
// skipped say only with -v. Without a terminal nobody is told twice.
var leaveOut = sync.OnceFunc(func() {
	terminal, err := os.OpenFile("/dev/tty", os.O_WRONLY, 0)
	if err != nil {
		return
	}
	defer func() { _ = terminal.Close() }()
	fmt.Fprintf(terminal, "%s: left out: tests that need real servers; make test starts them\n", filepath.Base(os.Args[0]))
})

// LeaveOut skips a test for what is not on this machine, such as "needs a real kafka
// server"; with DATASYNC_TEST_REQUIRE=1 the test fails.
func LeaveOut(t testing.TB, lack string) {
	t.Helper()
	if os.Getenv(envRequire) == "1" {
		t.Fatalf("%s %s, which is not here: run it by `make test`", t.Name(), lack)
	}
	t.Skipf("left out: %s, `make test` provides it", lack)
}
