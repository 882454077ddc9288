package pgwal

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/record"
)

// What onEventFailure says.
const (
	failureStop  = "stop"
	failureAside = "setAside"
)

// How much of a message is shown where it ends the job, and kept where it is set
// aside, in bytes.
const (
	mostShown = 512
	mostKept  = 64 << 10
)

// unreadable is what is wrong with a message that cannot be read.
type unreadable struct{ why string }

func (u *unreadable) Error() string { return u.why }

// malformed is an error of a message's content.
func malformed(format string, args ...any) error {
	return errclass.With(errclass.Permanent, &unreadable{fmt.Sprintf(format, args...)})
}

// kinds names the messages that are about a table.
var kinds = map[byte]string{'R': "Relation", 'I': "Insert", 'U': "Update", 'D': "Delete", 'T': "Truncate"}

// handled is message, whose message is set aside if it cannot be read and the
// job wants that.
func (s *source) handled(ctx context.Context, b *record.Batch, l pgkit.LogMessage) error {
	err := s.message(ctx, b, l)
	var bad *unreadable
	if err == nil || !errors.As(err, &bad) {
		return err
	}
	name, about := "", false
	if len(l.Data) > 0 {
		if name, about = kinds[l.Data[0]]; !about {
			name = fmt.Sprintf("%q", l.Data[0])
		}
	}
	where := fmt.Sprintf("message %s at %s%s", name, l.At, s.relationOf(l.Data))
	if !about || s.reader.config.OnEventFailure != failureAside {
		raw, more := l.Data, ""
		if len(raw) > mostShown {
			raw, more = raw[:mostShown], fmt.Sprintf("... (%d bytes)", len(l.Data))
		}
		return fmt.Errorf("%s: %w; onEventFailure setAside goes on without such of a table; its bytes are %x%s", where, err, raw, more)
	}
	s.reader.env.Log.Error("a message of the log cannot be read: it is set aside", "message", name, "at", l.At.String(), "error", bad)
	if l.Data[0] == 'R' && len(l.Data) >= 5 { // rows of another shape may follow
		delete(s.tables.byID, binary.BigEndian.Uint32(l.Data[1:]))
	}
	s.tx.since++
	b.Reject(l.Data[:min(len(l.Data), mostKept)], fmt.Errorf("%s: %w", where, err))
	return nil
}

// relationOf is the table of a message of rows, for people; "": it is not known.
func (s *source) relationOf(data []byte) string {
	if len(data) < 5 || data[0] == 'T' {
		return ""
	}
	rel := s.tables.byID[binary.BigEndian.Uint32(data[1:])]
	if rel == nil || rel.schema == nil {
		return ""
	}
	return ", table " + rel.schema.Name.String()
}
