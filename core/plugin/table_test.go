package plugin_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

func TestTableErrors(t *testing.T) {
	missing := errclass.With(errclass.Config, errors.New("missing"))
	a, b := &plugin.TableError{Table: record.Name{Table: "a"}, Err: missing}, &plugin.TableError{Table: record.Name{Schema: "s", Table: "b"}, Err: missing}
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"none":         {nil, "[]"},
		"one":          {a, "[table a: missing]"},
		"joined":       {errors.Join(a, nil, b), "[table a: missing table s.b: missing]"},
		"wrapped":      {fmt.Errorf("before: %w", errclass.With(errclass.Config, errors.Join(errors.Join(a), b))), "[table a: missing table s.b: missing]"},
		"another":      {missing, "[]"},
		"one of three": {errors.Join(a, missing, b), "[]"},
	} {
		if got := fmt.Sprint(plugin.TableErrors(tt.err)); got != tt.want {
			t.Errorf("%s: got %s, want %s", name, got, tt.want)
		}
	}
	if class := errclass.Of(errors.Join(a, b)); class != errclass.Config {
		t.Errorf("the class is %s", class)
	}
}
