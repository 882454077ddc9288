package binlogkit

import (
	"encoding/binary"
	"fmt"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// temporal appends a date or a time. zero: what is no day because month or day
// is zero, is NULL.
func (c *column) temporal(v []byte, b *record.Batch, zero bool) error {
	var d clock
	switch c.op {
	case opDate:
		n := uint32(v[0]) | uint32(v[1])<<8 | uint32(v[2])<<16
		d = clock{year: int64(n >> 9), month: int(n >> 5 & 15), day: int(n & 31)}
	case opTime:
		b.Time(duration(v))
		return nil
	case opOldTime:
		n := int64(int32(uint32(v[0])<<8|uint32(v[1])<<16|uint32(v[2])<<24) >> 8) // [-]HHMMSS
		b.Time((n/10000*3600 + n/100%100*60 + n%100) * 1_000_000_000)
		return nil
	case opDatetime:
		n := int64(v[0])<<32 | int64(v[1])<<24 | int64(v[2])<<16 | int64(v[3])<<8 | int64(v[4])
		n -= 1 << 39
		ym := n >> 22
		d = clock{year: ym / 13, month: int(ym % 13), day: int(n >> 17 & 31),
			sec: n>>12&31*3600 + n>>6&63*60 + n&63, nsec: fraction(v[5:]), isTime: true}
	case opOldDatetime:
		n := int64(binary.LittleEndian.Uint64(v)) // YYYYMMDDHHMMSS
		day, t := n/1_000_000, n%1_000_000
		d = clock{year: day / 10000, month: int(day / 100 % 100), day: int(day % 100), sec: t/10000*3600 + t/100%100*60 + t%100, isTime: true}
	case opTimestamp, opOldTimestamp:
		var sec, nsec uint32
		if c.op == opTimestamp {
			sec, nsec = binary.BigEndian.Uint32(v), fraction(v[4:])
		} else {
			sec = binary.LittleEndian.Uint32(v)
		}
		if sec != 0 || nsec != 0 {
			b.Timestamp(int64(sec), nsec)
			return nil
		}
		d.isTime = true // the zero date
	}
	return c.day(d, b, zero)
}

// clock is a date and, if isTime, a time of day.
type clock struct {
	year       int64
	month, day int
	sec        int64
	nsec       uint32
	isTime     bool
}

func (c *column) day(d clock, b *record.Batch, zero bool) error {
	isZero := d.month == 0 || d.day == 0
	switch {
	case isZero && zero:
		b.Null()
	case isZero:
		return errclass.BadValue(c.name, errclass.Conversion, "%s is a zero date; zeroDateTimeBehavior=convertToNull in jdbcUrl reads it as NULL", d)
	case !isDay(d.year, d.month, d.day):
		return errclass.BadValue(c.name, errclass.Conversion, "%s is no day of the calendar", d)
	case d.isTime:
		b.Datetime(record.Days(d.year, d.month, d.day)*86400+d.sec, d.nsec)
	default:
		b.Date(record.Days(d.year, d.month, d.day))
	}
	return nil
}

func (d clock) String() string {
	text := fmt.Sprintf("%04d-%02d-%02d", d.year, d.month, d.day)
	if d.isTime {
		text += fmt.Sprintf(" %02d:%02d:%02d", d.sec/3600, d.sec/60%60, d.sec%60)
	}
	return text
}

// isDay tells a day of the calendar.
func isDay(year int64, month, day int) bool {
	switch {
	case month < 1 || month > 12 || day < 1:
		return false
	case day <= 28:
		return true
	case month == 2:
		return day == 29 && year%4 == 0 && (year%100 != 0 || year%400 == 0)
	case month == 4 || month == 6 || month == 9 || month == 11:
		return day <= 30
	}
	return day <= 31
}

// fraction reads the nanoseconds of up to three bytes: hundredths, ten
// thousandths or millionths of a second, big endian.
func fraction(v []byte) uint32 {
	switch len(v) {
	case 1:
		return uint32(v[0]) * 10_000_000
	case 2:
		return uint32(binary.BigEndian.Uint16(v)) * 100_000
	case 3:
		return (uint32(v[0])<<16 | uint32(v[1])<<8 | uint32(v[2])) * 1000
	}
	return 0
}

// duration reads a TIME: sign, hours, minutes and seconds in bits, offset so
// that texts of bytes sort, and a fraction that belongs to the whole number.
func duration(v []byte) int64 {
	n := int64(v[0])<<16 | int64(v[1])<<8 | int64(v[2])
	n -= 1 << 23
	frac := int64(0)
	size := len(v) - 3
	for _, c := range v[3:] {
		frac = frac<<8 | int64(c)
	}
	negative := n < 0
	if negative {
		// The whole is one negative number of so many bits.
		whole := -(n<<(8*size) | frac)
		n, frac = whole>>(8*size), whole&(1<<(8*size)-1)
	}
	for range 3 - size {
		frac *= 100
	}
	ns := ((n>>12&0x3ff)*3600+(n>>6&63)*60+n&63)*1_000_000_000 + frac*1000
	if negative {
		return -ns
	}
	return ns
}
