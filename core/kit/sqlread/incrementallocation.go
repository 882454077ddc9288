package sqlread

import (
	"encoding/hex"
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// Locations are values of the increment column as job files and reports spell
// them: numbers as they are; times as milliseconds since 1970, or where that is
// not exact or has not 13 digits as microseconds, nanoseconds or a text; texts
// as they are; binary data as 0x and hex digits. FlinkX tells the units of a
// time by the number of its digits, and so does this.

var numberPattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$`)
})

const (
	wallClock  = "2006-01-02 15:04:05.999999999"
	withOffset = wallClock + "Z07:00"
)

// timeLayouts are the spellings of a time that a job file may use.
var timeLayouts = []string{"2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04", "2006-01-02", withOffset}

// parseLocation reads a location of a column. zone is that of times that
// carry none, and of the wall clock that an instant is one of.
func parseLocation(text string, f *sqlkit.TableColumn, zone *time.Location) (sqlkit.Value, error) {
	text = strings.TrimSpace(text)
	switch f.Kind {
	case record.Int64, record.Uint64, record.Decimal, record.Float64:
		if !numberPattern().MatchString(text) {
			return sqlkit.Value{}, fmt.Errorf("column %q is %s: expected a number, found %q", f.Name, spelled(&f.Column), text)
		}
		if f.Kind == record.Float64 {
			return sqlkit.Value{Kind: record.Float64, Text: text}, nil
		}
		return sqlkit.Value{Kind: record.Decimal, Text: plainNumber(text)}, nil
	case record.Date, record.Datetime, record.Timestamp:
		return parseTimeLocation(text, f, zone)
	case record.Bytes:
		raw, err := hex.DecodeString(strings.TrimPrefix(strings.ToLower(text), "0x"))
		if err != nil {
			return sqlkit.Value{}, fmt.Errorf("column %q is binary: expected 0x and hex digits, found %q", f.Name, text)
		}
		return sqlkit.Value{Kind: record.Bytes, Text: string(raw)}, nil
	case record.Any:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && strconv.FormatInt(n, 10) == text {
			return sqlkit.Value{Kind: record.Int64, Text: text}, nil
		}
		if _, err := strconv.ParseFloat(text, 64); err == nil && numberPattern().MatchString(text) && f.Numbers {
			return sqlkit.Value{Kind: record.Decimal, Text: plainNumber(text)}, nil
		}
		return sqlkit.Value{Kind: record.String, Text: text}, nil
	}
	return sqlkit.Value{Kind: f.Kind, Text: text}, nil
}

// plainNumber spells a number without a sign that is none and without an
// exponent, which makes an inexact literal of it in some systems.
func plainNumber(text string) string {
	text = strings.TrimPrefix(text, "+")
	if !strings.ContainsAny(text, "eE") {
		return text
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return text
	}
	n, exact := r.FloatPrec()
	if !exact {
		return text
	}
	return r.FloatString(n)
}

func parseTimeLocation(text string, f *sqlkit.TableColumn, zone *time.Location) (sqlkit.Value, error) {
	at, err := parseTime(text, zone)
	if err != nil {
		return sqlkit.Value{}, fmt.Errorf("column %q is %s: %w", f.Name, spelled(&f.Column), err)
	}
	v := sqlkit.Value{Kind: f.Kind}
	switch f.Kind {
	case record.Date:
		v.Text = at.In(zone).Format(time.DateOnly)
	case record.Timestamp:
		v.Text = at.UTC().Format(wallClock)
	default:
		v.Text = at.In(zone).Format(wallClock)
	}
	return v, nil
}

func parseTime(text string, zone *time.Location) (time.Time, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		switch len(strings.TrimLeft(text, "+-")) {
		case 10:
			return time.Unix(n, 0), nil
		case 13:
			return time.UnixMilli(n), nil
		case 16:
			return time.UnixMicro(n), nil
		case 19:
			return time.Unix(0, n), nil
		}
		return time.Time{}, fmt.Errorf("a time as a number has 10 digits (seconds since 1970), 13 (milliseconds), 16 or 19, found %q: write yyyy-MM-dd HH:mm:ss", text)
	}
	if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return at, nil
	}
	for _, layout := range timeLayouts {
		if at, err := time.ParseInLocation(layout, text, zone); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("expected a time as yyyy-MM-dd HH:mm:ss or as milliseconds since 1970, found %q", text)
}

// spellLocation is the reverse of parseLocation.
func spellLocation(v sqlkit.Value, zone *time.Location) string {
	switch v.Kind {
	case record.Bytes:
		return "0x" + hex.EncodeToString([]byte(v.Text))
	case record.Datetime, record.Date:
		return spellTime(v.Text, zone)
	case record.Timestamp:
		if at, err := time.ParseInLocation(wallClock, v.Text, time.UTC); err == nil {
			return spellTime(at.In(zone).Format(wallClock), zone)
		}
		if at, err := time.Parse(withOffset, v.Text); err == nil {
			return spellTime(at.In(zone).Format(wallClock), zone)
		}
	}
	return v.Text
}

// spellTime spells the wall clock of a zone. What does not come back the same,
// such as an hour that a zone skips, stays a text.
func spellTime(text string, zone *time.Location) string {
	wall, err := time.Parse(wallClock, text)
	if err != nil {
		wall, err = time.Parse(time.DateOnly, text)
	}
	if err != nil {
		return text
	}
	year, month, day := wall.Date()
	at := time.Date(year, month, day, wall.Hour(), wall.Minute(), wall.Second(), wall.Nanosecond(), zone)
	if at.Format(wallClock) != wall.Format(wallClock) {
		return text
	}
	for _, s := range []struct {
		unit   time.Duration
		number int64
	}{{time.Millisecond, at.UnixMilli()}, {time.Microsecond, at.UnixMicro()}, {time.Nanosecond, at.UnixNano()}} {
		if at.Nanosecond()%int(s.unit) != 0 {
			continue
		}
		number := strconv.FormatInt(s.number, 10)
		if back, err := parseTime(number, zone); err == nil && s.number >= 0 && back.In(zone).Format(wallClock) == at.Format(wallClock) && back.Equal(at) {
			return number
		}
		break
	}
	return text
}
