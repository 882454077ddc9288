package datax

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

var operators = []string{"like", "not like", ">", "<", ">=", "<=", "=", "==", "!="}

// filter is dx_filter: rows that match are dropped.
type filter struct {
	operator string
	value    string
	re       *regexp.Regexp // of like and not like
}

func newFilter(s Settings) (*filter, error) {
	if err := s.paras(2, "operator, value"); err != nil {
		return nil, err
	}
	f := &filter{operator: strings.ToLower(strings.Join(strings.Fields(s.Paras[0]), " ")), value: s.Paras[1]}
	if !slices.Contains(operators, f.operator) {
		return nil, fault("parameter.paras[0]", "expected one of %s, found %q", strings.Join(operators, ", "), s.Paras[0])
	}
	if f.operator == "==" {
		f.operator = "="
	}
	if strings.HasSuffix(f.operator, "like") {
		var err error
		if f.re, err = whole(f.value); err != nil {
			return nil, fault("parameter.paras[1]", "%w", err)
		}
	}
	return f, nil
}

// null tells whether NULL is dropped.
func (f *filter) null() bool {
	isNull := strings.EqualFold(f.value, "null")
	switch f.operator {
	case "not like":
		return true
	case "=":
		return isNull
	case "!=":
		return !isNull
	}
	return false
}

// holds tells that a comparison's result is a match.
func (f *filter) holds(n int) bool {
	switch f.operator {
	case ">":
		return n > 0
	case "<":
		return n < 0
	case ">=":
		return n >= 0
	case "<=":
		return n <= 0
	case "=":
		return n == 0
	}
	return n != 0
}

// text matches a text.
func (f *filter) text(b []byte) bool {
	switch f.operator {
	case "like":
		return f.re.Match(b)
	case "not like":
		return !f.re.Match(b)
	}
	return f.holds(strings.Compare(string(b), f.value))
}

// matcher matches the value of column c, which is there.
type matcher func(r record.Row, c int) (bool, error)

// plan chooses how values of a column are compared; nil is as text. The error
// says that the filter's value is no number.
func (f *filter) plan(col record.Column) (matcher, error) {
	if f.re != nil {
		return nil, nil
	}
	if !ordered(col.Kind) {
		return nil, nil
	}
	if isNull := strings.EqualFold(f.value, "null"); isNull && (f.operator == "=" || f.operator == "!=") {
		return func(record.Row, int) (bool, error) { return f.operator == "!=", nil }, nil
	}
	switch col.Kind {
	case record.Int64, record.Uint64, record.Decimal:
		return f.number()
	case record.Float32, record.Float64:
		limit, err := strconv.ParseFloat(f.value, 64)
		if err != nil {
			return nil, fmt.Errorf("column %q is a number, %q is none", col.Name, f.value)
		}
		return func(r record.Row, c int) (bool, error) {
			x := r.Float64(c)
			if r.Kind(c) == record.Float32 {
				x = float64(r.Float32(c))
			}
			if math.IsNaN(x) {
				return f.operator == "!=", nil
			}
			return f.holds(cmp.Compare(x, limit)), nil
		}, nil
	case record.Date, record.Datetime, record.Timestamp:
		ms, err := strconv.ParseInt(f.value, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("column %q is a time, which is compared as epoch milliseconds; %q is no whole number", col.Name, f.value)
		}
		return func(r record.Row, c int) (bool, error) {
			if n := r.Infinite(c); n != 0 {
				return f.holds(n), nil
			}
			return f.holds(cmp.Compare(epochMilli(r, c), ms)), nil
		}, nil
	}
	return nil, nil
}

// ordered tells the kinds that are compared as what they are and not as text.
func ordered(k record.Kind) bool {
	switch k {
	case record.Int64, record.Uint64, record.Decimal, record.Float32, record.Float64, record.Date, record.Datetime, record.Timestamp:
		return true
	}
	return false
}

// number compares exactly.
func (f *filter) number() (matcher, error) {
	limit, _, err := apd.NewFromString(f.value)
	if err != nil || limit.Form != apd.Finite {
		return nil, fmt.Errorf("expected a number to compare with, found %q", f.value)
	}
	whole, wholeErr := strconv.ParseInt(f.value, 10, 64)
	var x apd.Decimal
	return func(r record.Row, c int) (bool, error) {
		switch r.Kind(c) {
		case record.Int64:
			if wholeErr == nil {
				return f.holds(cmp.Compare(r.Int64(c), whole)), nil
			}
			x.SetInt64(r.Int64(c))
		case record.Uint64:
			x.Form, x.Exponent, x.Negative = apd.Finite, 0, false
			x.Coeff.SetUint64(r.Uint64(c))
		default:
			if _, _, err := x.SetString(string(bytes.TrimSpace(r.Bytes(c)))); err != nil || x.Form != apd.Finite {
				return false, errclass.BadValue("", errclass.Conversion, "%s cannot be compared", r.Bytes(c))
			}
		}
		return f.holds(x.Cmp(limit)), nil
	}, nil
}

func epochMilli(r record.Row, c int) int64 {
	if r.Kind(c) == record.Date {
		return r.Date(c) * 86_400_000
	}
	sec, nsec := r.Datetime(c)
	return sec*1000 + int64(nsec)/1_000_000
}
