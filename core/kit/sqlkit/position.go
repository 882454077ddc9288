package sqlkit

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

const positionVersion = 1

// KeyColumn is one column that rows are read in order of.
type KeyColumn struct {
	Name     string
	Kind     record.Kind // Any: each value has its own; Absent: it is not known yet
	Nullable bool        // only where it is the only column of the key
}

// After returns the condition of the rows whose key comes after last, in the
// order of an ORDER BY over the key. It is written so that an index over the
// key is used: the first column alone bounds the rows.
func (d *Dialect) After(key []KeyColumn, last []Value) string {
	if len(key) == 1 && key[0].Nullable {
		return d.afterNullable(key[0], last[0])
	}
	cond := d.Quote(key[len(key)-1].Name) + " > " + d.Literal(last[len(key)-1])
	for i := len(key) - 2; i >= 0; i-- {
		name, lit := d.Quote(key[i].Name), d.Literal(last[i])
		cond = fmt.Sprintf("%s >= %s AND (%s > %s OR %s)", name, lit, name, lit, cond)
	}
	return cond
}

func (d *Dialect) afterNullable(key KeyColumn, last Value) string {
	name := d.Quote(key.Name)
	switch {
	case last.Kind == record.Null && d.NullsLast:
		return "1 = 0"
	case last.Kind == record.Null:
		return name + " IS NOT NULL"
	case d.NullsLast:
		return name + " > " + d.Literal(last) + " OR " + name + " IS NULL"
	}
	return name + " > " + d.Literal(last)
}

// CanResumeBy tells whether values of kind k compare in a condition as ORDER
// BY sorts them. Native types that do not (MySQL's ENUM) are the caller's to know.
func CanResumeBy(k record.Kind) bool {
	switch k {
	case record.Int64, record.Uint64, record.Float64, record.Decimal, record.String, record.Bytes,
		record.Date, record.Time, record.Datetime, record.Timestamp, record.UUID:
		return true
	}
	return false
}

// AppendPosition appends the position after the row with this key:
//
//	{"v":1,"at":"id=42","key":["42"]}
//
// A NULL is null, binary data {"base64":"..."}. Where the column is of kind Any
// a value says its own: {"kind":"int64","text":"42"}.
func AppendPosition(dst []byte, key []KeyColumn, last []Value) []byte {
	dst = append(dst, `{"v":1,"at":"`...)
	for i := range key {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = appendEscaped(append(appendEscaped(dst, key[i].Name), '='), shown(last[i]))
	}
	dst = append(dst, `","key":[`...)
	for i := range key {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendKeyPart(dst, key[i].Kind == record.Any, last[i])
	}
	return append(dst, "]}"...)
}

func appendKeyPart(dst []byte, own bool, v Value) []byte {
	switch {
	case v.Kind == record.Null:
		return append(dst, "null"...)
	case own:
		dst = append(append(append(dst, `{"kind":"`...), v.Kind.String()...), `",`...)
	case isBinary(v):
		dst = append(dst, '{')
	default:
		return append(appendEscaped(append(dst, '"'), v.Text), '"')
	}
	if isBinary(v) {
		dst = append(dst, `"base64":"`...)
		dst = base64.StdEncoding.AppendEncode(dst, []byte(v.Text))
	} else {
		dst = appendEscaped(append(dst, `"text":"`...), v.Text)
	}
	return append(dst, `"}`...)
}

func isBinary(v Value) bool { return v.Kind == record.Bytes || !utf8.ValidString(v.Text) }

func shown(v Value) string {
	switch {
	case v.Kind == record.Null:
		return "NULL"
	case isBinary(v):
		return fmt.Sprintf("0x%x", v.Text)
	}
	return v.Text
}

// appendEscaped appends s, valid UTF-8, as the inside of a JSON string.
func appendEscaped(dst []byte, s string) []byte {
	const digits = "0123456789abcdef"
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// ParsePosition reads what AppendPosition wrote. The error is of class PositionLost.
func ParsePosition(raw []byte, key []KeyColumn) ([]Value, error) {
	values, err := parsePosition(raw, key)
	if err != nil {
		return nil, errclass.With(errclass.PositionLost, fmt.Errorf("reading the position %s: %w", bytes.TrimSpace(raw), err))
	}
	return values, nil
}

func parsePosition(raw []byte, key []KeyColumn) ([]Value, error) {
	var p struct {
		V   int               `json:"v"`
		Key []json.RawMessage `json:"key"`
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, err
	}
	if p.V != positionVersion {
		return nil, fmt.Errorf("it is of version %d, this program knows %d", p.V, positionVersion)
	}
	if len(p.Key) != len(key) {
		names := make([]string, len(key))
		for i := range key {
			names[i] = key[i].Name
		}
		return nil, fmt.Errorf("it has %d values, the key (%s) has %d columns", len(p.Key), strings.Join(names, ", "), len(key))
	}
	values := make([]Value, len(key))
	for i, raw := range p.Key {
		var err error
		if values[i], err = parseKeyPart(raw, key[i]); err != nil {
			return nil, fmt.Errorf("column %q: %w", key[i].Name, err)
		}
	}
	return values, nil
}

func parseKeyPart(raw json.RawMessage, key KeyColumn) (Value, error) {
	if string(raw) == "null" {
		if !key.Nullable {
			return Value{}, errors.New("the value is NULL, the column cannot be")
		}
		return Value{Kind: record.Null}, nil
	}
	own := key.Kind == record.Any
	if len(raw) == 0 || raw[0] != '{' {
		var text string
		err := json.Unmarshal(raw, &text)
		if own && err == nil {
			err = errors.New("the value does not say what it is")
		}
		return Value{Kind: key.Kind, Text: text}, err
	}
	var p struct {
		Kind   string  `json:"kind"`
		Base64 *[]byte `json:"base64"`
		Text   string  `json:"text"`
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		return Value{}, err
	}
	v := Value{Kind: key.Kind, Text: p.Text}
	if p.Base64 != nil {
		v.Text = string(*p.Base64)
	}
	if !own && p.Kind == "" || key.Kind == record.Absent {
		return v, nil
	}
	var ok bool
	if v.Kind, ok = record.KindOf(p.Kind); !ok || !own || !CanResumeBy(v.Kind) {
		return Value{}, fmt.Errorf("a value of kind %q is not to be sorted by", p.Kind)
	}
	return v, nil
}
