package dirty

import (
	"errors"
	"fmt"
)

// ErrLimit is in the chain of the error that ends a job with more dirty rows
// than it allows. That error is of class Permanent.
var ErrLimit = errors.New("too many dirty rows")

// shareFrom is how many rows must have been read before their share of bad
// ones says something. At the end of a job it is always looked at.
const shareFrom = 1000

// Limit is how many dirty rows a job allows. A negative number is no limit.
type Limit struct {
	Rows    int64   // as many are allowed
	Percent float64 // of the rows read, from 0 to 100
}

// exceeded returns an error with [ErrLimit] if bad of read rows are too many.
func (l Limit) exceeded(bad, read int64, end bool) error {
	if l.Rows >= 0 && bad > l.Rows {
		return fmt.Errorf("%w: %d, and errorLimit.record allows %d", ErrLimit, bad, l.Rows)
	}
	read = max(read, bad)
	if l.Percent >= 0 && bad > 0 && (end || read >= shareFrom) && float64(bad)*100 > l.Percent*float64(read) {
		return fmt.Errorf("%w: %d of %d rows (%.3g %%), and errorLimit.percentage allows %.3g %%",
			ErrLimit, bad, read, float64(bad)*100/float64(read), l.Percent)
	}
	return nil
}
