package servers_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// await polls until the condition holds; its deadline is for broken code only.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited 30 s: %s", what)
		}
	}
}

// processes lists the living processes whose command line has text in it.
func processes(t *testing.T, text string) []string {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, f := range lines {
		b, err := os.ReadFile(f)
		if err == nil && bytes.Contains(b, []byte(text)) {
			found = append(found, filepath.Base(filepath.Dir(f))+" "+string(bytes.ReplaceAll(b, []byte{0}, []byte{' '})))
		}
	}
	return found
}

// again runs this test binary in a role; the caller reads its output.
func again(t *testing.T, env string, args ...string) (*exec.Cmd, io.WriteCloser, *bufio.Reader) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), env)
	var messages bytes.Buffer
	cmd.Stderr = &messages
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("a child said: %s", &messages)
		}
	})
	return cmd, in, bufio.NewReader(out)
}

func line(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	s, err := r.ReadString('\n')
	if err != nil {
		t.Fatalf("reading a line of a child: %v after %q", err, s)
	}
	return strings.TrimSpace(s)
}

// The supervisor ends in every way there is; nothing of it may stay.
func TestNothingIsLeftOfASupervisor(t *testing.T) {
	t.Parallel()
	servers.MariaDB(t) // skips where servers may not be started
	for name, end := range map[string]syscall.Signal{"killed": syscall.SIGKILL, "interrupted": syscall.SIGINT} {
		t.Run(name, func(t *testing.T) {
			cmd, _, out := again(t, envRole+"=supervisor")
			scratch := filepath.Dir(line(t, out))
			await(t, "a server, a watchdog's ward and a command run", func() bool { return len(processes(t, scratch)) >= 2 })
			if err := cmd.Process.Signal(end); err != nil {
				t.Fatal(err)
			}
			if end == syscall.SIGINT {
				if got := line(t, out); got != "code 130" {
					t.Errorf("the command's end is %q, want 130: the signal is forwarded", got)
				}
			}
			defer func() {
				if t.Failed() {
					t.Logf("processes: %q", processes(t, scratch))
				}
			}()
			await(t, "no process is left", func() bool { return len(processes(t, scratch)) == 0 })
			await(t, "the scratch folder is deleted", func() bool {
				_, err := os.Stat(scratch)
				return os.IsNotExist(err)
			})
		})
	}
}

// TestHoldsAServer is run by the next test in a process of its own.
func TestHoldsAServer(t *testing.T) {
	if os.Getenv("DATASYNC_TEST_HOLD") == "" {
		t.Skip("only inside TestPrivateServerEndsWithItsTest")
	}
	s := servers.StartMariaDB(t)
	fmt.Println("addr", s.Addr())
	if os.Getenv("DATASYNC_TEST_HOLD") == "panic" {
		panic("as a broken test does")
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func TestPrivateServerEndsWithItsTest(t *testing.T) {
	t.Parallel()
	servers.MariaDB(t)
	for _, end := range []string{"kill", "panic"} {
		t.Run(end, func(t *testing.T) {
			cmd, _, out := again(t, "DATASYNC_TEST_HOLD="+end, "-test.run=^TestHoldsAServer$")
			var addr string
			for ok := false; !ok; {
				addr, ok = strings.CutPrefix(line(t, out), "addr ")
			}
			if end == "kill" {
				if err := login(addr, servers.RootUser, servers.RootPassword); err != nil {
					t.Fatal(err)
				}
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
			await(t, "the server is gone", func() bool {
				c, err := net.Dial("tcp", addr)
				if err == nil {
					c.Close()
				}
				return err != nil
			})
		})
	}
}

// The watchdog kills what is still listed and nothing else.
func TestWatch(t *testing.T) {
	t.Parallel()
	listed, _, _ := again(t, envRole+"=sleeper")
	released, in, _ := again(t, envRole+"=sleeper")
	folder := filepath.Join(t.TempDir(), "scratch")
	if err := os.MkdirAll(filepath.Join(folder, "data"), 0o755); err != nil {
		t.Fatal(err)
	}
	orders := fmt.Sprintf("d %s\n+%d\n+%d\n-%[3]d\n", folder, listed.Process.Pid, released.Process.Pid)
	if err := servers.Watch(strings.NewReader(orders)); err != nil {
		t.Fatal(err)
	}
	if err := listed.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("the listed process ended with %v, want a kill", err)
	}
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("the folder is still there: %v", err)
	}
	in.Close()
	if err := released.Wait(); err != nil {
		t.Errorf("the released process ended with %v, want in peace", err)
	}
	if err := servers.Watch(strings.NewReader("nonsense\n")); err == nil {
		t.Error("an unknown order is taken")
	}
}
