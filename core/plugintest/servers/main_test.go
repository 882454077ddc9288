package servers_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// envRole makes the test binary play another program when it is run again.
const envRole = "DATASYNC_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(envRole) {
	case "":
		// sarama's metrics keep one goroutine for the whole process.
		goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))
	case "watchdog":
		exit(servers.Watch(os.Stdin))
	case "supervisor":
		exit(supervise())
	case "sleeper":
		_, err := io.Copy(io.Discard, os.Stdin)
		exit(err)
	default:
		exit(fmt.Errorf("unknown role %q", os.Getenv(envRole)))
	}
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// supervise runs a supervisor with one server and a command as cmd/servers does:
// this binary again, as a sleeper that the command line tells by its argument.
func supervise() error {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	s, err := servers.New(servers.Settings{
		Log:      slog.New(slog.DiscardHandler),
		Watchdog: []string{"/usr/bin/env", envRole + "=watchdog", self},
	})
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Start(context.Background(), servers.KindMariaDB); err != nil {
		return err
	}
	fmt.Println(s.ControlSocket())
	code, err := s.RunCommand([]string{"/usr/bin/env", envRole + "=sleeper", self, s.ControlSocket()}, signals)
	if err != nil {
		return err
	}
	fmt.Println("code", code)
	return nil
}
