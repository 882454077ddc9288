package config

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// Duration is a time.Duration. In a file it is a number in the unit of the
// field's tag, or a text such as "5s" or "1m30s".
type Duration = time.Duration

// Bytes is a size. In a file it is a number of bytes or a text such as
// "64MiB" or "1GB".
type Bytes int64

// List is a list that may be written as its only element.
type List[T any] []T

// StringList is a list of texts that may be written as one text. Unset elements are left out.
type StringList = List[string]

// UnmarshalConfig takes a list or one element.
func (l *List[T]) UnmarshalConfig(d *Decoder) error {
	nodes := []*Node{d.node}
	if d.node.kind == ListKind {
		nodes = d.node.Items()
	} else if d.node.kind == ObjectKind && len(d.node.Members()) == 0 {
		nodes = nil
	}
	list := make(List[T], 0, len(nodes))
	var (
		errs []error
		elem field
	)
	if d.elem != nil {
		elem = *d.elem
	}
	for _, n := range nodes {
		if n.Unset() {
			continue
		}
		var v T
		setDefaults(reflect.ValueOf(&v))
		errs = append(errs, d.value(n, reflect.ValueOf(&v).Elem(), elem, false)...)
		list = append(list, v)
	}
	*l = list
	return joined(errs)
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	bytesType    = reflect.TypeFor[Bytes]()
)

func isScalar(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Bool, reflect.String, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return true
	}
	return false
}

// plainScalar tells types whose texts are written without quotes in JSON.
func plainScalar(t reflect.Type) bool {
	return t.Kind() != reflect.String && t != durationType && t != bytesType
}

func setScalar(n *Node, v reflect.Value, f field) *Error {
	if n.kind == ListKind || n.kind == ObjectKind {
		return n.Errorf("expected %s, found %s", expectation(v.Type(), f), n.kind)
	}
	if v.Kind() == reflect.String {
		return setString(n, v, f)
	}
	text := strings.TrimSpace(n.text)
	if text == "" {
		return nil
	}
	if err := parseScalar(text, v, f); err != nil {
		expected := expectation(v.Type(), f)
		if errors.Is(err, strconv.ErrRange) && v.Kind() == reflect.Int64 && v.Type() != durationType && v.Type() != bytesType {
			expected += fmt.Sprintf(" from %d to %d", math.MinInt64, math.MaxInt64)
		}
		return n.Errorf("expected %s, found %s", expected, n.quoted())
	}
	if f.min != "" && belowMin(v, f) {
		return n.Errorf("expected at least %s, found %s", f.min, n.quoted())
	}
	return nil
}

func setString(n *Node, v reflect.Value, f field) *Error {
	if n.text == "" && !f.keepEmpty {
		return nil
	}
	if f.enum == nil {
		v.SetString(n.text)
		return nil
	}
	for _, e := range f.enum {
		if strings.EqualFold(e, strings.TrimSpace(n.text)) {
			v.SetString(e)
			return nil
		}
	}
	return n.Errorf("expected %s, found %s", expectation(v.Type(), f), n.quoted())
}

func setText(n *Node, v reflect.Value) *Error {
	if n.Unset() {
		return nil
	}
	if n.kind == ListKind || n.kind == ObjectKind {
		return n.Errorf("expected a text, found %s", n.kind)
	}
	if err := v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(n.text)); err != nil {
		return n.Errorf("%s", n.source.scrub(err.Error()))
	}
	return nil
}

// expectation says what a field takes, for error texts.
func expectation(t reflect.Type, f field) string {
	switch {
	case f.enum != nil:
		return "one of " + strings.Join(f.enum, ", ")
	case t == durationType:
		return fmt.Sprintf("a duration (a number of %s, or a text such as \"5s\")", unitNames[f.unit])
	case t == bytesType:
		return `a size in bytes (or a text such as "64MiB")`
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return fmt.Sprintf("a whole number from 0 to %d", uint64(math.MaxUint64)>>(64-t.Bits()))
	}
	if t.Bits() == 64 {
		return "a whole number"
	}
	return fmt.Sprintf("a whole number from %d to %d", int64(-1)<<(t.Bits()-1), int64(math.MaxInt64)>>(64-t.Bits()))
}

