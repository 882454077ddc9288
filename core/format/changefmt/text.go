package changefmt

import (
	"math"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/record"
)

// Zone shifts instants to a zone's wall clock. It remembers the offset that it
// needed last, and from when until when it holds.
type Zone struct {
	location         *time.Location
	from, to, offset int64 // the offset holds for from <= second < to
}

// NewZone returns a zone; nil is UTC.
func NewZone(l *time.Location) *Zone {
	if l == nil {
		l = time.UTC
	}
	return &Zone{location: l}
}

// Shift returns the wall clock of an instant as seconds since 1970-01-01T00:00:00.
func (z *Zone) Shift(sec int64) int64 {
	if sec < z.from || sec >= z.to {
		z.look(sec)
	}
	return sec + z.offset
}

func (z *Zone) look(sec int64) {
	t := time.Unix(sec, 0).In(z.location)
	_, offset := t.Zone()
	z.from, z.to, z.offset = math.MinInt64, math.MaxInt64, int64(offset)
	start, end := t.ZoneBounds()
	if !start.IsZero() {
		z.from = start.Unix()
	}
	if !end.IsZero() {
		z.to = end.Unix()
	}
}

// AppendClock appends the text of a value that is no text at its source, as
// databases spell it: instants as the zone's wall clock, with a blank between
// date and time, all else as [record.Row.AppendText].
func (z *Zone) AppendClock(dst []byte, r record.Row, c int) []byte {
	if r.Kind(c) != record.Timestamp || r.Infinite(c) != 0 {
		return r.AppendText(dst, c)
	}
	sec, nsec := r.Timestamp(c)
	return record.AppendDatetime(dst, z.Shift(sec), nsec, r.Schema().Columns[c].Scale, ' ')
}

// NotUTF8 is the error of a text that is none.
func NotUTF8(r record.Row, c int) error {
	return errclass.BadValue(r.Schema().Columns[c].Name, errclass.Encoding, "the text is not valid UTF-8")
}

// Label returns `"name":`, as JSON; broken UTF-8 becomes U+FFFD.
func Label(name string) []byte { return append(jsonfmt.AppendText(nil, name), ':') }

// AppendTextKey appends the key of a row as formats without a key of their own
// have it: the text of one column, a JSON array of several. false: there are no
// columns, or the only one is NULL.
func AppendTextKey(dst []byte, r record.Row, columns []int) ([]byte, bool, error) {
	switch {
	case len(columns) == 0, len(columns) == 1 && r.Kind(columns[0]) <= record.Null:
		return dst, false, nil
	case len(columns) == 1:
		return r.AppendText(dst, columns[0]), true, nil
	}
	dst, err := jsonfmt.AppendArray(dst, r, columns)
	return dst, err == nil, err
}
