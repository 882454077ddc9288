package matrix

import (
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// generator makes random values, as literals.
type generator struct{ *rand.Rand }

func integer(low, high int64) func(*generator) string {
	return func(g *generator) string {
		span := uint64(high) - uint64(low)
		n := g.Uint64()
		if span != math.MaxUint64 {
			n %= span + 1
		}
		return strconv.FormatInt(int64(uint64(low)+n>>g.IntN(8)), 10)
	}
}

func unsigned(g *generator) string { return strconv.FormatUint(g.Uint64()>>g.IntN(64), 10) }

// decimalOf makes up to so many digits before and after the point.
func decimalOf(whole, fraction int) func(*generator) string {
	return func(g *generator) string {
		s := []string{"", "-"}[g.IntN(2)] + g.digits(1+g.IntN(whole))
		if fraction > 0 {
			s += "." + g.digits(1+g.IntN(fraction))
		}
		return s
	}
}

func (g *generator) digits(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('0' + g.IntN(10))
	}
	return string(b)
}

func float(g *generator) string {
	for {
		f := math.Float64frombits(g.Uint64())
		if abs := math.Abs(f); !math.IsNaN(f) && !math.IsInf(f, 0) && abs > 1e-300 && abs < 1e300 {
			return strconv.FormatFloat(f, 'e', -1, 64)
		}
	}
}

func (g *generator) moment() time.Time {
	return time.Unix(g.Int64N(250_000_000_000)-60_000_000_000, g.Int64N(1e9)).UTC() // years 68 to 9892
}

func dateValue(g *generator) string { return "'" + g.moment().Format("2006-01-02") + "'" }

func datetimeValue(digits int) func(*generator) string {
	return func(g *generator) string {
		return "'" + g.moment().Format("2006-01-02 15:04:05."+strings.Repeat("0", digits)) + "'"
	}
}

const letters = "aZ09 ,;\t'\"|{}[]<>%_-#$äß漢😀"

func textValue(g *generator) string {
	all := []rune(letters)
	var b strings.Builder
	for range g.IntN(60) {
		b.WriteRune(all[g.IntN(len(all))])
	}
	return "'" + strings.ReplaceAll(b.String(), "'", "''") + "'"
}

func bytesValue(g *generator) string {
	b := make([]byte, g.IntN(100))
	for i := range b {
		b[i] = byte(g.Uint32())
	}
	return fmt.Sprintf("X'%s'", hex.EncodeToString(b))
}
