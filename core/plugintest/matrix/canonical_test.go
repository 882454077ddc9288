package matrix

import (
	"encoding/json"
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

// same tells that two systems' texts mean one value.
func same(f family, a, b string) bool { return a == b || canonical(f, a) == canonical(f, b) }

func canonical(f family, s string) string {
	switch f {
	case number:
		return canonicalNumber(s)
	case single, double:
		size := map[family]int{single: 32, double: 64}[f]
		if v, err := strconv.ParseFloat(s, size); err == nil {
			s = strconv.FormatFloat(v, 'g', -1, size)
		}
		return canonicalNumber(s)
	case boolean:
		return map[string]string{"t": "1", "true": "1", "f": "0", "false": "0"}[strings.ToLower(s)] + strings.Trim(s, "truefalsTRUEFALS")
	case bits:
		return strings.TrimLeft(s, "0")
	case bytes:
		return strings.ToUpper(s)
	case moment:
		return canonicalMoment(s)
	case document:
		return canonicalDocument(s)
	}
	return s
}

func canonicalNumber(s string) string {
	switch low := strings.ToLower(strings.TrimPrefix(s, "+")); low {
	case "nan":
		return low
	case "inf", "infinity":
		return "infinity"
	case "-inf", "-infinity":
		return "-infinity"
	}
	r, ok := new(big.Rat).SetString(s)
	switch {
	case !ok:
		return s
	case r.Sign() == 0 && strings.HasPrefix(s, "-"):
		return "-0"
	}
	return r.RatString()
}

var (
	zeroFraction = regexp.MustCompile(`(\.\d*?)0+(\D|$)`)
	noFraction   = regexp.MustCompile(`\.(\D|$)`)
	zeroZone     = regexp.MustCompile(`(:\d\d(?:\.\d+)?)(Z|[+-]00(:00)?)`)
	shortZone    = regexp.MustCompile(`([+-]\d\d)$`)
	betweenTimes = regexp.MustCompile(`^([^ ]*\d{4,}-\d\d-\d\d)T`)
)

func canonicalMoment(s string) string {
	s = betweenTimes.ReplaceAllString(s, "$1 ")
	s = zeroZone.ReplaceAllString(s, "$1")
	s = zeroFraction.ReplaceAllString(s, "$1$2")
	s = noFraction.ReplaceAllString(s, "$1")
	if strings.Count(s, ":") > 0 {
		s = shortZone.ReplaceAllString(s, "$1:00")
	}
	return s
}

func canonicalDocument(s string) string {
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return s
	}
	out, err := json.Marshal(plainNumbers(v)) // members sorted
	if err != nil {
		return s
	}
	return string(out)
}

// plainNumbers spells all numbers of a document in one way.
func plainNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		return canonicalNumber(v.String())
	case []any:
		for i := range v {
			v[i] = plainNumbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = plainNumbers(v[k])
		}
	}
	return v
}
