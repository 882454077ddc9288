package errclass_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
)

// TestPlaced keeps the place of a fault beside its row, with column and reason.
func TestPlaced(t *testing.T) {
	cause := errors.New("too long")
	for _, err := range []error{
		fmt.Errorf("reading: %w", errclass.BadValue("v", errclass.Overflow, "%w", cause)),
		errclass.BadValue("v", errclass.Overflow, "%w", cause),
	} {
		err = errclass.Placed(err, "topic %s, offset %d", "t", 7)
		bad := errclass.AsBadRow(3, err)
		if bad.Index != 3 || bad.Column != "v" || bad.Reason != errclass.Overflow || bad.Err.Error() != "topic t, offset 7: too long" ||
			errclass.Of(err) != errclass.Data || !errors.Is(err, cause) || err.Error() != `column "v": topic t, offset 7: too long` {
			t.Errorf("%v is %+v", err, bad)
		}
	}
	if bad := errclass.AsBadRow(0, errclass.Placed(cause, "line 2")); bad.Err.Error() != "line 2: too long" || bad.Reason != errclass.Other {
		t.Errorf("%+v", bad)
	}
}
