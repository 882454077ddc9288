package dirty

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/datasync-io/datasync/core/record"
)

// The texts are those that record.Row.AppendText writes.
const (
	datePattern   = `([-+]?\d{4,})-(\d\d)-(\d\d)`
	clockPattern  = `(\d{2,}):(\d\d):(\d\d)(?:\.(\d{1,9}))?`
	offsetPattern = `(Z|[-+]\d\d:\d\d)?`
)

var (
	dateText = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^` + datePattern + `$`)
	})
	timeText = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(-?)` + clockPattern + offsetPattern + `$`)
	})
	datetimeText = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^` + datePattern + ` ` + clockPattern + offsetPattern + `$`)
	})
	intervalText = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^P(-?\d+)M(-?\d+)DT(-?)(\d+)(?:\.(\d{1,6}))?S$`)
	})
	timePatterns = map[record.Kind]func() *regexp.Regexp{
		record.Date: dateText, record.Time: timeText, record.Datetime: datetimeText, record.Timestamp: datetimeText, record.Interval: intervalText,
	}
	infinities = map[string]int{"infinity": 1, "-infinity": -1}
)

const (
	secondsOfDay    = 86400
	secondsOfMinute = 60
	nanosOfSecond   = 1_000_000_000
	microsOfSecond  = 1_000_000
)

// appendTime appends a cell of one of the kinds of time.
func appendTime(b *record.Batch, k record.Kind, text string) error {
	if sign := infinities[text]; sign != 0 && (k == record.Date || k == record.Datetime || k == record.Timestamp) {
		b.Infinity(k, sign)
		return nil
	}
	m := timePatterns[k]().FindStringSubmatch(text)
	if m == nil {
		return fmt.Errorf("%q is no %s", text, k)
	}
	switch k {
	case record.Date:
		b.Date(days(m[1:]))
	case record.Time:
		ns := seconds(m[2:])*nanosOfSecond + fraction(m[5], 9)
		if m[1] == "-" {
			ns = -ns
		}
		if m[6] == "" {
			b.Time(ns)
		} else {
			b.TimeOffset(ns, offset(m[6]))
		}
	case record.Interval:
		micros := number(m[4])*microsOfSecond + fraction(m[5], 6)
		if m[3] == "-" {
			micros = -micros
		}
		b.Interval(int32(number(m[1])), int32(number(m[2])), micros)
	default:
		sec := days(m[1:])*secondsOfDay + seconds(m[4:])
		appendInstant(b, k, sec, uint32(fraction(m[7], 9)), m[8])
	}
	return nil
}

func appendInstant(b *record.Batch, k record.Kind, sec int64, nsec uint32, zone string) {
	switch {
	case k == record.Datetime:
		b.Datetime(sec, nsec)
	case zone == "Z" || zone == "":
		b.Timestamp(sec, nsec)
	default:
		minutes := offset(zone)
		b.TimestampOffset(sec-int64(minutes)*secondsOfMinute, nsec, minutes)
	}
}

// number reads digits that a pattern has let through; the range of the kind
// bounds them.
func number(digits string) int64 {
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0 // "" is no digit
	}
	return n
}

func days(m []string) int64 { return record.Days(number(m[0]), int(number(m[1])), int(number(m[2]))) }

func seconds(m []string) int64 { return number(m[0])*3600 + number(m[1])*60 + number(m[2]) }

// fraction reads a fraction as a number of so many digits.
func fraction(digits string, width int) int64 {
	return number((digits + strings.Repeat("0", width))[:width])
}

func offset(text string) int {
	if text == "Z" {
		return 0
	}
	minutes := int(number(text[1:3]))*60 + int(number(text[4:6]))
	if text[0] == '-' {
		return -minutes
	}
	return minutes
}
