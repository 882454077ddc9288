package job

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/datasync-io/datasync/core/config"
)

// values gives placeholders their values: parameters first, then the
// environment, files and the built-in moments.
type values struct {
	options *Options
	params  map[string]string
	used    map[string]bool
	moments map[string]string // that were asked for before
	now     time.Time
}

func newValues(o *Options, params map[string]string) *values {
	now, zone := o.Now, o.Zone
	if now == nil {
		now = time.Now
	}
	if zone == nil {
		zone = time.Local
	}
	return &values{options: o, params: params, used: map[string]bool{}, moments: map[string]string{}, now: now().In(zone)}
}

// lookup is a [config.Lookup].
func (v *values) lookup(name string) (string, error) {
	if value, ok := v.params[name]; ok {
		v.used[name] = true
		return value, nil
	}
	if env, ok := strings.CutPrefix(name, "env:"); ok {
		return v.env(env)
	}
	if path, ok := strings.CutPrefix(name, "file:"); ok {
		return v.file(path)
	}
	if value, ok := v.moments[name]; ok {
		return value, nil
	}
	value, err := v.moment(name)
	if err == nil {
		v.moments[name] = value
	}
	return value, err
}

func (v *values) env(name string) (string, error) {
	if v.options.Env != nil {
		if value, ok := v.options.Env(name); ok {
			return value, nil
		}
	}
	return "", config.ErrUnset
}

// file returns a file's content without the line end that editors add.
func (v *values) file(path string) (string, error) {
	if v.options.ReadFile == nil {
		return "", errors.New("files cannot be read here")
	}
	text, err := v.options.ReadFile(path)
	var inner *fs.PathError
	switch {
	case errors.As(err, &inner):
		return "", fmt.Errorf("reading the file: %w", inner.Err)
	case err != nil:
		return "", fmt.Errorf("reading the file: %w", err)
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r"), nil
}

// built is a name that has a value of its own: bizdate, yesterday as DataX's
// schedulers mean it, and now.
var built = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(now|bizdate)([+\-][^:]*)?(?::(.*))?$`)
})

// layouts are what a moment looks like unless the placeholder says it.
var layouts = map[string]string{"now": "2006-01-02 15:04:05", "bizdate": "20060102"}

// moment returns the value of a built-in name with offsets and a layout, both
// of which may be missing: bizdate-1d, now-2h:2006-01-02T15.
func (v *values) moment(name string) (string, error) {
	m := built().FindStringSubmatch(name)
	if m == nil {
		return "", config.ErrUnset
	}
	base, offset, layout := m[1], m[2], m[3]
	at, standard, err := v.base(base)
	if err != nil {
		return "", err
	}
	if layout == "" {
		layout = standard
	}
	if err := checkLayout(layout); err != nil {
		return "", err
	}
	if at, err = shift(at, offset); err != nil {
		return "", err
	}
	return at.Format(layout), nil
}

// base returns the moment that a name stands for and how it is written: what
// a parameter of this name says, else the clock's.
func (v *values) base(name string) (time.Time, string, error) {
	given, ok := v.params[name]
	if !ok {
		if name == "bizdate" {
			return v.now.AddDate(0, 0, -1), layouts[name], nil
		}
		return v.now, layouts[name], nil
	}
	v.used[name] = true
	for _, layout := range []string{"20060102", time.DateOnly, "20060102150405", time.DateTime, time.RFC3339} {
		if at, err := time.ParseInLocation(layout, given, v.now.Location()); err == nil {
			return at, layout, nil
		}
	}
	return time.Time{}, "", fmt.Errorf("the parameter %s is no date that an offset or a layout can be applied to; write it as 20060102 or 2006-01-02", name)
}

// checkLayout refuses a layout that says the same of every moment, such as
// yyyy-MM-dd: it would be taken for a date and be none.
func checkLayout(layout string) error {
	one := time.Date(2001, 2, 3, 4, 5, 6, 7, time.UTC)
	other := time.Date(2012, 11, 21, 22, 33, 44, 555555555, time.UTC)
	if one.Format(layout) != other.Format(layout) {
		return nil
	}
	meant := strings.NewReplacer("yyyy", "2006", "MM", "01", "dd", "02", "HH", "15", "mm", "04", "ss", "05", "yy", "06").Replace(layout)
	if meant == layout {
		meant = time.DateOnly
	}
	return fmt.Errorf("the layout %q holds no part of a date; it is written as the second of January 2006 at 15:04:05 would look, such as %s", layout, meant)
}

var offsets = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([+\-])([0-9]{1,6})([smhdwMy])`)
})

// shift applies offsets such as -1d or +1M-1d, one after the other.
func shift(at time.Time, text string) (time.Time, error) {
	for text != "" {
		m := offsets().FindStringSubmatch(text)
		if m == nil {
			return at, fmt.Errorf("the offset %q is unknown; expected a sign, a number and one of s, m, h, d, w, M (month), y, such as -1d", text)
		}
		text = text[len(m[0]):]
		n, err := strconv.Atoi(m[1] + m[2])
		if err != nil {
			return at, fmt.Errorf("the offset %q: %w", m[0], err)
		}
		switch m[3] {
		case "s":
			at = at.Add(time.Duration(n) * time.Second)
		case "m":
			at = at.Add(time.Duration(n) * time.Minute)
		case "h":
			at = at.Add(time.Duration(n) * time.Hour)
		case "d":
			at = at.AddDate(0, 0, n)
		case "w":
			at = at.AddDate(0, 0, 7*n)
		case "M":
			at = addMonths(at, n)
		case "y":
			at = addMonths(at, 12*n)
		}
	}
	if y := at.Year(); y < 0 || y > 9999 {
		return at, errors.New("the offset leads beyond the years 0 to 9999")
	}
	return at, nil
}

// addMonths keeps to the end of the month where the day does not exist: a
// month after the 31st of January is the last of February.
func addMonths(at time.Time, n int) time.Time {
	first := at.AddDate(0, n, 1-at.Day())
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(at.Day(), last)-1)
}
