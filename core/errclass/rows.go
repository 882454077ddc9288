package errclass

import (
	"errors"
	"fmt"
)

// Reason says why a row is dirty.
type Reason uint8

const (
	Other Reason = iota
	Null
	Duplicate
	Conversion
	Overflow
	Constraint
	Encoding
	TooLarge
)

var reasonNames = [...]string{"other", "null", "duplicate", "conversion", "overflow", "constraint", "encoding", "too large"}

// String returns the reason's name in lower case.
func (r Reason) String() string {
	if int(r) < len(reasonNames) {
		return reasonNames[r]
	}
	return "unknown"
}

// Group folds the reason into one of the four that FlinkX's accumulators
// count: Null, Duplicate, Conversion or Other.
func (r Reason) Group() Reason {
	switch r {
	case Null, Duplicate:
		return r
	case Conversion, Overflow, Encoding:
		return Conversion
	default:
		return Other
	}
}

// BadRow is one row that a destination refused.
type BadRow struct {
	Index  int    // in the batch
	Column string // "" if the row as a whole is at fault
	Reason Reason
	Err    error
}

// Rows is the error of a Write that refuses some rows of its batch.
type Rows struct {
	Bad     []BadRow // by index, ascending, without repetition
	Written bool     // true: all other rows are in; false: nothing of the batch is, it is written again without the bad rows
}

// Error names the first bad row and how many there are.
func (r *Rows) Error() string {
	if len(r.Bad) == 0 {
		return "no bad rows"
	}
	first := r.Bad[0]
	text := fmt.Sprintf("row %d: ", first.Index)
	if first.Column != "" {
		text += fmt.Sprintf("column %q: ", first.Column)
	}
	text += fmt.Sprintf("%v (%s)", first.Err, first.Reason)
	if n := len(r.Bad) - 1; n > 0 {
		text += fmt.Sprintf(" and %d more rows", n)
	}
	return text
}

// Unwrap returns the errors of the bad rows.
func (r *Rows) Unwrap() []error {
	errs := make([]error, 0, len(r.Bad))
	for _, b := range r.Bad {
		if b.Err != nil {
			errs = append(errs, b.Err)
		}
	}
	return errs
}

// Value is the error of one value that does not fit: what a conversion, a
// decoder or an encoder returns. It is of class [Data].
type Value struct {
	Column string // "" where the caller knows it better
	Reason Reason
	Err    error
}

// BadValue returns a [*Value] as a data error with a formatted text.
func BadValue(column string, reason Reason, format string, args ...any) error {
	return With(Data, &Value{Column: column, Reason: reason, Err: fmt.Errorf(format, args...)})
}

// Error names the column, if known, and what is wrong with the value.
func (v *Value) Error() string {
	if v.Column == "" {
		return v.Err.Error()
	}
	return fmt.Sprintf("column %q: %v", v.Column, v.Err)
}

// Unwrap returns the cause.
func (v *Value) Unwrap() error { return v.Err }

// untransformed marks an error; see [Untransformed].
type untransformed struct{ err error }

func (u *untransformed) Error() string { return u.err.Error() }
func (u *untransformed) Unwrap() error { return u.err }

// Untransformed marks why a transform has refused a row: the row is as it was
// read, and not as it would be written.
func Untransformed(err error) error { return &untransformed{err} }

// IsUntransformed tells whether err is marked by [Untransformed].
func IsUntransformed(err error) bool {
	var u *untransformed
	return errors.As(err, &u)
}

// AsBadRow describes err as the fault of row index: column and reason come
// from a [*Value] in its chain, else they are "" and Other.
func AsBadRow(index int, err error) BadRow {
	var v *Value
	if errors.As(err, &v) {
		return BadRow{Index: index, Column: v.Column, Reason: v.Reason, Err: v.Err}
	}
	return BadRow{Index: index, Err: err}
}
