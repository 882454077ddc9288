package tdspeer

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"strings"
	"time"
)

// Values of results are given as Go values: nil, bool, int64 (or int), float64
// (also for real), string for texts, decimals, money and GUIDs, []byte, and
// time.Time for all times, a datetimeoffset with its offset. A sql_variant's
// value is a [Variant]. Values of loads come back the same way, but times as
// text, which is easier to compare.

// Variant is a sql_variant's value.
type Variant struct {
	Type  string
	Value any
}

func (t typeInfo) plp() bool {
	return t.id == idXML || t.id == idUDT || t.size == unlimited && t.id >= idVarbinary
}

// write sends one value; narrow says that it stands in a ROW, where NULL is
// spelled by the type.
func (t typeInfo) value(w *writer, v any) {
	switch {
	case v == nil && t.plp():
		w.uint64(plpNull)
	case v == nil && t.id == idVariant:
		w.uint32(0)
	case v == nil && t.id >= idVarbinary:
		w.uint16(unlimited)
	case v == nil:
		w.byte(0)
	case t.plp():
		raw := t.raw(v)
		w.uint64(uint64(len(raw)))
		for len(raw) > 0 { // in two chunks, so that both are read
			n := (len(raw) + 1) / 2
			w.uint32(uint32(n))
			w.bytes(raw[:n])
			raw = raw[n:]
		}
		w.uint32(0)
	case t.id == idVariant:
		t.variant(w, v.(Variant))
	case t.id == idText || t.id == idNText || t.id == idImage:
		raw := t.raw(v)
		w.byte(16)
		w.bytes(make([]byte, 16+8))
		w.uint32(uint32(len(raw)))
		w.bytes(raw)
	case t.id >= idVarbinary:
		raw := t.raw(v)
		w.uint16(uint16(len(raw)))
		w.bytes(raw)
	default:
		raw := t.raw(v)
		w.byte(byte(len(raw)))
		w.bytes(raw)
	}
}

// variant sends a value with its base type; of integers and the like the type
// is the one of fixed length.
func (t typeInfo) variant(w *writer, v Variant) {
	base := wireType(v.Type)
	raw := base.raw(v.Value)
	id, props := base.id, []byte(nil)
	switch base.id {
	case idInt:
		id = map[int]byte{1: 0x30, 2: 0x34, 4: 0x38, 8: 0x7f}[base.size]
	case idBit:
		id = 0x32
	case idFloat:
		id = map[int]byte{4: 0x3b, 8: 0x3e}[base.size]
	case idMoney:
		id = map[int]byte{4: 0x7a, 8: 0x3c}[base.size]
	case idDatetime:
		id = map[int]byte{4: 0x3a, 8: 0x3d}[base.size]
	case idTime, idDatetime2, idOffset:
		props = []byte{base.scale}
	case idDecimal, idNumeric:
		props = []byte{base.precision, base.scale}
	case idVarbinary, idBinary:
		props = binary.LittleEndian.AppendUint16(nil, uint16(base.size))
	case idVarchar, idChar, idNVarchar, idNChar:
		props = binary.LittleEndian.AppendUint16(append(binary.LittleEndian.AppendUint32(nil, latinLocale), 0), uint16(base.size))
	}
	w.uint32(uint32(2 + len(props) + len(raw)))
	w.byte(id)
	w.byte(byte(len(props)))
	w.bytes(props)
	w.bytes(raw)
}

// raw is a value's bytes without its length.
func (t typeInfo) raw(v any) []byte {
	switch t.id {
	case idInt:
		n := integer(v)
		return binary.LittleEndian.AppendUint64(nil, uint64(n))[:t.size]
	case idBit:
		if v.(bool) {
			return []byte{1}
		}
		return []byte{0}
	case idFloat:
		if t.size == 4 {
			return binary.LittleEndian.AppendUint32(nil, math.Float32bits(float32(v.(float64))))
		}
		return binary.LittleEndian.AppendUint64(nil, math.Float64bits(v.(float64)))
	case idDecimal, idNumeric:
		return rawDecimal(v.(string), int(t.precision), int(t.scale))
	case idMoney:
		n := scaled(v.(string), 4).Int64()
		if t.size == 4 {
			return binary.LittleEndian.AppendUint32(nil, uint32(n))
		}
		return binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, uint32(uint64(n)>>32)), uint32(n))
	case idGUID:
		return rawGUID(v.(string))
	case idNVarchar, idNChar, idNText, idXML:
		return ucs2(v.(string))
	case idVarchar, idChar, idText:
		if s, ok := v.(string); ok {
			return []byte(s)
		}
		return v.([]byte)
	case idDate, idTime, idDatetime2, idOffset, idDatetime:
		return t.rawTime(v.(time.Time))
	}
	return v.([]byte)
}

