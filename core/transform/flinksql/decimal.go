package flinksql

import (
	"strconv"

	"github.com/cockroachdb/apd/v3"
)

const (
	maxPrecision = 38    // of Flink's DECIMAL
	mostDigits   = 1_000 // of a decimal without declared precision
	freeScale    = 18    // of a quotient where no operand has a declared scale
)

// exact computes without rounding: precision 0 has no bound.
var exact = apd.BaseContext

var powers = powersOfTen()

// powersOfTen are 10^0 to 10^76: as far as products of two decimals reach.
func powersOfTen() (all [2*maxPrecision + 1]apd.BigInt) {
	all[0].SetInt64(1)
	ten := apd.NewBigInt(10)
	for i := 1; i < len(all); i++ {
		all[i].Mul(&all[i-1], ten)
	}
	return all
}

func power(n int) *apd.BigInt {
	if n < len(powers) {
		return &powers[n]
	}
	return new(apd.BigInt).Exp(apd.NewBigInt(10), apd.NewBigInt(int64(n)), nil)
}

// parseDecimal reads [+-]digits[.digits][e[+-]digits] into d.
func parseDecimal(d *apd.Decimal, b []byte) bool {
	i, negative := 0, false
	if i < len(b) && (b[i] == '-' || b[i] == '+') {
		negative = b[i] == '-'
		i++
	}
	var n uint64
	digits, point, seen := 0, -1, 0
	for ; i < len(b); i++ {
		c := b[i] - '0'
		if c > 9 {
			if b[i] == '.' && point < 0 {
				point = 0
				continue
			}
			break
		}
		if point >= 0 {
			point++
		}
		seen++
		if n != 0 || c != 0 {
			digits++
		}
		n = n*10 + uint64(c)
	}
	if seen == 0 || seen > 20_000 {
		return false
	}
	if i < len(b) || digits > 18 {
		return parseLong(d, b)
	}
	d.Form, d.Negative, d.Exponent = apd.Finite, negative && n != 0, -int32(max(point, 0))
	d.Coeff.SetUint64(n)
	return true
}

// parseLong reads what has an exponent or more than 18 digits.
func parseLong(d *apd.Decimal, b []byte) bool {
	if _, _, err := d.SetString(string(b)); err != nil || d.Form != apd.Finite || d.Exponent > mostDigits || d.Exponent < -20_000 {
		return false
	}
	return true
}

// appendDecimal appends plain digits.
func appendDecimal(dst []byte, d *apd.Decimal) []byte {
	if !d.Coeff.IsUint64() || d.Exponent > 0 {
		return d.Append(dst, 'f')
	}
	n, scale := d.Coeff.Uint64(), int(-d.Exponent)
	if d.Negative && n != 0 {
		dst = append(dst, '-')
	}
	var buf [24]byte
	digits := strconv.AppendUint(buf[:0], n, 10)
	if scale == 0 {
		return append(dst, digits...)
	}
	if whole := len(digits) - scale; whole > 0 {
		dst = append(dst, digits[:whole]...)
		return append(append(dst, '.'), digits[whole:]...)
	}
	dst = append(dst, '0', '.')
	for i := len(digits); i < scale; i++ {
		dst = append(dst, '0')
	}
	return append(dst, digits...)
}

// rounding is how a quotient becomes whole.
type rounding uint8

const (
	halfUp rounding = iota // away from 0 from one half on
	down                   // toward 0
	floor
	ceiling
)

// calc is the working memory of a decimal expression.
type calc struct{ num, den, rem, twice, scaled apd.BigInt }

// rescale gives d that many digits after the point.
func (k *calc) rescale(d *apd.Decimal, scale int, how rounding) {
	by := int(d.Exponent) + scale
	switch {
	case by == 0:
		return
	case by > 0:
		d.Coeff.Mul(&d.Coeff, power(by))
	default:
		k.den.Set(power(-by))
		k.divide(&d.Coeff, &d.Coeff, &k.den, d.Negative, how)
	}
	d.Exponent = -int32(scale)
	if d.Coeff.Sign() == 0 {
		d.Negative = false
	}
}

// divide sets z to x/y, both not negative; negative is the quotient's sign.
func (k *calc) divide(z, x, y *apd.BigInt, negative bool, how rounding) {
	k.num.Set(x)
	z.QuoRem(&k.num, y, &k.rem)
	if k.rem.Sign() == 0 {
		return
	}
	up := false
	switch how {
	case halfUp:
		k.twice.Add(&k.rem, &k.rem)
		up = k.twice.Cmp(y) >= 0
	case floor:
		up = negative
	case ceiling:
		up = !negative
	}
	if up {
		z.Add(z, &powers[0])
	}
}

// quo sets d to x/y, rounded half up to scale.
func (k *calc) quo(d, x, y *apd.Decimal, scale int) {
	by := scale + int(x.Exponent) - int(y.Exponent)
	negative := x.Negative != y.Negative
	k.scaled.Set(&x.Coeff)
	k.den.Set(&y.Coeff)
	if by >= 0 {
		k.scaled.Mul(&k.scaled, power(by))
	} else {
		k.den.Mul(&k.den, power(-by))
	}
	k.divide(&d.Coeff, &k.scaled, &k.den, negative, halfUp)
	d.Form, d.Exponent = apd.Finite, -int32(scale)
	d.Negative = negative && d.Coeff.Sign() != 0
}

// fits tells whether d has no more digits than its type allows.
func fits(d *apd.Decimal, t typ) bool {
	most := t.precision
	if most == 0 {
		return d.NumDigits()+int64(max(d.Exponent, 0)) <= mostDigits
	}
	if most <= 18 && d.Coeff.IsUint64() {
		return d.Coeff.Uint64() < tens[most]
	}
	return d.Coeff.Cmp(power(most)) < 0
}

var tens = [...]uint64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18}

// wholeOf returns d toward 0 as an integer.
func (k *calc) wholeOf(d *apd.Decimal) (int64, bool) {
	if d.Exponent == 0 && d.Coeff.IsInt64() {
		n := d.Coeff.Int64()
		if d.Negative {
			n = -n
		}
		return n, true
	}
	var w apd.Decimal
	w.Set(d)
	k.rescale(&w, 0, down)
	if w.Negative {
		w.Coeff.Neg(&w.Coeff)
	}
	if !w.Coeff.IsInt64() {
		return 0, false
	}
	return w.Coeff.Int64(), true
}

// floatOf returns the float nearest to d.
func floatOf(d *apd.Decimal) float64 {
	if d.Coeff.IsInt64() && d.Exponent == 0 {
		f := float64(d.Coeff.Int64())
		if d.Negative {
			return -f
		}
		return f
	}
	f, _ := strconv.ParseFloat(d.Text('E'), 64) // beyond the range: ±Inf
	return f
}

// bounded returns Flink's type for a decimal that would need that many digits.
func bounded(precision, scale int) typ {
	if precision > maxPrecision {
		whole := precision - scale
		scale = max(maxPrecision-whole, min(scale, 6))
		precision = maxPrecision
	}
	return typ{family: decimalFamily, precision: precision, scale: scale}
}

// asDecimal is the decimal type that holds a number.
func (t typ) asDecimal() typ {
	switch {
	case t.family == intFamily:
		return typ{family: decimalFamily, precision: map[int]int{8: 3, 16: 5, 32: 10, 64: 19}[t.bits]}
	case t.family == decimalFamily:
		return t
	}
	return numberType
}
