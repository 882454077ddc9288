package convert

import (
	"math"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// put appends a moment as the target's kind.
func (p *pair) put(dst *record.Batch, m moment, text func() []byte) error {
	if m.infinity != 0 && p.to.Kind != record.Time {
		dst.Infinity(p.to.Kind, m.infinity)
		return nil
	}
	switch p.to.Kind {
	case record.Date:
		if !m.date {
			return p.badText(text(), timeWords[p.to.Kind])
		}
		sec, _ := m.local(p.zone)
		days, _ := floorDiv(sec, secondsPerDay)
		dst.Date(days)
	case record.Time:
		return p.putTime(dst, m, text)
	case record.Datetime:
		if !m.date {
			return p.badText(text(), timeWords[p.to.Kind])
		}
		dst.Datetime(m.local(p.zone))
	default:
		if !m.date {
			return p.badText(text(), timeWords[p.to.Kind])
		}
		sec, nsec, ok := m.unix(p.zone)
		if !ok {
			return p.skipped(text())
		}
		if m.zoned && !m.utc {
			dst.TimestampOffset(sec, nsec, m.offset)
			return nil
		}
		dst.Timestamp(sec, nsec)
	}
	return nil
}

func (p *pair) putTime(dst *record.Batch, m moment, text func() []byte) error {
	switch {
	case !m.clock:
		return p.badText(text(), timeWords[p.to.Kind])
	case m.date:
		sec, nsec := m.local(p.zone)
		_, clock := floorDiv(sec, secondsPerDay)
		dst.Time(clock*nanosPerSec + int64(nsec))
	case m.zoned:
		dst.TimeOffset(m.ns, m.offset)
	default:
		dst.Time(m.ns)
	}
	return nil
}

func (p *pair) skipped(text []byte) error {
	return p.bad(errclass.Conversion, "%s does not exist in zone %s: its clocks skip it", quote(text), p.zone)
}

// timeWords are what errors call the temporal kinds.
var timeWords = [record.Any]string{record.Date: "date", record.Time: "time of day", record.Datetime: "date and time", record.Timestamp: "timestamp"}

func (p *pair) fromText(dst *record.Batch, r record.Row, c int) error {
	b := r.Bytes(c)
	m, ok := p.moment(b)
	if !ok {
		return p.badText(b, timeWords[p.to.Kind])
	}
	return p.put(dst, m, func() []byte { return b })
}

// fromNumber reads a number of any kind as epoch milliseconds; a decimal's
// fraction counts.
func (p *pair) fromNumber(dst *record.Batch, r record.Row, c int) error {
	var m moment
	switch r.Kind(c) {
	case record.Int64:
		m = fromMillis(r.Int64(c), 0)
	case record.Uint64:
		v := r.Uint64(c)
		if v > math.MaxInt64 {
			return p.bad(errclass.Overflow, "%d milliseconds are beyond any calendar", v)
		}
		m = fromMillis(int64(v), 0)
	case record.Decimal:
		n, ok := scan(r.Bytes(c))
		if !ok {
			return p.badText(r.Bytes(c), "number of milliseconds")
		}
		if m, ok = n.millis(); !ok {
			return p.overflow(r.Bytes(c), "milliseconds")
		}
	default:
		v := float(r, c)
		if v != math.Trunc(v) || math.Abs(v) >= 1<<63 {
			return p.bad(errclass.Conversion, "%v is no whole number of milliseconds", v)
		}
		m = fromMillis(int64(v), 0)
	}
	return p.put(dst, m, func() []byte { return r.AppendText(nil, c) })
}

// millis returns the moment of a number of milliseconds; false if it is out
// of range or finer than a nanosecond.
func (n *number) millis() (moment, bool) {
	up := *n
	up.exp += 6
	ns, whole, fits := up.magnitude()
	if !whole || !fits || ns > math.MaxInt64 {
		v, whole, fits := n.magnitude() // far away, but whole milliseconds
		if !whole || !fits || v > math.MaxInt64 {
			return moment{}, false
		}
		if n.negative {
			return fromMillis(-int64(v), 0), true
		}
		return fromMillis(int64(v), 0), true
	}
	signed := int64(ns)
	if n.negative {
		signed = -signed
	}
	ms, rest := floorDiv(signed, nanosPerMilli)
	return fromMillis(ms, rest), true
}

// ofRow returns the moment of a temporal value.
func ofRow(r record.Row, c int) moment {
	var m moment
	switch r.Kind(c) {
	case record.Date:
		m = moment{days: r.Date(c), date: true}
	case record.Time:
		m = moment{ns: r.Time(c), clock: true}
	case record.Datetime:
		m = fromSeconds(r.Datetime(c))
	case record.Timestamp:
		m = fromSeconds(r.Timestamp(c))
		m.instant = true
	}
	if r.Kind(c) != record.Time {
		m.infinity = r.Infinite(c)
	}
	return m
}

func (p *pair) fromTemporal(dst *record.Batch, r record.Row, c int) error {
	return p.put(dst, ofRow(r, c), func() []byte { return r.AppendText(nil, c) })
}

func (p *pair) infiniteTime(dst *record.Batch, r record.Row, c int) error {
	if r.Infinite(c) != 0 {
		return p.badText(r.AppendText(nil, c), "time of day")
	}
	return p.fromTemporal(dst, r, c)
}

// textFromTime writes ISO 8601 with a blank, or the pattern of the options.
func textFromTime(p *pair, dst *record.Batch, r record.Row, c int) error {
	if p.writer == nil || r.Kind(c) != record.Time && r.Infinite(c) != 0 {
		return textFromAny(p, dst, r, c)
	}
	dst.Take(record.String, p.writer.append(dst.Buffer(), ofRow(r, c), p.zone))
	return nil
}
