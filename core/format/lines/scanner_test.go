package lines_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/datasync-io/datasync/core/format/lines"
)

func TestLines(t *testing.T) {
	const text = "one\r\ntwo\n\nlast"
	for name, in := range map[string]io.Reader{
		"whole": strings.NewReader(text), "byte by byte": iotest.OneByteReader(strings.NewReader(text)), "with its end": iotest.DataErrReader(strings.NewReader(text)),
	} {
		s := lines.NewScanner(in, 100, 7, 1<<20)
		for i, want := range []struct {
			line   string
			number int64
			offset int64
		}{{"one", 8, 105}, {"two", 9, 109}, {"", 10, 110}, {"last", 11, 114}} {
			line, err := s.Next()
			if err != nil || string(line) != want.line || s.Number() != want.number || s.Offset() != want.offset || s.After() != want.number {
				t.Errorf("%s, %d: line %q, number %d, offset %d, after %d, %v; want %+v", name, i, line, s.Number(), s.Offset(), s.After(), err, want)
			}
		}
		if _, err := s.Next(); err != io.EOF {
			t.Errorf("%s: the end gave %v", name, err)
		}
	}
}

func TestExtend(t *testing.T) {
	s := lines.NewScanner(iotest.HalfReader(strings.NewReader("a\r\nb\nc\nd")), 0, 0, 1<<20)
	mustLine(t, s.Next, "a")
	mustLine(t, s.Extend, "a\r\nb")
	mustLine(t, s.Extend, "a\r\nb\nc")
	if s.Number() != 1 || s.After() != 3 || s.Offset() != 7 {
		t.Errorf("number %d, after %d, offset %d", s.Number(), s.After(), s.Offset())
	}
	s.Shorten()
	if s.After() != 1 || s.Offset() != 3 || string(s.Bytes()) != "a" {
		t.Errorf("shortened: after %d, offset %d, %q", s.After(), s.Offset(), s.Bytes())
	}
	mustLine(t, s.Next, "b")
	mustLine(t, s.Extend, "b\nc")
	mustLine(t, s.Extend, "b\nc\nd")
	if _, err := s.Extend(); !errors.Is(err, io.EOF) {
		t.Errorf("extending at the end: %v", err)
	}
	if string(s.Bytes()) != "b\nc\nd" || s.Number() != 2 {
		t.Errorf("a failed extension changed the line: %q, %d", s.Bytes(), s.Number())
	}
}

func mustLine(t *testing.T, next func() ([]byte, error), want string) {
	t.Helper()
	if line, err := next(); err != nil || string(line) != want {
		t.Fatalf("got %q, %v, want %q", line, err, want)
	}
}

func TestTooLong(t *testing.T) {
	long := strings.Repeat("x", 5000)
	for _, in := range []io.Reader{strings.NewReader("a\n" + long + "\nb\n" + long), iotest.OneByteReader(strings.NewReader("a\n" + long + "\nb\n" + long))} {
		s := lines.NewScanner(in, 0, 0, 100)
		mustLine(t, s.Next, "a")
		if line, err := s.Next(); !errors.Is(err, lines.ErrTooLong) || !strings.HasPrefix(long, string(line)) || len(line) == 0 {
			t.Errorf("a long line gave %q, %v", line, err)
		}
		mustLine(t, s.Next, "b")
		if s.Number() != 3 || s.Offset() != 5005 {
			t.Errorf("behind a long line: number %d, offset %d", s.Number(), s.Offset())
		}
		if _, err := s.Next(); !errors.Is(err, lines.ErrTooLong) {
			t.Errorf("a long last line gave %v", err)
		}
		if _, err := s.Next(); !errors.Is(err, io.EOF) {
			t.Errorf("the end gave %v", err)
		}
	}
}

func TestInputFails(t *testing.T) {
	boom := errors.New("boom")
	s := lines.NewScanner(io.MultiReader(strings.NewReader("a\nhalf"), iotest.ErrReader(boom)), 0, 0, 100)
	mustLine(t, s.Next, "a")
	if _, err := s.Next(); !errors.Is(err, boom) {
		t.Errorf("a line that was cut by an error was taken: %v", err)
	}
}
