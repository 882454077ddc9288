package dirty

import (
	"context"
	"log/slog"
	"unicode/utf8"
)

// shownBytes is how much of a row a log line shows.
const shownBytes = 2048

// LogSink prints dirty rows to a log, at level Warn.
type LogSink struct {
	log   *slog.Logger
	every int64
	seen  int64
}

// NewLogSink returns a sink that prints the first and then every n-th row; for
// n of 0 and less it prints none.
func NewLogSink(log *slog.Logger, every int64) *LogSink { return &LogSink{log: log, every: every} }

// Put implements [Sink].
func (s *LogSink) Put(_ context.Context, r *Refusal) error {
	s.seen++
	if s.every <= 0 || (s.seen-1)%s.every != 0 {
		return nil
	}
	attrs := []any{"class", r.Reason.Group().String(), "reason", r.Reason.String(), "error", r.Text}
	if r.Column != "" {
		attrs = append(attrs, "column", r.Column)
	}
	if r.HasRow() {
		attrs = append(attrs, "table", r.Row.Schema().Name.String(), "op", r.Row.Op().String(), "row", cut(values(nil, r.Row)))
	} else {
		attrs = append(attrs, "input", cut(r.Raw))
	}
	if s.every > 1 {
		attrs = append(attrs, "printEvery", s.every)
	}
	s.log.Warn("dirty row", attrs...)
	return nil
}

// cut shortens a text at a character's end.
func cut(b []byte) string {
	if len(b) <= shownBytes {
		return string(b)
	}
	n := shownBytes
	for n > 0 && !utf8.RuneStart(b[n]) {
		n--
	}
	return string(b[:n]) + "..."
}

// Flush implements [Sink]; a log keeps nothing back.
func (s *LogSink) Flush(context.Context) error { return nil }

// Close implements [Sink].
func (s *LogSink) Close() error { return nil }
