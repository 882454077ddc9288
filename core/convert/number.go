package convert

import (
	"math"
	"strconv"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

func boolFromInt(_ *pair, dst *record.Batch, r record.Row, c int) error {
	dst.Bool(r.Int64(c) != 0)
	return nil
}

func boolFromUint(_ *pair, dst *record.Batch, r record.Row, c int) error {
	dst.Bool(r.Uint64(c) != 0)
	return nil
}

func boolFromFloat(p *pair, dst *record.Batch, r record.Row, c int) error {
	v := float(r, c)
	if math.IsNaN(v) {
		return p.bad(errclass.Conversion, "NaN is no truth value")
	}
	dst.Bool(v != 0)
	return nil
}

func boolFromDecimal(p *pair, dst *record.Batch, r record.Row, c int) error {
	n, ok := scan(r.Bytes(c))
	if !ok {
		return p.badText(r.Bytes(c), "truth value")
	}
	zero := true
	for i := range n.count() {
		zero = zero && n.digit(i) == 0
	}
	dst.Bool(!zero)
	return nil
}

func boolFromText(p *pair, dst *record.Batch, r record.Row, c int) error {
	v := r.Bytes(c)
	for i, word := range truths {
		if equalFold(v, word) {
			dst.Bool(i%2 == 0)
			return nil
		}
	}
	n, ok := scan(v)
	if !ok {
		return p.badText(v, "truth value")
	}
	value, whole, fits := n.magnitude()
	if !whole {
		return p.badText(v, "truth value")
	}
	dst.Bool(value != 0 || !fits)
	return nil
}

// truths are texts for true and false, by turns.
var truths = [...]string{"true", "false", "t", "f", "yes", "no", "y", "n", "on", "off"}

func intFromBool(_ *pair, dst *record.Batch, r record.Row, c int) error {
	dst.Int64(one(r.Bool(c)))
	return nil
}

func one(v bool) int64 {
	if v {
		return 1
	}
	return 0
}

// putInt appends v unless it exceeds the target's bits.
func (p *pair) putInt(dst *record.Batch, v int64) error {
	if p.bits > 0 && p.bits < 64 && (v < -1<<(p.bits-1) || v >= 1<<(p.bits-1)) {
		return p.bad(errclass.Overflow, "%d does not fit an integer of %d bits", v, p.bits)
	}
	dst.Int64(v)
	return nil
}

func (p *pair) putUint(dst *record.Batch, v uint64) error {
	if p.bits > 0 && p.bits < 64 && v >= 1<<p.bits {
		return p.bad(errclass.Overflow, "%d does not fit an unsigned integer of %d bits", v, p.bits)
	}
	dst.Uint64(v)
	return nil
}

func intFromInt(p *pair, dst *record.Batch, r record.Row, c int) error {
	return p.putInt(dst, r.Int64(c))
}

func intFromUint(p *pair, dst *record.Batch, r record.Row, c int) error {
	v := r.Uint64(c)
	if v > math.MaxInt64 {
		return p.bad(errclass.Overflow, "%d does not fit an integer of 64 bits", v)
	}
	return p.putInt(dst, int64(v))
}

func float(r record.Row, c int) float64 {
	if r.Kind(c) == record.Float32 {
		return float64(r.Float32(c))
	}
	return r.Float64(c)
}

func intFromFloat(p *pair, dst *record.Batch, r record.Row, c int) error {
	v := float(r, c)
	if v != math.Trunc(v) || math.IsInf(v, 0) {
		return p.bad(errclass.Conversion, "%v is no whole number", v)
	}
	if v < -1<<63 || v >= 1<<63 {
		return p.bad(errclass.Overflow, "%v does not fit an integer of 64 bits", v)
	}
	return p.putInt(dst, int64(v))
}

func intFromText(p *pair, dst *record.Batch, r record.Row, c int) error {
	b := r.Bytes(c)
	if v, ok := shortInt(b); ok {
		return p.putInt(dst, v)
	}
	n, ok := scan(b)
	if !ok {
		return p.badText(b, "integer")
	}
	v, whole, fits := n.magnitude()
	limit := uint64(math.MaxInt64)
	if n.negative {
		limit++
	}
	switch {
	case !whole:
		return p.badText(b, "integer")
	case !fits || v > limit:
		return p.overflow(b, "an integer of 64 bits")
	case n.negative:
		return p.putInt(dst, -int64(v))
	}
	return p.putInt(dst, int64(v))
}

// shortInt reads an integer of at most 18 digits, which cannot overflow.
func shortInt(b []byte) (v int64, ok bool) {
	digits := b
	if len(b) > 0 && b[0] == '-' {
		digits = b[1:]
	}
	if len(digits) == 0 || len(digits) > 18 {
		return 0, false
	}
	for _, d := range digits {
		d -= '0'
		if d > 9 {
			return 0, false
		}
		v = v*10 + int64(d)
	}
	if len(digits) < len(b) {
		v = -v
	}
	return v, true
}

func uintFromBool(_ *pair, dst *record.Batch, r record.Row, c int) error {
	dst.Uint64(uint64(one(r.Bool(c))))
	return nil
}

func uintFromInt(p *pair, dst *record.Batch, r record.Row, c int) error {
	v := r.Int64(c)
	if v < 0 {
		return p.bad(errclass.Overflow, "%d does not fit an unsigned integer", v)
	}
	return p.putUint(dst, uint64(v))
}

func uintFromUint(p *pair, dst *record.Batch, r record.Row, c int) error {
	return p.putUint(dst, r.Uint64(c))
}

func uintFromFloat(p *pair, dst *record.Batch, r record.Row, c int) error {
	v := float(r, c)
	if v != math.Trunc(v) || math.IsInf(v, 0) {
		return p.bad(errclass.Conversion, "%v is no whole number", v)
	}
	if v < 0 || v >= 1<<64 {
		return p.bad(errclass.Overflow, "%v does not fit an unsigned integer of 64 bits", v)
	}
	return p.putUint(dst, uint64(v))
}

func uintFromText(p *pair, dst *record.Batch, r record.Row, c int) error {
	b := r.Bytes(c)
	n, ok := scan(b)
	if !ok {
		return p.badText(b, "integer")
	}
	v, whole, fits := n.magnitude()
	switch {
	case !whole:
		return p.badText(b, "integer")
	case !fits || n.negative && v > 0:
		return p.overflow(b, "an unsigned integer of 64 bits")
	}
	return p.putUint(dst, v)
}

// putFloat appends v as the target's kind of float.
func (p *pair) putFloat(dst *record.Batch, v float64) error {
	if p.to.Kind == record.Float64 {
		dst.Float64(v)
		return nil
	}
	narrow := float32(v)
	if math.IsInf(float64(narrow), 0) && !math.IsInf(v, 0) {
		return p.bad(errclass.Overflow, "%v does not fit a float of 32 bits", v)
	}
	dst.Float32(narrow)
	return nil
}

func floatFromBool(p *pair, dst *record.Batch, r record.Row, c int) error {
	return p.putFloat(dst, float64(one(r.Bool(c))))
}

// exact is the magnitude up to which a float of the target's size holds every integer.
func (p *pair) exact() int {
	if p.to.Kind == record.Float32 {
		return 24
	}
	return 53
}

func floatFromInt(p *pair, dst *record.Batch, r record.Row, c int) error {
	v := r.Int64(c)
	if abs := uint64(max(v, -v)); v == math.MinInt64 || !exactBits(abs, p.exact()) {
		if v != math.MinInt64 { // a power of two is exact
			return p.bad(errclass.Overflow, "%d has more digits than a float of kind %s holds", v, p.to.Kind)
		}
	}
	return p.putFloat(dst, float64(v))
}

func floatFromUint(p *pair, dst *record.Batch, r record.Row, c int) error {
	v := r.Uint64(c)
	if !exactBits(v, p.exact()) {
		return p.bad(errclass.Overflow, "%d has more digits than a float of kind %s holds", v, p.to.Kind)
	}
	return p.putFloat(dst, float64(v))
}

// exactBits tells whether v has at most that many significant bits.
func exactBits(v uint64, bits int) bool {
	for v != 0 && v&1 == 0 {
		v >>= 1
	}
	return v < 1<<bits
}

func float32FromFloat64(p *pair, dst *record.Batch, r record.Row, c int) error {
	return p.putFloat(dst, r.Float64(c))
}

// float64FromFloat32 keeps the bits' value, not the shortest text's.
func float64FromFloat32(_ *pair, dst *record.Batch, r record.Row, c int) error {
	dst.Float64(float64(r.Float32(c)))
	return nil
}

func floatFromText(p *pair, dst *record.Batch, r record.Row, c int) error {
	b := r.Bytes(c)
	bits := 64
	if p.to.Kind == record.Float32 {
		bits = 32
	}
	if _, ok := scan(b); !ok && special(b) == "" {
		return p.badText(b, "number")
	}
	v, err := strconv.ParseFloat(string(b), bits)
	if err != nil {
		return p.overflow(b, "a float of "+strconv.Itoa(bits)+" bits")
	}
	return p.putFloat(dst, v)
}

func decimalFromBool(p *pair, dst *record.Batch, r record.Row, c int) error {
	return p.putDecimal(dst, strconv.AppendInt(dst.Buffer(), one(r.Bool(c)), 10))
}

func decimalFromNumber(p *pair, dst *record.Batch, r record.Row, c int) error {
	return p.putDecimal(dst, r.AppendText(dst.Buffer(), c))
}

func decimalFromFloat(p *pair, dst *record.Batch, r record.Row, c int) error {
	bits := 64
	if r.Kind(c) == record.Float32 {
		bits = 32
	}
	v := float(r, c)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		dst.Take(record.Decimal, record.AppendFloat(dst.Buffer(), v, bits))
		return nil
	}
	return p.putDecimal(dst, strconv.AppendFloat(dst.Buffer(), v, 'f', -1, bits))
}

