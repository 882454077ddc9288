package binlogkit

import (
	"strconv"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/record"
)

// Run is how a statement was run.
type Run struct {
	Session
	Location *time.Location // of the session's time zone; nil: not known
}

// clocked tells that a default is what the clock says.
func (d Default) clocked() bool {
	return d.Form == formNow || d.Form == formDate || d.Form == formTime || d.Form == formUnix
}

// NeedsZone tells that the rows of a table have got times of the session's zone
// by a statement that has made after of before.
func NeedsZone(before, after *Definition) bool {
	if before == nil || after == nil {
		return false
	}
	for i := range after.Columns {
		c := &after.Columns[i]
		if d := c.Default; c.from == "" && d.clocked() && d.Form != formUnix && !d.UTC && !(d.Form == formNow && word(c.Type) == "timestamp") {
			return true
		}
	}
	return false
}

// implicit tells that the server gives the column a default that the statement
// does not speak of.
func (c *Column) implicit(run *Run) bool {
	return run != nil && run.Implicit && c.plain && word(c.Type) == "timestamp"
}

// clock is what the rows that are there get of a default that is what the clock
// says: the time of the statement, in the zone of its session, cut off behind the
// digits that are wanted. Where the server would round it, it is not known.
func (c *Column) clock(o *Options, run *Run) record.Default {
	if run == nil {
		return computed
	}
	described := c.Describe(o.TinyBool)
	if c.Default.Form == formUnix {
		return c.value(Default{Form: formNumber, Text: strconv.FormatInt(run.At.Unix(), 10)}, o)
	}
	digits, _ := strconv.Atoi(c.Default.Text)
	instant := described.Kind == record.Timestamp
	if o.MariaDB && digits == 0 && c.Default.Form == formNow && !c.Default.UTC && (instant || described.Kind == record.Datetime) {
		digits = described.Scale // without digits NOW() has those of the column
	}
	if digits > 0 && !run.Exact || digits > described.Scale && described.Kind != record.String {
		return computed
	}
	fraction := strings.TrimSuffix("."+strings.Repeat("0", digits), ".")
	constant := func(text string) record.Default { return record.Default{Kind: record.Constant, Text: text} }
	at := time.Unix(0, run.At.UnixNano()/units[digits]*units[digits])
	if instant {
		if c.Default.Form != formNow || c.Default.UTC {
			return computed
		}
		return constant(at.UTC().Format("2006-01-02 15:04:05" + fraction + "Z"))
	}
	zone := run.Location
	if c.Default.UTC {
		zone = time.UTC
	}
	if zone == nil {
		return computed
	}
	at = at.In(zone)
	layout := map[form]string{formNow: "2006-01-02 15:04:05" + fraction, formDate: "2006-01-02", formTime: "15:04:05" + fraction}[c.Default.Form]
	switch described.Kind {
	case record.String:
		text, known := c.text(formText, at.Format(layout), described.Length)
		if known {
			return constant(text)
		}
	case record.Datetime:
		if c.Default.Form == formDate {
			layout += " 15:04:05"
			at = time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)
		}
		if c.Default.Form != formTime {
			return constant(at.Format(layout))
		}
	case record.Date:
		if c.Default.Form != formTime {
			return constant(at.Format("2006-01-02"))
		}
	case record.Time:
		if c.Default.Form != formDate {
			return constant(at.Format("15:04:05" + fraction))
		}
	}
	return computed
}

// units are nanoseconds of so many digits of a second.
var units = [...]int64{1e9, 1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 1e2, 10, 1}
