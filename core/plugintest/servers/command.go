package servers

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
)

// ParseKind checks the name of a system.
func ParseKind(name string) (Kind, error) {
	k := Kind(strings.TrimSpace(name))
	if !slices.Contains(Kinds(), k) {
		return "", fmt.Errorf("unknown server %q, expected one of %v", name, Kinds())
	}
	return k, nil
}

// Describe gives the addresses as lines to paste into a shell.
func (s *Supervisor) Describe() string {
	var b strings.Builder
	b.WriteString("# servers are running, Ctrl-C stops them; for another terminal:\n")
	for _, v := range s.Environ() {
		fmt.Fprintf(&b, "export %s\n", v)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range Kinds() {
		in, ok := s.shared[k]
		if !ok || k == KindKafka {
			continue
		}
		if k == KindPostgreSQL {
			b.WriteString(describePostgreSQL(in.info.Addr))
			continue
		}
		host, port, _ := strings.Cut(in.info.Addr, ":")
		fmt.Fprintf(&b, "# mysql --host=%s --port=%s --user=%s --password=%s  (%s)\n", host, port, RootUser, RootPassword, k)
	}
	return b.String()
}

// RunCommand runs a command with Environ in its environment and gives its exit
// code (128 and the number for a signal). Signals are forwarded to the command
// and all it has started; the second one kills them.
func (s *Supervisor) RunCommand(command []string, signals <-chan os.Signal) (int, error) {
	path, err := exec.LookPath(command[0])
	if err != nil {
		return 127, err
	}
	p, err := s.start(program{
		name: command[0], path: path, args: command[1:], env: append(os.Environ(), s.Environ()...),
	}, func(c *exec.Cmd) {
		c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	})
	if err != nil {
		return 1, err
	}
	for seen := false; ; seen = true {
		select {
		case <-p.done:
			p.sweep()
			return exitCode(p.err)
		case sig := <-signals:
			n, ok := sig.(syscall.Signal)
			if !ok || seen {
				n = syscall.SIGKILL
			}
			p.signal(n)
		}
	}
}

// sweep kills what a command has left in its group.
func (p *process) sweep() { signalGroup(p.cmd.Process.Pid, syscall.SIGKILL) }

func exitCode(err error) (int, error) {
	var exit *exec.ExitError
	if err == nil || !errors.As(err, &exit) {
		if err != nil {
			return 1, err
		}
		return 0, nil
	}
	if st, ok := exit.Sys().(syscall.WaitStatus); ok && st.Signaled() {
		return 128 + int(st.Signal()), nil
	}
	return exit.ExitCode(), nil
}
