package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/datasync-io/datasync/launcher"
)

// blocked is input that nobody gives: a terminal that waits for somebody.
type blocked struct {
	asked chan struct{} // closed when it is read
	end   chan struct{} // ends the read
}

func (b *blocked) Read([]byte) (int, error) {
	close(b.asked)
	<-b.end
	return 0, io.EOF
}

func TestSignalEndsTheWaitForAJob(t *testing.T) {
	for _, command := range []string{"run", "check", "preview", "convert"} {
		signals := make(chan os.Signal, 1)
		in := &blocked{make(chan struct{}), make(chan struct{})}
		var stdout, stderr bytes.Buffer
		p := &process{
			args: []string{command, "-job", "-"}, stdin: in, stdout: &stdout, stderr: &stderr,
			env: func(string) (string, bool) { return "", false }, signals: signals,
		}
		code := make(chan int)
		go func() { code <- p.run() }()
		<-in.asked
		signals <- syscall.SIGINT
		if got := <-code; got != launcher.ExitInterrupted {
			t.Errorf("%s: exit code %d, want %d", command, got, launcher.ExitInterrupted)
		}
		if said := stdout.String() + stderr.String(); !strings.Contains(said, errUnread.Error()) {
			t.Errorf("%s says %q", command, said)
		}
		close(in.end)
	}
}

// zeros are endless, as /dev/zero is.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

func TestInputIsBounded(t *testing.T) {
	if _, err := readBounded(zeros{}, 0, longestValue); err == nil || err.Error() != "it is longer than 1 MiB" {
		t.Errorf("got %v", err)
	}
	text, err := readBounded(strings.NewReader("four"), 0, 4)
	if err != nil || string(text) != "four" {
		t.Errorf("got %q, %v", text, err)
	}
	if _, err := readFile("no/such", 4); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// full is a disk without space.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

func TestCheckThatCannotBeShown(t *testing.T) {
	for _, args := range [][]string{{"check", "{}"}, {"check", "{}", "-json"}} {
		var stderr bytes.Buffer
		p := &process{
			args: args, stdin: strings.NewReader(""), stdout: full{}, stderr: &stderr,
			env: func(string) (string, bool) { return "", false }, signals: make(chan os.Signal),
		}
		if code := p.run(); code != launcher.ExitFailed || !strings.Contains(stderr.String(), syscall.ENOSPC.Error()) {
			t.Errorf("%v: exit code %d, %s", args, code, stderr.String())
		}
	}
}