func parseScalar(text string, v reflect.Value, f field) error {
	switch t := v.Type(); {
	case t == durationType:
		d, err := parseDuration(text, f.unit)
		v.SetInt(int64(d))
		return err
	case t == bytesType:
		b, err := ParseBytes(text)
		v.SetInt(int64(b))
		return err
	}
	switch v.Kind() {
	case reflect.Bool:
		switch strings.ToLower(text) {
		case "true":
			v.SetBool(true)
		case "false":
			v.SetBool(false)
		default:
			return strconv.ErrSyntax
		}
	case reflect.Float32, reflect.Float64:
		x, err := strconv.ParseFloat(text, v.Type().Bits())
		if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
			return strconv.ErrSyntax
		}
		v.SetFloat(x)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		x, err := strconv.ParseUint(whole(text), 10, v.Type().Bits())
		if err != nil {
			return err
		}
		v.SetUint(x)
	default:
		x, err := strconv.ParseInt(whole(text), 10, v.Type().Bits())
		if err != nil {
			return err
		}
		v.SetInt(x)
	}
	return nil
}

// whole rewrites a number with a fraction or an exponent, such as 1e6 or 3.0,
// as an integer where it is one that a float holds exactly.
func whole(text string) string {
	if !strings.ContainsAny(text, ".eE") {
		return strings.TrimPrefix(text, "+")
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || x != math.Trunc(x) || math.Abs(x) > 1<<53 {
		return text
	}
	return strconv.FormatFloat(x, 'f', -1, 64)
}

var units = map[string]time.Duration{
	"": time.Millisecond, "ns": time.Nanosecond, "us": time.Microsecond, "ms": time.Millisecond,
	"s": time.Second, "m": time.Minute, "h": time.Hour,
}

var unitNames = map[string]string{
	"": "milliseconds", "ns": "nanoseconds", "us": "microseconds", "ms": "milliseconds",
	"s": "seconds", "m": "minutes", "h": "hours",
}

func parseDuration(text, unit string) (time.Duration, error) {
	one, known := units[unit]
	if !known {
		panic("config: unknown unit " + unit)
	}
	n, err := strconv.ParseInt(whole(text), 10, 64)
	if err == nil {
		if n > int64(math.MaxInt64/one) || n < int64(math.MinInt64/one) {
			return 0, strconv.ErrRange
		}
		return time.Duration(n) * one, nil
	}
	if x, err := strconv.ParseFloat(text, 64); err == nil {
		if x *= float64(one); math.Abs(x) < math.MaxInt64/2 {
			return time.Duration(math.Round(x)), nil
		}
		return 0, strconv.ErrRange
	}
	return time.ParseDuration(strings.NewReplacer(" ", "", "min", "m").Replace(text)) // Flink writes "5 min"
}

// ParseBytes reads a size: "1048576", "-1", "64MiB", "1 GB".
func ParseBytes(text string) (Bytes, error) {
	if n, err := strconv.ParseInt(whole(text), 10, 64); err == nil {
		return Bytes(n), nil
	}
	n, err := humanize.ParseBytes(text)
	if err != nil || n > math.MaxInt64 {
		return 0, fmt.Errorf("%q is no size", text)
	}
	return Bytes(n), nil
}

// String returns the size with a binary unit.
func (b Bytes) String() string {
	if b < 0 {
		return strconv.FormatInt(int64(b), 10)
	}
	return humanize.IBytes(uint64(b))
}

// belowMin reports whether v is less than the field's tag says.
func belowMin(v reflect.Value, f field) bool {
	least := reflect.New(v.Type()).Elem()
	if err := parseScalar(f.min, least, field{unit: f.unit}); err != nil {
		panic(fmt.Sprintf("config: key %s: bad min tag %q", f.key, f.min))
	}
	switch {
	case v.CanInt():
		return v.Int() < least.Int()
	case v.CanUint():
		return v.Uint() < least.Uint()
	default:
		return v.Float() < least.Float()
	}
}
