package matrix

import (
	"encoding/base64"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// represented returns the meaning of a text at the target that is another than
// the source's; "": that is no representation of it, the value was changed.
func represented(from, to *system, c column, source, target string) string {
	for _, r := range representations {
		if r.applies(from, to, c) && r.same(source, target) {
			return r.text
		}
	}
	return ""
}

// representation is one way in which a value is at home in another system.
type representation struct {
	text    string // for the page
	applies func(from, to *system, c column) bool
	same    func(source, target string) bool
}

var representations = []representation{
	{"base64", into(bytes, jsonSystem, csvSystem, parquetSystem, kafkaSystem), func(source, target string) bool {
		raw, err := base64.StdEncoding.DecodeString(target)
		return err == nil && strings.EqualFold(digits(raw), source)
	}},
	{"the number", into(bits), func(source, target string) bool {
		a, ok := new(big.Int).SetString(source, 2)
		return ok && a.String() == target
	}},
	{"true or false", into(bits), func(source, target string) bool {
		return source == "0" && (target == "false" || target == "f") || source == "1" && (target == "true" || target == "t")
	}},
	{"ISO 8601, P*months*M*days*DT*seconds*S", into(span), func(source, target string) bool { return isoSpan(source) == target }},
	{"ISO 8601 years", into(moment), func(source, target string) bool { return same(moment, isoYear(source), target) }},
	{"0, there is no -0", func(_, to *system, c column) bool {
		return (c.family == single || c.family == double) && (to.title == "SQLite" || to.title == "MariaDB")
	}, func(source, target string) bool {
		return canonicalNumber(source) == "-0" && canonicalNumber(target) == "0"
	}},
}

// into takes the values of a family in some targets, or in all.
func into(f family, targets ...*system) func(from, to *system, c column) bool {
	return func(_, to *system, c column) bool {
		return c.family == f && (len(targets) == 0 || slices.Contains(targets, to))
	}
}

// loses tells that a target has no room for some values of a family.
func (s *system) loses(family) bool { return false }

// isoYear spells years before 1 and after 9999 as ISO 8601 does.
func isoYear(s string) string {
	year, rest, _ := strings.Cut(s, "-")
	n, err := strconv.Atoi(year)
	if err != nil {
		return s
	}
	if before, bc := strings.CutSuffix(rest, " BC"); bc {
		return fmt.Sprintf("-%04d-%s", n-1, before)
	}
	if n > 9999 {
		return "+" + s
	}
	return s
}

var spanPart = regexp.MustCompile(`([+-]?\d+) (year|mon|day)s?|([+-]?)(\d+):(\d\d):(\d\d)(\.\d+)?`)

// isoSpan spells PostgreSQL's text of an interval with months, days and seconds.
func isoSpan(s string) string {
	months, days, seconds := 0, 0, "0"
	for _, m := range spanPart.FindAllStringSubmatch(s, -1) {
		n, _ := strconv.Atoi(m[1])
		switch m[2] {
		case "year":
			months += 12 * n
		case "mon":
			months += n
		case "day":
			days += n
		default:
			var part [3]int
			for i := range part {
				part[i], _ = strconv.Atoi(m[4+i])
			}
			seconds = strconv.Itoa(part[0]*3600+part[1]*60+part[2]) + m[7]
			if m[3] == "-" {
				seconds = "-" + seconds
			}
		}
	}
	return fmt.Sprintf("P%dM%dDT%sS", months, days, seconds)
}