func integer(v any) int64 {
	if n, ok := v.(int); ok {
		return int64(n)
	}
	return v.(int64)
}

// scaled is a decimal's text as an integer of so many digits after the point.
func scaled(text string, scale int) *big.Int {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		panic("tdspeer: no decimal " + text)
	}
	r.Mul(r, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)))
	if !r.IsInt() {
		panic("tdspeer: the decimal has too many digits: " + text)
	}
	return r.Num()
}

func decimalSize(precision int) int {
	switch {
	case precision <= 9:
		return 4
	case precision <= 19:
		return 8
	case precision <= 28:
		return 12
	}
	return 16
}

func rawDecimal(text string, precision, scale int) []byte {
	n := scaled(text, scale)
	raw := make([]byte, 1+decimalSize(precision))
	if n.Sign() >= 0 {
		raw[0] = 1
	}
	digits := n.Bytes()
	for i := range digits {
		raw[1+i] = digits[len(digits)-1-i]
	}
	return raw
}

var guidOrder = []int{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15}

func rawGUID(text string) []byte {
	plain, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(plain) != 16 {
		panic("tdspeer: no GUID " + text)
	}
	raw := make([]byte, 16)
	for i, at := range guidOrder {
		raw[i] = plain[at]
	}
	return raw
}

var dayOne = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)

// rawTime encodes a time; its wall clock counts, but for a datetimeoffset,
// which is kept in UTC beside its offset.
func (t typeInfo) rawTime(v time.Time) []byte {
	_, offset := v.Zone()
	if t.id != idOffset {
		v = time.Date(v.Year(), v.Month(), v.Day(), v.Hour(), v.Minute(), v.Second(), v.Nanosecond(), time.UTC)
	}
	v = v.UTC()
	midnight := time.Date(v.Year(), v.Month(), v.Day(), 0, 0, 0, 0, time.UTC)
	days := (midnight.Unix() - dayOne.Unix()) / 86400
	clock := v.Sub(midnight)
	if t.id == idDatetime {
		since := days - (time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC).Unix()-dayOne.Unix())/86400
		if t.size == 4 {
			return binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(nil, uint16(since)), uint16(clock/time.Minute))
		}
		ticks := uint32(math.Round(clock.Seconds() * 300))
		return binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, uint32(since)), ticks)
	}
	date := binary.LittleEndian.AppendUint32(nil, uint32(days))[:3]
	if t.id == idDate {
		return date
	}
	step := int64(math.Pow10(9 - int(t.scale)))
	raw := binary.LittleEndian.AppendUint64(nil, uint64(int64(clock)/step))[:timeSize(t.scale)]
	if t.id != idTime {
		raw = append(raw, date...)
	}
	if t.id == idOffset {
		raw = binary.LittleEndian.AppendUint16(raw, uint16(int16(offset/60)))
	}
	return raw
}

func timeSize(scale byte) int {
	switch {
	case scale <= 2:
		return 3
	case scale <= 4:
		return 4
	}
	return 5
}

// read takes one value of a load apart, the reverse of value.
func (t typeInfo) read(r *reader, fixed bool) any {
	var raw []byte
	switch {
	case fixed:
		raw = r.take(t.size)
	case t.plp():
		total := r.uint64()
		if total == plpNull {
			return nil
		}
		raw = []byte{}
		for n := r.uint32(); n > 0; n = r.uint32() {
			raw = append(raw, r.take(int(n))...)
		}
		if total != plpUnknown && total != uint64(len(raw)) {
			panic(fmt.Errorf("a value of %d bytes has %d", total, len(raw)))
		}
	case t.id == idText || t.id == idNText || t.id == idImage:
		n := int(r.byte())
		if n == 0 {
			return nil
		}
		r.take(n + 8)
		raw = r.take(int(r.uint32()))
	case t.id >= idVarbinary:
		n := int(r.uint16())
		if n == unlimited {
			return nil
		}
		if n > t.size {
			panic(fmt.Errorf("a value of %d bytes in a column of %d", n, t.size))
		}
		raw = r.take(n)
	default:
		n := int(r.byte())
		if n == 0 {
			return nil
		}
		raw = r.take(n)
	}
	return t.parse(raw)
}

