package handover

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
)

// CheckConditions checks the conditions of start.where. follows tells whether
// the job reads a table that is written so, and copies that rows may be copied
// at all.
func CheckConditions(where map[string]string, copies bool, follows func(table string) (bool, error)) error {
	var errs []error
	for table, condition := range where {
		key := "start.where." + table
		in, err := follows(table)
		switch err = errors.Join(err, sqlkit.CheckCondition(condition)); {
		case err != nil:
			errs = append(errs, config.Field(key, err))
		case !in:
			errs = append(errs, config.Fieldf(key, "is not in tableList"))
		case !copies:
			errs = append(errs, config.Fieldf(key, "belongs to start.mode initial or initial-only, or to onPositionLost snapshot"))
		}
	}
	return errors.Join(errs...)
}

// Recopy is what onPositionLost snapshot does about a position that is lost.
type Recopy struct {
	WaysOn string       // how errors of lost positions end
	Longer string       // what has the server keep its log longer
	Unread bool         // the log was not read yet since that was done last, and would not be the next time
	Again  *atomic.Bool // becomes true: the next plan copies the tables
	Log    *slog.Logger
}

// Anew makes an error that has the job planned anew of one that says that its
// position is lost; other errors stay what they are.
func (r Recopy) Anew(err error) error {
	if err == nil || errclass.Of(err) != errclass.PositionLost {
		return err
	}
	what := strings.ReplaceAll(err.Error(), r.WaysOn, "")
	if r.Unread {
		return errclass.With(errclass.PositionLost, fmt.Errorf(
			"the position is lost again before the log was read, for the tables take longer to copy than the server keeps its log: have it keep it longer (%s): %s", r.Longer, what))
	}
	r.Again.Store(true)
	r.Log.Warn("POSITION LOST: the tables are copied again, then the log is followed from now on; what was changed in between is seen in these rows alone, and rows that were deleted in between stay at the destination", "missing", what)
	return errclass.With(errclass.PositionLost, fmt.Errorf("%s: %w", what, plugin.ErrReplan))
}

// LostError is an error of class PositionLost that ends with the ways on.
func LostError(waysOn, format string, args ...any) error {
	return errclass.With(errclass.PositionLost, errors.New(fmt.Errorf(format, args...).Error()+waysOn))
}
