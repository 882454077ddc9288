package parquetfmt

import (
	"encoding/binary"
	"encoding/hex"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// leaf is how the values of a primitive column become cells.
type leaf struct {
	kind             record.Kind
	precision, scale int
	per              int64 // values per second
	physical         parquet.Kind
	take             func(l *leaf, b *record.Batch, v *parquet.Value) error
	interval         convert.Func // from text
	staged           *record.Batch
}

// leafOf plans a primitive type; kind is what the file's metadata says of a text.
func leafOf(t parquet.Type, kind string) *leaf {
	l := &leaf{physical: t.Kind()}
	if logical := t.LogicalType(); logical != nil && l.logical(logical.Value, kind) {
		return l
	}
	if ct := t.ConvertedType(); ct != nil && *ct == deprecated.Interval {
		l.kind, l.take = record.Interval, takeInterval
		return l
	}
	switch l.physical {
	case parquet.Boolean:
		l.kind, l.take = record.Bool, takeBool
	case parquet.Int32:
		l.kind, l.take = record.Int64, takeInt32
	case parquet.Int64:
		l.kind, l.take = record.Int64, takeInt64
	case parquet.Int96:
		l.kind, l.take, l.scale = record.Timestamp, takeInt96, 9
	case parquet.Float:
		l.kind, l.take = record.Float32, takeFloat
	case parquet.Double:
		l.kind, l.take = record.Float64, takeDouble
	case parquet.ByteArray, parquet.FixedLenByteArray:
		l.kind, l.take = record.Bytes, takeBytes
	default: // a type without values
		l.kind, l.take = record.Any, takeNull
	}
	return l
}

// logical plans a logical type; false if it says nothing beyond the physical one.
func (l *leaf) logical(value any, kind string) bool {
	switch t := value.(type) {
	case *format.StringType, *format.EnumType:
		l.kind, l.take = record.String, takeText
		switch kind {
		case record.Decimal.String():
			l.kind = record.Decimal
		case record.Interval.String():
			return l.intervalText()
		}
	case *format.JsonType:
		l.kind, l.take = record.JSON, takeText
	case *format.UUIDType:
		l.kind, l.take = record.UUID, takeUUID
	case *format.DateType:
		l.kind, l.take = record.Date, takeDate
	case *format.DecimalType:
		l.kind, l.take = record.Decimal, takeDecimal
		l.precision, l.scale = int(t.Precision), int(t.Scale)
	case *format.TimeType:
		l.kind, l.take = record.Time, takeTime
		l.times(t.Unit, kind)
	case *format.TimestampType:
		l.kind, l.take = record.Datetime, takeDatetime
		if t.IsAdjustedToUTC {
			l.kind, l.take = record.Timestamp, takeTimestamp
		}
		l.times(t.Unit, kind)
	case *format.IntType:
		if t.IsSigned {
			return false
		}
		l.kind, l.take = record.Uint64, takeUint64
		if l.physical == parquet.Int32 {
			l.take = takeUint32
		}
	default:
		return false
	}
	return true
}

// times plans the unit; the column may have had fewer digits than it.
func (l *leaf) times(u format.TimeUnit, kind string) {
	l.per, l.scale = perSecond(u)
	for scale := range l.scale {
		if kind == timeText(l.kind, scale) {
			l.scale = scale
			return
		}
	}
}

func perSecond(u format.TimeUnit) (per int64, scale int) {
	switch u.Value.(type) {
	case *format.MilliSeconds:
		return 1000, 3
	case *format.MicroSeconds:
		return 1_000_000, 6
	}
	return 1_000_000_000, 9
}

// intervalText plans what putInterval wrote.
func (l *leaf) intervalText() bool {
	l.kind, l.take = record.Interval, takeIntervalText
	f, err := convert.Plan(record.Column{Kind: record.String}, record.Column{Kind: record.Interval}, convert.Options{})
	l.interval, l.staged = f, record.NewBatch(1, 0)
	return err == nil
}

var textRow = record.NewSchema(record.Name{}, []record.Column{{Kind: record.String}})

func takeIntervalText(l *leaf, b *record.Batch, v *parquet.Value) error {
	l.staged.Reset("")
	l.staged.Begin(textRow, record.Insert)
	l.staged.String(v.ByteArray())
	return l.interval(b, l.staged.Row(0), 0)
}

func takeNull(_ *leaf, b *record.Batch, _ *parquet.Value) error {
	b.Null()
	return nil
}

func takeBool(_ *leaf, b *record.Batch, v *parquet.Value) error {
	b.Bool(v.Boolean())
	return nil
}

func takeInt32(_ *leaf, b *record.Batch, v *parquet.Value) error {
	b.Int64(int64(v.Int32()))
	return nil
}

func takeInt64(_ *leaf, b *record.Batch, v *parquet.Value) error {
	b.Int64(v.Int64())
	return nil
}

func takeUint32(_ *leaf, b *record.Batch, v *parquet.Value) error {
	b.Uint64(uint64(v.Uint32()))
	return nil
}

func takeUint64(_ *leaf, b *record.Batch, v *parquet.Value) error {
	b.Uint64(v.Uint64())
	return nil
}

func takeFloat(_ *leaf, b *record.Batch, v *parquet.Value) error {
	b.Float32(v.Float())
	return nil
}

func takeDouble(_ *leaf, b *record.Batch, v *parquet.Value) error {
	b.Float64(v.Double())
	return nil
}

func takeBytes(_ *leaf, b *record.Batch, v *parquet.Value) error {
	b.Bytes(v.ByteArray())
	return nil
}

func takeText(l *leaf, b *record.Batch, v *parquet.Value) error {
	text := v.ByteArray()
	if !utf8.Valid(text) {
		return errclass.BadValue("", errclass.Encoding, "the text is not valid UTF-8")
	}
	b.Take(l.kind, append(b.Buffer(), text...))
	return nil
}

func takeUUID(_ *leaf, b *record.Batch, v *parquet.Value) error {
	id := v.ByteArray()
	if len(id) != 16 {
		return errclass.BadValue("", errclass.Conversion, "a UUID has 16 bytes, this one %d", len(id))
	}
	var text [36]byte
	hex.Encode(text[:], id[:4])
	hex.Encode(text[9:], id[4:6])
	hex.Encode(text[14:], id[6:8])
	hex.Encode(text[19:], id[8:10])
	hex.Encode(text[24:], id[10:])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	b.UUID(text[:])
	return nil
}

func takeDate(_ *leaf, b *record.Batch, v *parquet.Value) error {
	b.Date(int64(v.Int32()))
	return nil
}

func takeDecimal(l *leaf, b *record.Batch, v *parquet.Value) error {
	switch l.physical {
	case parquet.Int32:
		b.Take(record.Decimal, appendUnscaled(b.Buffer(), int64(v.Int32()), l.scale))
	case parquet.Int64:
		b.Take(record.Decimal, appendUnscaled(b.Buffer(), v.Int64(), l.scale))
	default:
		raw := v.ByteArray()
		if len(raw) == 0 {
			return errclass.BadValue("", errclass.Conversion, "a decimal of no bytes")
		}
		b.Take(record.Decimal, appendTwosText(b.Buffer(), raw, l.scale))
	}
	return nil
}

// split returns seconds and nanoseconds of a value.
func (l *leaf) split(v int64) (sec int64, nsec uint32) {
	sec, rest := v/l.per, v%l.per
	if rest < 0 {
		sec, rest = sec-1, rest+l.per
	}
	return sec, uint32(rest * (1_000_000_000 / l.per))
}

func takeTime(l *leaf, b *record.Batch, v *parquet.Value) error {
	n := v.Int64()
	if l.physical == parquet.Int32 {
		n = int64(v.Int32())
	}
	if n < 0 || n > 86400*l.per {
		return errclass.BadValue("", errclass.Overflow, "%d is no time within a day", n)
	}
	b.Time(n * (1_000_000_000 / l.per))
	return nil
}

func takeDatetime(l *leaf, b *record.Batch, v *parquet.Value) error {
	b.Datetime(l.split(v.Int64()))
	return nil
}

func takeTimestamp(l *leaf, b *record.Batch, v *parquet.Value) error {
	b.Timestamp(l.split(v.Int64()))
	return nil
}

const julian1970 = 2440588

// takeInt96 reads nanoseconds of the day and a Julian day, as Impala and
// Spark wrote timestamps.
func takeInt96(_ *leaf, b *record.Batch, v *parquet.Value) error {
	t := v.Int96()
	ns := int64(uint64(t[0]) | uint64(t[1])<<32)
	sec := (int64(int32(t[2]))-julian1970)*86400 + ns/1_000_000_000
	rest := ns % 1_000_000_000
	if rest < 0 {
		sec, rest = sec-1, rest+1_000_000_000
	}
	b.Timestamp(sec, uint32(rest))
	return nil
}

// takeInterval reads months, days and milliseconds.
func takeInterval(_ *leaf, b *record.Batch, v *parquet.Value) error {
	raw := v.ByteArray()
	if len(raw) != 12 {
		return errclass.BadValue("", errclass.Conversion, "an interval has 12 bytes, this one %d", len(raw))
	}
	months, days, ms := binary.LittleEndian.Uint32(raw), binary.LittleEndian.Uint32(raw[4:]), binary.LittleEndian.Uint32(raw[8:])
	b.Interval(int32(months), int32(days), int64(ms)*1000)
	return nil
}
