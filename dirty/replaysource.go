package dirty

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

const replayVersion = 1

// replayPosition is the end of the last line that was read.
type replayPosition struct {
	Version int    `json:"v"`
	At      string `json:"at"`
	Line    int    `json:"line"`
	Offset  int64  `json:"offset"`
}

// replaySource reads the rows of a dirty file. Every line is a place to begin
// again, but between the two rows of an update.
type replaySource struct {
	file *os.File
	in   *Reader
	next *pending // read ahead
	at   replayPosition
}

// pending is a line that was read, and what became of it.
type pending struct {
	entry *Entry
	err   error
	after replayPosition
}

var _ plugin.Source = (*replaySource)(nil)

// Fill implements [plugin.Source].
func (s *replaySource) Fill(ctx context.Context, b *record.Batch) error {
	for !b.Full() {
		if err := ctx.Err(); err != nil {
			return errclass.With(errclass.Canceled, err)
		}
		line := s.take()
		if line.entry == nil {
			if line.err != io.EOF {
				return fmt.Errorf("reading the dirty file: %w", line.err)
			}
			s.mark(b)
			return io.EOF
		}
		if line.err != nil && line.after.Line == 1 { // a file may be torn, not begin so
			return errclass.With(errclass.Config, fmt.Errorf("this is no file of dirty rows, as setting.dirty.path names one: %w", line.err))
		}
		s.append(b, line)
	}
	s.mark(b)
	return nil
}

// take returns the next line; without an entry at the end and where the file
// cannot be read.
func (s *replaySource) take() *pending {
	if line := s.next; line != nil {
		s.next = nil
		return line
	}
	line := &pending{}
	line.entry, line.err = s.in.Next()
	line.after = replayPosition{Version: replayVersion, At: fmt.Sprintf("line %d", s.in.line), Line: s.in.line, Offset: s.in.offset}
	return line
}

// append appends a line's row, with the one that belongs to it, or refuses the line.
func (s *replaySource) append(b *record.Batch, line *pending) {
	s.at = line.after
	e := line.entry
	switch {
	case line.err != nil:
		b.Reject(trimmed(e.text), &errclass.Value{Reason: errclass.Conversion, Err: line.err})
		return
	case e.Schema == nil:
		b.Reject(e.Raw, e.refused())
		return
	case e.AsRead:
		b.Reject(trimmed(e.text), e.refused())
		return
	case e.op != record.UpdateBefore:
		s.row(b, e)
		return
	}
	after := s.take()
	if after.entry == nil || after.err != nil || after.entry.op != record.UpdateAfter || after.entry.Schema != e.Schema {
		s.next = after
		b.Reject(trimmed(e.text), &errclass.Value{Reason: errclass.Other, Err: errors.New("the old row of an update whose new row does not follow")})
		return
	}
	s.at = after.after
	if s.row(b, e) && !s.row(b, after.entry) {
		b.Drop() // the two travel together
		b.Reject(trimmed(e.text), &errclass.Value{Reason: errclass.Other, Err: errors.New("the old row of an update whose new row cannot be read")})
	}
}

// row appends a row, or refuses its line.
func (s *replaySource) row(b *record.Batch, e *Entry) bool {
	err := e.AppendTo(b)
	if err != nil {
		b.Reject(trimmed(e.text), &errclass.Value{Reason: errclass.Conversion, Err: err})
	}
	return err == nil
}

func trimmed(line []byte) []byte { return bytes.TrimRight(line, "\r\n") }

// refused is why the entry is in the file.
func (e *Entry) refused() error {
	v := &errclass.Value{Column: e.Column, Reason: errclass.Other, Err: errors.New(e.Error)}
	for r := errclass.Other; r <= errclass.TooLarge; r++ {
		if r.String() == e.Reason {
			v.Reason = r
		}
	}
	return v
}

func (s *replaySource) mark(b *record.Batch) {
	if s.at.Version == 0 {
		s.at = replayPosition{Version: replayVersion, At: "line 0"}
	}
	position, _ := json.Marshal(s.at) // numbers and a text always encode
	b.Mark(position, time.Time{})
}

// Close implements [plugin.Source].
func (s *replaySource) Close() error { return s.file.Close() }
