// Command servers installs and runs the real servers of the tests.
//
//	servers install                    install everything, start nothing
//	servers run [-only k,..] -- cmd    start servers, run cmd with their addresses, stop them
//	servers up [-only k,..]            keep servers running until Ctrl-C
//	servers topic name [partitions]    create a topic on the Kafka that runs
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"github.com/datasync-io/datasync/core/plugintest/servers"
)

const usage = `usage: servers install [-only mysql,mariadb,postgresql,kafka]
       servers run [-only mysql,mariadb,postgresql,kafka] -- command [argument ...]
       servers up  [-only mysql,mariadb,postgresql,kafka]
       servers topic name [partitions]`

func main() {
	code, err := run(os.Args[1:], os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "servers:", err)
	}
	os.Exit(code)
}

// run gives the exit code: the command's own, 2 for wrong arguments, 1 for
// servers that did not start.
func run(args []string, stdin io.Reader, stdout io.Writer) (int, error) {
	if len(args) == 0 {
		return 2, errors.New(usage)
	}
	switch args[0] {
	case "watchdog": // started by the supervisor, not by people
		return result(servers.Watch(stdin))
	case "topic":
		return topic(args[1:])
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.SetOutput(os.Stderr)
	only := flags.String("only", "", "comma-separated servers: mysql, mariadb, postgresql, kafka (default all)")
	if err := flags.Parse(args[1:]); err != nil {
		return 2, errors.New(usage)
	}
	kinds, err := parseKinds(*only)
	if err != nil {
		return 2, err
	}
	// Caught from the start: an interrupted start leaves nothing behind either.
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	switch args[0] {
	case "install":
		return with(signals, kinds, (*servers.Supervisor).Install, func(*servers.Supervisor) (int, error) { return 0, nil })
	case "up":
		return with(signals, kinds, installAndStart, func(s *servers.Supervisor) (int, error) {
			fmt.Fprint(stdout, s.Describe())
			<-signals
			return 0, nil
		})
	case "run":
		if flags.NArg() == 0 {
			return 2, errors.New(usage)
		}
		return with(signals, kinds, installAndStart, func(s *servers.Supervisor) (int, error) {
			return s.RunCommand(flags.Args(), signals)
		})
	default:
		return 2, errors.New(usage)
	}
}

// topic creates a topic, with one partition unless said otherwise.
func topic(args []string) (int, error) {
	partitions := 1
	switch len(args) {
	case 1:
	case 2:
		n, err := strconv.Atoi(args[1])
		if err != nil || n < 1 {
			return 2, fmt.Errorf("%q is no number of partitions", args[1])
		}
		partitions = n
	default:
		return 2, errors.New(usage)
	}
	return result(servers.CreateTopic(args[0], partitions))
}

func installAndStart(s *servers.Supervisor, ctx context.Context, kinds ...servers.Kind) error {
	if err := s.Install(ctx, kinds...); err != nil {
		return err
	}
	return s.Start(ctx, kinds...)
}

// with makes a supervisor, begins (which a signal cuts short), does and closes.
func with(signals <-chan os.Signal, kinds []servers.Kind,
	begin func(*servers.Supervisor, context.Context, ...servers.Kind) error,
	do func(*servers.Supervisor) (int, error),
) (code int, err error) {
	self, err := os.Executable()
	if err != nil {
		return result(err)
	}
	s, err := servers.New(servers.Settings{
		Log:      slog.New(slog.NewTextHandler(os.Stderr, nil)),
		Watchdog: []string{self, "watchdog"},
	})
	if err != nil {
		return result(err)
	}
	defer func() {
		if cerr := s.Close(); cerr != nil && err == nil {
			code, err = 1, cerr
		}
	}()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	begun := make(chan error, 1)
	go func() { begun <- begin(s, ctx, kinds...) }()
	select {
	case err = <-begun:
	case <-signals:
		cancel()
		<-begun
		return 130, errors.New("interrupted")
	}
	if err != nil {
		return result(err)
	}
	return do(s)
}

func result(err error) (int, error) {
	if err != nil {
		return 1, err
	}
	return 0, nil
}

func parseKinds(only string) ([]servers.Kind, error) {
	if only == "" {
		return servers.Kinds(), nil
	}
	var kinds []servers.Kind
	for _, name := range strings.Split(only, ",") {
		k, err := servers.ParseKind(name)
		if err != nil {
			return nil, err
		}
		kinds = append(kinds, k)
	}
	return kinds, nil
}
