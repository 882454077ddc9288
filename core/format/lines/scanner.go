package lines

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// ErrTooLong says that a line is longer than the scanner's limit. It has been
// skipped; what Bytes returns is its beginning.
var ErrTooLong = errors.New("the line is longer than the limit")

// Scanner reads lines. It is for one goroutine.
type Scanner struct {
	in     io.Reader
	buf    []byte // in[offset:]: buf[start:end] is the present line, buf[end:fill] follows
	start  int
	end    int
	fill   int
	offset int64 // of buf[0] in the text
	number int64 // of the present line, from 1
	spans  int64 // lines in buf[start:end]
	limit  int
	err    error // of in, once buf[:fill] is used up
}

const firstBuffer = 128 << 10

// NewScanner returns a scanner of a text that begins at an offset, before that
// line; lines of more than limit bytes are refused.
func NewScanner(in io.Reader, offset, line int64, limit int) *Scanner {
	return &Scanner{in: in, buf: make([]byte, min(firstBuffer, limit+2)), offset: offset, number: line, limit: limit}
}

// Next returns the next line without its line end. The error is io.EOF,
// ErrTooLong, after which Next goes on behind that line, or one of the input.
func (s *Scanner) Next() ([]byte, error) {
	s.start, s.number, s.spans = s.end, s.number+s.spans, 0
	n, err := s.lineEnd(s.end)
	if errors.Is(err, ErrTooLong) {
		return s.skip()
	}
	if err != nil {
		return nil, err
	}
	s.end, s.spans = n, 1
	return s.Bytes(), nil
}

// Extend makes the present line longer by the next and returns the whole, with
// the line ends between. The errors are those of Next; after one the present
// line is as it was.
func (s *Scanner) Extend() ([]byte, error) {
	n, err := s.lineEnd(s.end)
	if err != nil {
		return nil, err
	}
	s.end, s.spans = n, s.spans+1
	return s.Bytes(), nil
}

// Shorten takes extensions back: the present line is the first again.
func (s *Scanner) Shorten() {
	if i := bytes.IndexByte(s.buf[s.start:s.end], '\n'); i >= 0 {
		s.end, s.spans = s.start+i+1, 1
	}
}

// Bytes returns the present line without its line end.
func (s *Scanner) Bytes() []byte {
	line := s.buf[s.start:s.end]
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line
}

// Number is that of the present line's first, from 1.
func (s *Scanner) Number() int64 { return s.number + 1 }

// Start is where the present line begins.
func (s *Scanner) Start() int64 { return s.offset + int64(s.start) }

// After is the number of lines before the next.
func (s *Scanner) After() int64 { return s.number + s.spans }

// Offset is where the next line begins.
func (s *Scanner) Offset() int64 { return s.offset + int64(s.end) }

// lineEnd returns the index behind the line that begins at from, which is
// s.end. It may move the buffer.
func (s *Scanner) lineEnd(from int) (int, error) {
	seen := from
	for {
		if i := bytes.IndexByte(s.buf[seen:s.fill], '\n'); i >= 0 {
			return seen + i + 1, nil
		}
		seen = s.fill
		if s.fill-s.start > s.limit {
			return 0, ErrTooLong
		}
		if s.err != nil {
			if s.fill > s.end && errors.Is(s.err, io.EOF) {
				return s.fill, nil
			}
			return 0, s.err
		}
		moved := s.start
		s.read()
		seen -= moved - s.start
	}
}

// read gets more input, moving the present line to the buffer's begin.
func (s *Scanner) read() {
	if s.start > 0 {
		copy(s.buf, s.buf[s.start:s.fill])
		s.offset += int64(s.start)
		s.end, s.fill, s.start = s.end-s.start, s.fill-s.start, 0
	}
	if s.fill == len(s.buf) {
		bigger := make([]byte, 2*len(s.buf))
		copy(bigger, s.buf[:s.fill])
		s.buf = bigger
	}
	for tries := 0; ; tries++ {
		n, err := s.in.Read(s.buf[s.fill:])
		s.fill += n
		if err != nil && !errors.Is(err, io.EOF) {
			err = fmt.Errorf("reading at byte %d: %w", s.offset+int64(s.fill), err)
		} else if err != nil {
			err = io.EOF
		}
		s.err = err
		if n > 0 || err != nil {
			return
		}
		if tries > 100 {
			s.err = io.ErrNoProgress
			return
		}
	}
}

// skip drops the rest of a line that is too long and keeps its beginning.
func (s *Scanner) skip() ([]byte, error) {
	head := bytes.Clone(s.buf[s.start:min(s.fill, s.start+1024)])
	for {
		if i := bytes.IndexByte(s.buf[s.end:s.fill], '\n'); i >= 0 {
			s.start = s.end
			s.end += i + 1
			break
		}
		s.start, s.end = s.fill, s.fill
		if s.err != nil {
			if !errors.Is(s.err, io.EOF) {
				return nil, s.err
			}
			break
		}
		s.read()
	}
	s.spans = 1
	return head, ErrTooLong
}
