package jsonfmt

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
)

// TestShortFloats compares the short way with the general one.
func TestShortFloats(t *testing.T) {
	check := func(v float64) bool {
		t.Helper()
		got, ok := AppendShort(nil, v)
		if want := strconv.FormatFloat(v, 'f', -1, 64); ok && string(got) != want {
			t.Errorf("%v: %s, want %s", v, got, want)
		}
		return ok
	}
	for v, short := range map[float64]bool{
		1: true, 0.25: true, -0.1: true, 0.0001: true, 1.0001: true, 999_999_999.9999: true, -12.5: true, 0.3: true, 100: true,
		0: false, math.Copysign(0, -1): false, 1e9: false, 0.00001: false, math.Nextafter(0.3, 1): false, 1. / 3: false,
		math.NaN(): false, math.Inf(1): false, math.SmallestNonzeroFloat64: false,
	} {
		if got := check(v); got != short {
			t.Errorf("%v: short is %v, want %v", v, got, short)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		v := float64(random.Int64N(1e13)) / tens[random.IntN(len(tens))]
		check(v)
		check(-math.Nextafter(v, math.Inf(1)))
		check(math.Float64frombits(random.Uint64()))
	}
}
