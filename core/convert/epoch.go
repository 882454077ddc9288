package convert

import (
	"math"
	"strconv"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// putMillis appends whole milliseconds of sec and nsec as an integer.
func (p *pair) putMillis(dst *record.Batch, r record.Row, c int, sec int64, nsec int64) error {
	if nsec%nanosPerMilli != 0 {
		return p.bad(errclass.Conversion, "%s is no whole number of milliseconds", r.AppendText(nil, c))
	}
	if sec > math.MaxInt64/1000-1 || sec < math.MinInt64/1000+1 {
		return p.bad(errclass.Overflow, "%s has too many milliseconds", r.AppendText(nil, c))
	}
	return p.putInt(dst, sec*1000+nsec/nanosPerMilli)
}

func (p *pair) finite(r record.Row, c int) error {
	if r.Kind(c) != record.Time && r.Infinite(c) != 0 {
		return p.badText(r.AppendText(nil, c), "number")
	}
	return nil
}

// intFromDate gives the days since the epoch.
func intFromDate(p *pair, dst *record.Batch, r record.Row, c int) error {
	if err := p.finite(r, c); err != nil {
		return err
	}
	return p.putInt(dst, r.Date(c))
}

func intFromTime(p *pair, dst *record.Batch, r record.Row, c int) error {
	sec, ns := floorDiv(r.Time(c), nanosPerSec)
	return p.putMillis(dst, r, c, sec, ns)
}

func intFromInstant(p *pair, dst *record.Batch, r record.Row, c int) error {
	sec, nsec, err := p.epoch(r, c)
	if err != nil {
		return err
	}
	return p.putMillis(dst, r, c, sec, int64(nsec))
}

// epoch returns the instant of a datetime or timestamp.
func (p *pair) epoch(r record.Row, c int) (sec int64, nsec uint32, err error) {
	if err := p.finite(r, c); err != nil {
		return 0, 0, err
	}
	sec, nsec = r.Timestamp(c)
	if r.Kind(c) == record.Datetime {
		unix, ok := toUnix(sec, p.zone)
		if !ok {
			return 0, 0, p.skipped(r.AppendText(nil, c))
		}
		sec = unix
	}
	return sec, nsec, nil
}

func decimalFromDate(p *pair, dst *record.Batch, r record.Row, c int) error {
	if err := p.finite(r, c); err != nil {
		return err
	}
	return p.putDecimal(dst, strconv.AppendInt(dst.Buffer(), r.Date(c), 10))
}

// decimalFromClock gives milliseconds with as many digits as they need.
func decimalFromClock(p *pair, dst *record.Batch, r record.Row, c int) error {
	var sec, ns int64
	if r.Kind(c) == record.Time {
		sec, ns = floorDiv(r.Time(c), nanosPerSec)
	} else {
		unix, nsec, err := p.epoch(r, c)
		if err != nil {
			return err
		}
		sec, ns = unix, int64(nsec)
	}
	return p.putDecimal(dst, appendMillis(dst.Buffer(), sec, ns))
}

func appendMillis(dst []byte, sec, ns int64) []byte {
	if sec < 0 {
		dst = append(dst, '-')
		if sec, ns = -sec, -ns; ns < 0 {
			sec, ns = sec-1, ns+nanosPerSec
		}
	}
	ms, fine := ns/nanosPerMilli, ns%nanosPerMilli
	if sec > 0 {
		dst = strconv.AppendInt(dst, sec, 10)
		dst = append(dst, '0'+byte(ms/100), '0'+byte(ms/10%10), '0'+byte(ms%10))
	} else {
		dst = strconv.AppendInt(dst, ms, 10)
	}
	if fine == 0 {
		return dst
	}
	dst = append(dst, '.')
	for div := nanosPerMilli / 10; fine > 0; div /= 10 {
		dst = append(dst, '0'+byte(fine/div))
		fine %= div
	}
	return dst
}

// intervalFromText reads ISO 8601: P1Y2M3W4DT5H6M7.5S, each part with a sign.
func intervalFromText(p *pair, dst *record.Batch, r record.Row, c int) error {
	months, days, micros, ok := parseInterval(r.Bytes(c))
	if !ok {
		return p.badText(r.Bytes(c), "ISO 8601 duration such as P1Y2M3DT4H5M6.5S")
	}
	dst.Interval(months, days, micros)
	return nil
}

// interval adds up the parts of a duration; each part comes once, in order.
type interval struct{ months, days, micros int64 }

// units says what a designator means, in the order that they must have.
var units = [...]struct {
	letter byte
	clock  bool
	add    func(i *interval, n int64)
	most   int64
}{
	{'Y', false, func(i *interval, n int64) { i.months += n * 12 }, math.MaxInt32 / 12},
	{'M', false, func(i *interval, n int64) { i.months += n }, math.MaxInt32},
	{'W', false, func(i *interval, n int64) { i.days += n * 7 }, math.MaxInt32 / 7},
	{'D', false, func(i *interval, n int64) { i.days += n }, math.MaxInt32},
	{'H', true, func(i *interval, n int64) { i.micros += n * 3600e6 }, math.MaxInt64 / 3_600_000_000 / 4},
	{'M', true, func(i *interval, n int64) { i.micros += n * 60e6 }, math.MaxInt64 / 60_000_000 / 4},
	{'S', true, func(i *interval, n int64) { i.micros += n * 1e6 }, math.MaxInt64 / 1_000_000},
}

func parseInterval(b []byte) (months, days int32, micros int64, ok bool) {
	if len(b) < 3 || b[0] != 'P' {
		return 0, 0, 0, false
	}
	var sum interval
	clock, next := false, 0
	for b = b[1:]; len(b) > 0; {
		if b[0] == 'T' && !clock && len(b) > 1 {
			clock, b = true, b[1:]
		}
		if b, next = sum.part(b, clock, next); b == nil {
			return 0, 0, 0, false
		}
	}
	if sum.months != int64(int32(sum.months)) || sum.days != int64(int32(sum.days)) {
		return 0, 0, 0, false
	}
	return int32(sum.months), int32(sum.days), sum.micros, true
}

// part reads one number and its designator, which must be units[next:]; it
// returns nil at a mistake.
func (i *interval) part(b []byte, clock bool, next int) ([]byte, int) {
	sign := int64(1)
	if b[0] == '-' || b[0] == '+' {
		if b[0] == '-' {
			sign = -1
		}
		b = b[1:]
	}
	digits, rest := leadingDigits(b)
	n, ok := shortInt(digits)
	if !ok {
		return nil, 0
	}
	var ns int64
	if len(rest) > 0 && rest[0] == '.' {
		digits, rest = leadingDigits(rest[1:])
		if ns, ok = fraction(digits); !ok || ns%1000 != 0 || len(rest) == 0 || rest[0] != 'S' {
			return nil, 0
		}
	}
	if len(rest) == 0 {
		return nil, 0
	}
	for u := next; u < len(units); u++ {
		if units[u].letter != rest[0] || units[u].clock != clock {
			continue
		}
		if n > units[u].most {
			return nil, 0
		}
		before := i.micros
		units[u].add(i, sign*n)
		i.micros += sign * ns / 1000
		if clock && sign*(i.micros/2-before/2) < 0 {
			return nil, 0
		}
		return rest[1:], u + 1
	}
	return nil, 0
}