func (t typeInfo) parse(raw []byte) any {
	switch t.id {
	case idInt:
		return parseInt(raw)
	case idBit:
		return raw[0] != 0
	case idFloat:
		if len(raw) == 4 {
			return float64(math.Float32frombits(binary.LittleEndian.Uint32(raw)))
		}
		return math.Float64frombits(binary.LittleEndian.Uint64(raw))
	case idDecimal, idNumeric:
		return parseDecimal(raw, int(t.scale))
	case idMoney:
		n := int64(int32(binary.LittleEndian.Uint32(raw)))
		if len(raw) == 8 {
			n = int64(uint64(binary.LittleEndian.Uint32(raw))<<32 | uint64(binary.LittleEndian.Uint32(raw[4:])))
		}
		return new(big.Rat).SetFrac(big.NewInt(n), big.NewInt(10000)).FloatString(4)
	case idGUID:
		plain := make([]byte, 16)
		for i, at := range guidOrder {
			plain[at] = raw[i]
		}
		h := hex.EncodeToString(plain)
		return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
	case idNVarchar, idNChar, idNText, idXML:
		return fromUCS2(raw)
	case idDate, idTime, idDatetime2, idOffset, idDatetime:
		return t.parseTime(raw)
	}
	return append([]byte{}, raw...)
}

func parseInt(raw []byte) int64 {
	switch len(raw) {
	case 1:
		return int64(raw[0])
	case 2:
		return int64(int16(binary.LittleEndian.Uint16(raw)))
	case 4:
		return int64(int32(binary.LittleEndian.Uint32(raw)))
	}
	return int64(binary.LittleEndian.Uint64(raw))
}

func parseDecimal(raw []byte, scale int) string {
	digits := make([]byte, len(raw)-1)
	for i := range digits {
		digits[i] = raw[len(raw)-1-i]
	}
	n := new(big.Int).SetBytes(digits)
	if raw[0] == 0 {
		n.Neg(n)
	}
	return new(big.Rat).SetFrac(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)).FloatString(scale)
}

func (t typeInfo) parseTime(raw []byte) string {
	if t.id == idDatetime {
		since := time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)
		if len(raw) == 4 {
			day := since.AddDate(0, 0, int(binary.LittleEndian.Uint16(raw)))
			return day.Add(time.Duration(binary.LittleEndian.Uint16(raw[2:])) * time.Minute).Format("2006-01-02 15:04")
		}
		day := since.AddDate(0, 0, int(int32(binary.LittleEndian.Uint32(raw))))
		ms := math.Round(float64(binary.LittleEndian.Uint32(raw[4:])) * 10 / 3)
		return day.Add(time.Duration(ms) * time.Millisecond).Format("2006-01-02 15:04:05.000")
	}
	fraction := ""
	if t.scale > 0 {
		fraction = "." + strings.Repeat("0", int(t.scale))
	}
	var clock time.Duration
	if t.id != idDate {
		n := timeSize(t.scale)
		ticks := binary.LittleEndian.Uint64(append(append([]byte{}, raw[:n]...), make([]byte, 8-n)...))
		clock, raw = time.Duration(ticks*uint64(math.Pow10(9-int(t.scale)))), raw[n:]
	}
	if t.id == idTime {
		return dayOne.Add(clock).Format("15:04:05" + fraction)
	}
	day := dayOne.AddDate(0, 0, int(binary.LittleEndian.Uint32(append(append([]byte{}, raw[:3]...), 0))))
	switch t.id {
	case idDate:
		return day.Format("2006-01-02")
	case idDatetime2:
		return day.Add(clock).Format("2006-01-02 15:04:05" + fraction)
	}
	offset := int(int16(binary.LittleEndian.Uint16(raw[3:])))
	return day.Add(clock).In(time.FixedZone("", offset*60)).Format("2006-01-02 15:04:05" + fraction + " -07:00")
}
