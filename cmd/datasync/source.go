package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/datasync-io/datasync/launcher"
)

// jobText is the text of a job and the name that errors call it by.
type jobText struct {
	file string // "" for inline text, "-" for standard input
	text []byte
}

// readJob reads what -job names: a file, "-" for standard input, or the text
// itself, plain or URL-encoded as FlinkX's launcher hands it on.
func readJob(arg string, stdin io.Reader) (jobText, error) {
	trimmed := strings.TrimSpace(arg)
	switch {
	case trimmed == "":
		return jobText{}, usagef("-job: no job is named; give the path of a job file, - for standard input, or the text itself")
	case arg == "-":
		text, err := readBounded(stdin, 0, longestJob)
		if err != nil {
			return jobText{}, usagef("reading the job from standard input: %w", err)
		}
		return jobText{"-", decoded(text)}, nil
	case inline(trimmed):
		return jobText{"", decoded([]byte(trimmed))}, nil
	}
	text, err := readFile(arg, longestJob)
	if os.IsNotExist(err) {
		return jobText{}, usagef("-job %s: no such file; give the path of a job file, - for standard input, or the text itself", arg)
	}
	if err != nil {
		return jobText{}, usagef("-job %s: reading the job file: %w", arg, err)
	}
	return jobText{arg, decoded(text)}, nil
}

// The longest texts that are read, in bytes: more is some other file.
const (
	longestJob   = 64 << 20
	longestValue = 1 << 20 // of ${file:path}
)

// readFile is os.ReadFile for files of at most that many bytes, devices too.
func readFile(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	size := int64(0) // of a device
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		size = min(info.Size(), most)
	}
	text, err := readBounded(f, size, most)
	return text, errors.Join(err, f.Close())
}

// readBounded reads what has likely so many bytes, and must not have more than most.
func readBounded(r io.Reader, likely, most int64) ([]byte, error) {
	b := bytes.NewBuffer(make([]byte, 0, likely+bytes.MinRead))
	_, err := b.ReadFrom(io.LimitReader(r, most+1))
	text := b.Bytes()
	if err == nil && int64(len(text)) > most {
		return nil, fmt.Errorf("it is longer than %d MiB", most>>20)
	}
	return text, err
}

// readUnless returns what read does, unless stop ends before. Nothing but its input
// ends a read of a terminal or a pipe: its goroutine is then left to the end of
// the process, and what it writes must not be used.
func readUnless(stop context.Context, read func() error) error {
	done := make(chan error, 1)
	go func() { done <- read() }()
	select {
	case err := <-done:
		return err
	case <-stop.Done():
		return errUnread
	}
}

var errUnread = &exitError{launcher.ExitInterrupted, errors.New("interrupted before the job was read")}

// inline tells a job's text from a path. An object may have comments before it.
func inline(trimmed string) bool {
	if strings.HasPrefix(trimmed, "{") || encoded(trimmed) {
		return true
	}
	if !strings.Contains(trimmed, "{") {
		return false
	}
	_, err := os.Stat(trimmed)
	return err != nil
}

// encoded reports whether the text is a URL-encoded object, maybe with space or
// comments before it.
func encoded(text string) bool {
	return strings.HasPrefix(text, "%") && !strings.Contains(text, "{") && strings.Contains(strings.ToUpper(text), "%7B")
}

func decoded(text []byte) []byte {
	if !bytes.HasPrefix(bytes.TrimSpace(text), []byte("%")) {
		return text
	}
	trimmed := strings.TrimSpace(string(text))
	if !encoded(trimmed) {
		return text
	}
	plain, err := url.QueryUnescape(trimmed)
	if err != nil {
		return text
	}
	return []byte(plain)
}
