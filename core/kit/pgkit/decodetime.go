package pgkit

import (
	"encoding/binary"
	"math"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// PostgreSQL counts from 2000-01-01.
const (
	epochDays      = 10957
	epochSeconds   = epochDays * secondsPerDay
	secondsPerDay  = 86400
	microsPerSec   = 1_000_000
	microsPerDay   = secondsPerDay * microsPerSec
	nanosPerMicro  = 1000
	positiveDay    = math.MaxInt32 // infinity
	negativeDay    = math.MinInt32
	positiveMoment = math.MaxInt64
	negativeMoment = math.MinInt64
)

func decodeDate(_ *typeInfo, b *record.Batch, v []byte) error {
	if len(v) != 4 {
		return errMalformed
	}
	switch days := int32(binary.BigEndian.Uint32(v)); days {
	case positiveDay:
		b.Infinity(record.Date, 1)
	case negativeDay:
		b.Infinity(record.Date, -1)
	default:
		b.Date(int64(days) + epochDays)
	}
	return nil
}

func decodeTime(_ *typeInfo, b *record.Batch, v []byte) error {
	if len(v) != 8 {
		return errMalformed
	}
	b.Time(int64(binary.BigEndian.Uint64(v)) * nanosPerMicro)
	return nil
}

// decodeTimetz: microseconds, then the zone in seconds west of UTC.
func decodeTimetz(_ *typeInfo, b *record.Batch, v []byte) error {
	if len(v) != 12 {
		return errMalformed
	}
	west := int32(binary.BigEndian.Uint32(v[8:]))
	if west%60 != 0 {
		return errclass.BadValue("", errclass.Conversion, "the offset of the time has seconds (%d), which are not carried", -west)
	}
	b.TimeOffset(int64(binary.BigEndian.Uint64(v))*nanosPerMicro, int(-west/60))
	return nil
}

func decodeTimestamp(_ *typeInfo, b *record.Batch, v []byte) error {
	if len(v) != 8 {
		return errMalformed
	}
	switch us := int64(binary.BigEndian.Uint64(v)); us {
	case positiveMoment:
		b.Infinity(record.Datetime, 1)
	case negativeMoment:
		b.Infinity(record.Datetime, -1)
	default:
		b.Datetime(fromMicros(us))
	}
	return nil
}

func decodeTimestamptz(_ *typeInfo, b *record.Batch, v []byte) error {
	if len(v) != 8 {
		return errMalformed
	}
	switch us := int64(binary.BigEndian.Uint64(v)); us {
	case positiveMoment:
		b.Infinity(record.Timestamp, 1)
	case negativeMoment:
		b.Infinity(record.Timestamp, -1)
	default:
		b.Timestamp(fromMicros(us))
	}
	return nil
}

func fromMicros(us int64) (sec int64, nsec uint32) {
	sec, rest := us/microsPerSec, us%microsPerSec
	if rest < 0 {
		sec, rest = sec-1, rest+microsPerSec
	}
	return sec + epochSeconds, uint32(rest) * nanosPerMicro
}

// decodeInterval: microseconds, days, months. PostgreSQL 17's infinities are
// the largest and the least of all three, and are carried as that.
func decodeInterval(_ *typeInfo, b *record.Batch, v []byte) error {
	if len(v) != 16 {
		return errMalformed
	}
	b.Interval(int32(binary.BigEndian.Uint32(v[12:])), int32(binary.BigEndian.Uint32(v[8:])), int64(binary.BigEndian.Uint64(v)))
	return nil
}
