package errclass_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
)

func TestOf(t *testing.T) {
	base := errors.New("boom")
	for _, tt := range []struct {
		name string
		err  error
		want errclass.Class
	}{
		{"nil", nil, errclass.Permanent},
		{"unclassified", base, errclass.Permanent},
		{"marked", errclass.With(errclass.Transient, base), errclass.Transient},
		{"marked and wrapped", fmt.Errorf("reading: %w", errclass.With(errclass.Config, base)), errclass.Config},
		{"outermost wins", errclass.With(errclass.Fenced, errclass.With(errclass.Transient, base)), errclass.Fenced},
		{"rows", fmt.Errorf("writing: %w", &errclass.Rows{}), errclass.Data},
		{"value", errclass.BadValue("c", errclass.Overflow, "300 does not fit"), errclass.Data},
		{"cancelled", fmt.Errorf("dialling: %w", context.Canceled), errclass.Canceled},
	} {
		if got := errclass.Of(tt.err); got != tt.want {
			t.Errorf("%s: class %v, want %v", tt.name, got, tt.want)
		}
	}
	if errclass.With(errclass.Data, nil) != nil {
		t.Error("a nil error got a class")
	}
	if !errors.Is(errclass.With(errclass.Data, base), base) {
		t.Error("the cause is lost")
	}
}

func TestAsBadRow(t *testing.T) {
	got := errclass.AsBadRow(7, fmt.Errorf("encoding: %w", errclass.BadValue("price", errclass.Overflow, "300 does not fit a tinyint")))
	if got.Index != 7 || got.Column != "price" || got.Reason != errclass.Overflow || got.Err.Error() != "300 does not fit a tinyint" {
		t.Errorf("got %+v", got)
	}
	rows := &errclass.Rows{Bad: []errclass.BadRow{got, {Index: 9, Err: errors.New("x")}}}
	if want := `row 7: column "price": 300 does not fit a tinyint (overflow) and 1 more rows`; rows.Error() != want {
		t.Errorf("text %q, want %q", rows.Error(), want)
	}
}

func TestGroup(t *testing.T) {
	want := map[errclass.Reason]errclass.Reason{
		errclass.Other: errclass.Other, errclass.Null: errclass.Null, errclass.Duplicate: errclass.Duplicate,
		errclass.Conversion: errclass.Conversion, errclass.Overflow: errclass.Conversion, errclass.Encoding: errclass.Conversion,
		errclass.Constraint: errclass.Other, errclass.TooLarge: errclass.Other,
	}
	for r, g := range want {
		if r.Group() != g {
			t.Errorf("%v folds to %v, want %v", r, r.Group(), g)
		}
	}
}
