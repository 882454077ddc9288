package flinksql

import (
	"math"
	"time"

	"github.com/cockroachdb/apd/v3"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// value is what an expression yields; its type says which fields count. Bytes
// and decimals are borrowed: until the next row, or the next call of the same
// expression.
type value struct {
	ok bool         // else NULL
	i  int64        // truth (1, 0), integer, bits of a float64, days, nanoseconds, seconds
	n  uint32       // nanoseconds of a wall clock or instant
	b  []byte       // text and bytes
	d  *apd.Decimal // decimal, finite
}

func (v value) float() float64 { return math.Float64frombits(uint64(v.i)) }

func intValue(i int64) value     { return value{ok: true, i: i} }
func floatValue(f float64) value { return value{ok: true, i: int64(math.Float64bits(f))} }
func textValue(b []byte) value   { return value{ok: true, b: b} }

func truth(b bool) value {
	if b {
		return value{ok: true, i: 1}
	}
	return value{ok: true}
}

// frame is the row that is worked on.
type frame struct {
	row   record.Row
	other record.Row // the update's half before, for what this one says nothing about
	now   time.Time  // of the batch
	err   error      // the first failure in this row
}

// fail makes the row dirty; text names the expression.
func (f *frame) fail(reason errclass.Reason, text, format string, args ...any) value {
	if f.err == nil {
		f.err = errclass.BadValue("", reason, text+": "+format, args...)
	}
	return value{}
}

type eval func(f *frame) value

// expr is a compiled expression.
type expr struct {
	typ
	eval   eval
	text   string // as Flink would spell it, for errors
	column int    // a column as it is; -1: computed
	fixed  bool   // the same for each row
}

// constant evaluates a fixed expression, at compile time.
func (e expr) constant() (value, error) {
	f := frame{}
	v := e.eval(&f)
	return v, f.err
}