// putDecimal takes what was appended to dst.Buffer, if it fits the target.
func (p *pair) putDecimal(dst *record.Batch, buf []byte) error {
	if p.to.Precision > 0 {
		v := buf[len(dst.Buffer()):]
		if n, ok := scan(v); !ok || !n.fits(p.to.Precision, p.to.Scale) {
			return p.tooLong(v)
		}
	}
	dst.Take(record.Decimal, buf)
	return nil
}

func (p *pair) tooLong(v []byte) error {
	return p.overflow(v, "decimal("+strconv.Itoa(p.to.Precision)+","+strconv.Itoa(p.to.Scale)+")")
}

func decimalFromText(p *pair, dst *record.Batch, r record.Row, c int) error {
	b := r.Bytes(c)
	n, ok := scan(b)
	if !ok {
		s := special(b)
		if s == "" {
			return p.badText(b, "decimal number")
		}
		dst.Text(record.Decimal, s)
		return nil
	}
	if p.to.Precision > 0 && !n.fits(p.to.Precision, p.to.Scale) {
		return p.tooLong(b)
	}
	if n.plain(b) {
		dst.Take(record.Decimal, append(dst.Buffer(), b...))
		return nil
	}
	dst.Take(record.Decimal, n.appendPlain(dst.Buffer()))
	return nil
}
