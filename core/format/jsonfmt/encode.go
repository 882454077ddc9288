package jsonfmt

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// maxPlans bounds how many schemas an encoder remembers: a source whose
// tables come and go must not fill the memory.
const maxPlans = 256

// Encoder writes rows as JSON objects: data columns by name, with typed
// values; absent values are left out. It is for one goroutine.
//
// Integers and decimals are exact numbers, floats the shortest number that
// reads back; NaN and infinities are texts. Bytes are base64 (RFC 4648, with
// padding), times ISO 8601 texts; json columns are embedded as they are, line
// breaks between their values as blanks.
type Encoder struct {
	schema *record.Schema // of the row before
	plan   []column       // for schema
	plans  map[*record.Schema][]column
	names  []string // of the first columns, instead of the schema's
}

// column is what is known of a column before its first row.
type column struct {
	prefix []byte          // `,"name":`
	short  [shortName]byte // prefix, if it is no longer
	name   string
}

// shortName is how long most prefixes are at most: so many bytes are copied
// without a call.
const shortName = 16

// appendPrefix appends the column's prefix.
func (c *column) appendPrefix(dst []byte) []byte {
	if n := len(dst); len(c.prefix) <= shortName && n+shortName <= cap(dst) {
		*(*[shortName]byte)(dst[n : n+shortName]) = c.short
		return dst[:n+len(c.prefix)]
	}
	return append(dst, c.prefix...)
}

// NewEncoder returns an encoder of typed objects. names, if there are any, are
// those of the first columns instead of the schema's.
func NewEncoder(names ...string) *Encoder {
	return &Encoder{plans: map[*record.Schema][]column{}, names: names}
}

// AppendRow appends the row to dst. An error is a data error that names the
// column; what was appended until then is cut off.
func (e *Encoder) AppendRow(dst []byte, r record.Row) ([]byte, error) {
	if s := r.Schema(); s != e.schema {
		e.use(s)
	}
	start := len(dst)
	var err error
	for c := range e.plan {
		kind := r.Kind(c)
		if kind == record.Absent {
			continue
		}
		dst = e.plan[c].appendPrefix(dst)
		if dst, err = appendValue(dst, r, c, kind); err != nil {
			return dst[:start], err
		}
	}
	if len(dst) == start {
		return append(dst, '{', '}'), nil
	}
	dst[start] = '{' // in the place of the first column's comma
	return append(dst, '}'), nil
}

// AppendArray appends the values of some columns as a JSON array, absent ones
// as null. An error is as that of AppendRow.
func AppendArray(dst []byte, r record.Row, columns []int) ([]byte, error) {
	start := len(dst)
	dst = append(dst, '[')
	var err error
	for i, c := range columns {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = appendValue(dst, r, c, max(r.Kind(c), record.Null)); err != nil {
			return dst[:start], err
		}
	}
	return append(dst, ']'), nil
}

func (e *Encoder) use(s *record.Schema) {
	plan, ok := e.plans[s]
	if !ok {
		if len(e.plans) >= maxPlans {
			clear(e.plans)
		}
		plan = make([]column, s.Data)
		for c := range plan {
			name := s.Columns[c].Name
			if c < len(e.names) {
				name = e.names[c]
			}
			plan[c] = newColumn(name)
		}
		e.plans[s] = plan
	}
	e.schema, e.plan = s, plan
}

func newColumn(name string) column {
	if !utf8.ValidString(name) {
		name = string([]rune(name)) // a name cannot be refused row by row: its broken bytes become U+FFFD
	}
	prefix, _ := appendString([]byte{','}, []byte(name))
	c := column{prefix: append(prefix, ':'), name: name}
	copy(c.short[:], c.prefix)
	return c
}

// appendValue appends the value of column c, which is of that kind and not absent.
func appendValue(dst []byte, r record.Row, c int, kind record.Kind) ([]byte, error) {
	switch kind {
	case record.Null:
		return append(dst, "null"...), nil
	case record.Int64:
		return strconv.AppendInt(dst, r.Int64(c), 10), nil
	case record.String, record.UUID:
		out, ok := appendString(dst, r.Bytes(c))
		if !ok {
			return out, notUTF8(r, c)
		}
		return out, nil
	case record.Uint64:
		return strconv.AppendUint(dst, r.Uint64(c), 10), nil
	case record.Decimal:
		out, ok := appendNumber(dst, r.Bytes(c))
		if !ok {
			return out, notNumber(r, c)
		}
		return out, nil
	case record.Bool:
		return strconv.AppendBool(dst, r.Bool(c)), nil
	case record.Float32:
		return appendFloat(dst, float64(r.Float32(c)), 32), nil
	case record.Float64:
		if out, ok := AppendShort(dst, r.Float64(c)); ok {
			return out, nil
		}
		return appendFloat(dst, r.Float64(c), 64), nil
	case record.Bytes:
		dst = base64.StdEncoding.AppendEncode(append(dst, '"'), r.Bytes(c))
		return append(dst, '"'), nil
	case record.JSON:
		return appendRaw(dst, r, c)
	default: // dates, times and intervals: their texts need no escape
		return append(r.AppendISO(append(dst, '"'), c), '"'), nil
	}
}

func appendFloat(dst []byte, v float64, bits int) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return append(record.AppendFloat(append(dst, '"'), v, bits), '"')
	}
	return record.AppendFloat(dst, v, bits)
}

// appendRaw embeds a json column. It is checked: one broken text would make
// the whole body unreadable.
func appendRaw(dst []byte, r record.Row, c int) ([]byte, error) {
	raw := r.Bytes(c)
	if !utf8.Valid(raw) {
		return dst, notUTF8(r, c)
	}
	if !json.Valid(raw) {
		return dst, errclass.BadValue(r.Schema().Columns[c].Name, errclass.Conversion, "the value is no valid JSON")
	}
	start := len(dst)
	dst = append(dst, raw...)
	for i := start; i < len(dst); i++ {
		if dst[i] == '\n' || dst[i] == '\r' { // between values, where any blank will do: inside texts they are escaped
			dst[i] = ' '
		}
	}
	return dst, nil
}

func notUTF8(r record.Row, c int) error {
	return errclass.BadValue(r.Schema().Columns[c].Name, errclass.Encoding, "the text is not valid UTF-8")
}

func notNumber(r record.Row, c int) error {
	return errclass.BadValue(r.Schema().Columns[c].Name, errclass.Conversion, "the decimal %.40q is no number", r.Bytes(c))
}

// AppendValue appends the value of column c as JSON; an absent one as null. An
// error is a data error; dst is then as it was.
func AppendValue(dst []byte, r record.Row, c int) ([]byte, error) {
	start := len(dst)
	dst, err := appendValue(dst, r, c, max(r.Kind(c), record.Null))
	if err != nil {
		return dst[:start], err
	}
	return dst, nil
}
