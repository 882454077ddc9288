package parquetfmt

import (
	"encoding/hex"
	"math"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/record"
)

// put makes the file's value of the one in column i of r, which is of the
// column's kind. The value may lie in the row or in e.scratch.
type put func(e *Encoder, c *column, r record.Row, i int) (parquet.Value, error)

// puts holds what writes each kind; decimals with a precision have putDecimal.
var puts = [...]put{
	record.Bool: putBool,
	record.Int64: func(_ *Encoder, _ *column, r record.Row, i int) (parquet.Value, error) {
		return parquet.Int64Value(r.Int64(i)), nil
	},
	record.Uint64: putUint,
	record.Float32: func(_ *Encoder, _ *column, r record.Row, i int) (parquet.Value, error) {
		return parquet.FloatValue(r.Float32(i)), nil
	},
	record.Float64: func(_ *Encoder, _ *column, r record.Row, i int) (parquet.Value, error) {
		return parquet.DoubleValue(r.Float64(i)), nil
	},
	record.Decimal:   putText,
	record.String:    putText,
	record.JSON:      putText,
	record.Bytes:     putBytes,
	record.Date:      putDate,
	record.Time:      putTime,
	record.Datetime:  putMoment,
	record.Timestamp: putMoment,
	record.Interval:  putInterval,
	record.UUID:      putUUID,
	record.Any:       putAny,
}

func putBool(_ *Encoder, _ *column, r record.Row, i int) (parquet.Value, error) {
	return parquet.BooleanValue(r.Bool(i)), nil
}

// putUint gives the bits: the column's type says that they have no sign.
func putUint(_ *Encoder, _ *column, r record.Row, i int) (parquet.Value, error) {
	return parquet.Int64Value(int64(r.Uint64(i))), nil
}

func putText(_ *Encoder, _ *column, r record.Row, i int) (parquet.Value, error) {
	text := r.Bytes(i)
	if !utf8.Valid(text) {
		return parquet.Value{}, errclass.BadValue("", errclass.Encoding, "the text is not valid UTF-8")
	}
	return parquet.ByteArrayValue(text), nil
}

func putBytes(_ *Encoder, _ *column, r record.Row, i int) (parquet.Value, error) {
	return parquet.ByteArrayValue(r.Bytes(i)), nil
}

func putDecimal(e *Encoder, c *column, r record.Row, i int) (parquet.Value, error) {
	n, fits, ok := parseDecimal(r.Bytes(i), c.Precision, c.Scale)
	switch {
	case !ok:
		return parquet.Value{}, errclass.BadValue("", errclass.Conversion, "%.40q is no decimal(%d,%d); parquet keeps it in a column of type decimal or string", r.Bytes(i), c.Precision, c.Scale)
	case !fits:
		return parquet.Value{}, errclass.BadValue("", errclass.Overflow, "%.50s does not fit decimal(%d,%d)", r.Bytes(i), c.Precision, c.Scale)
	case c.Precision <= 9:
		return parquet.Int32Value(int32(n.int64())), nil
	case c.Precision <= 18:
		return parquet.Int64Value(n.int64()), nil
	}
	at := len(e.scratch)
	e.scratch = n.appendTwos(e.scratch)
	return parquet.FixedLenByteArrayValue(e.scratch[at:len(e.scratch):len(e.scratch)]), nil
}

func putDate(_ *Encoder, _ *column, r record.Row, i int) (parquet.Value, error) {
	days := r.Date(i)
	if r.Infinite(i) != 0 || days < math.MinInt32 || days > math.MaxInt32 {
		return parquet.Value{}, beyond(r, i, "a date of parquet")
	}
	return parquet.Int32Value(int32(days)), nil
}

const dayNanos = 86_400_000_000_000

func putTime(_ *Encoder, c *column, r record.Row, i int) (parquet.Value, error) {
	ns := r.Time(i)
	if _, zoned := r.Offset(i); zoned || ns < 0 || ns >= dayNanos {
		return parquet.Value{}, beyond(r, i, "a time of parquet, which is within a day and without zone")
	}
	if nanos(c.Column) {
		return parquet.Int64Value(ns), nil
	}
	if ns%1000 != 0 {
		return parquet.Value{}, tooFine(r, i)
	}
	return parquet.Int64Value(ns / 1000), nil
}

// putMoment writes datetimes and timestamps.
func putMoment(_ *Encoder, c *column, r record.Row, i int) (parquet.Value, error) {
	sec, nsec := r.Datetime(i)
	if r.Infinite(i) != 0 {
		return parquet.Value{}, beyond(r, i, "a timestamp of parquet")
	}
	per, part := int64(1_000_000), int64(nsec/1000)
	if nanos(c.Column) {
		per, part = 1_000_000_000, int64(nsec)
	} else if nsec%1000 != 0 {
		return parquet.Value{}, tooFine(r, i)
	}
	if sec >= math.MaxInt64/per || sec <= math.MinInt64/per {
		return parquet.Value{}, beyond(r, i, "64 bits of the column's unit; timestamp(6) reaches further than timestamp(9)")
	}
	return parquet.Int64Value(sec*per + part), nil
}

func putInterval(e *Encoder, _ *column, r record.Row, i int) (parquet.Value, error) {
	at := len(e.scratch)
	e.scratch = r.AppendText(e.scratch, i)
	return parquet.ByteArrayValue(e.scratch[at:len(e.scratch):len(e.scratch)]), nil
}

func putUUID(e *Encoder, _ *column, r record.Row, i int) (parquet.Value, error) {
	var digits [32]byte
	n := 0
	for _, ch := range r.Bytes(i) {
		if ch == '-' {
			continue
		}
		if n == len(digits) {
			n++
			break
		}
		digits[n] = ch
		n++
	}
	at := len(e.scratch)
	e.scratch = append(e.scratch, make([]byte, 16)...)
	if _, err := hex.Decode(e.scratch[at:], digits[:]); err != nil || n != len(digits) {
		return parquet.Value{}, errclass.BadValue("", errclass.Conversion, "%.40q is no UUID", r.Bytes(i))
	}
	return parquet.FixedLenByteArrayValue(e.scratch[at:len(e.scratch):len(e.scratch)]), nil
}

// putAny writes the value as JSON.
func putAny(e *Encoder, _ *column, r record.Row, i int) (parquet.Value, error) {
	at := len(e.scratch)
	var err error
	if e.scratch, err = jsonfmt.AppendValue(e.scratch, r, i); err != nil {
		return parquet.Value{}, err
	}
	return parquet.ByteArrayValue(e.scratch[at:len(e.scratch):len(e.scratch)]), nil
}

func beyond(r record.Row, i int, what string) error {
	return errclass.BadValue("", errclass.Overflow, "%s does not fit %s; give the column the type string", r.AppendText(nil, i), what)
}

func tooFine(r record.Row, i int) error {
	return errclass.BadValue("", errclass.Overflow, "%s has more than microseconds; give the column a type with (9)", r.AppendText(nil, i))
}
