package servers

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
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
