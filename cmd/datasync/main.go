package main

import (
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // for machines and images that have no time zones

	"golang.org/x/term"
)

func main() { os.Exit(start()) }

// endings are the signals that end a job. A terminal that goes away sends SIGHUP,
// which is ignored where somebody, such as nohup, has seen to that.
func endings(ignored func(os.Signal) bool) []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !ignored(syscall.SIGHUP) {
		all = append(all, syscall.SIGHUP)
	}
	return all
}

// start runs the program in its real surroundings.
func start() int {
	heap := &collector{}
	heap.ease(os.LookupEnv)
	forgetStart()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, endings(signal.Ignored)...)
	defer signal.Stop(signals)
	// A file that grows beyond the limit is an error of its write, as any other.
	signal.Ignore(syscall.SIGXFSZ)
	errs := int(os.Stderr.Fd())
	p := &process{
		args: os.Args[1:], stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, env: os.LookupEnv, signals: signals, heap: heap,
		terminal: term.IsTerminal(errs) && os.Getenv("TERM") != "dumb", shared: term.IsTerminal(int(os.Stdout.Fd())),
		width: func() int { // 0 where it cannot be asked for
			columns, _, _ := term.GetSize(errs)
			return columns
		},
	}
	return p.run()
}
