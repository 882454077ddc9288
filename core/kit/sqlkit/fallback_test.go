package sqlkit_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
)

// TestReach goes on to the next place where one cannot be reached, stays with
// what has answered, and says so once.
func TestReach(t *testing.T) {
	var log bytes.Buffer
	f := sqlkit.NewFallback(slog.New(slog.NewTextHandler(&log, nil)), "a", "b", "c")
	away := map[string]errclass.Class{"a": errclass.Transient}
	var asked string
	dial := func(_ context.Context, place string) (string, error) {
		asked += place
		if class, ok := away[place]; ok {
			return "", errclass.With(class, errors.New(place+" is away"))
		}
		return place, nil
	}
	reach := func(ctx context.Context, want, order string) error {
		t.Helper()
		asked = ""
		got, err := sqlkit.Reach(ctx, f, dial)
		if got != want || asked != order {
			t.Errorf("reached %q by %q, want %q by %q", got, asked, want, order)
		}
		return err
	}
	for range 2 {
		if err := reach(t.Context(), "b", map[bool]string{true: "ab", false: "b"}[f.Current() == "a"]); err != nil {
			t.Error(err)
		}
	}
	if n := strings.Count(log.String(), "another jdbcUrl"); n != 1 || f.Current() != "b" {
		t.Errorf("said %d times, at %s", n, f.Current())
	}
	away["b"], away["c"] = errclass.Config, errclass.Config
	delete(away, "a")
	if err := reach(t.Context(), "a", "bca"); err != nil {
		t.Error(err)
	}
	away["a"] = errclass.Transient
	if err := reach(t.Context(), "", "abc"); errclass.Of(err) != errclass.Transient || !strings.Contains(err.Error(), "a is away") || !strings.Contains(err.Error(), "c is away") {
		t.Errorf("class %s: %v", errclass.Of(err), err)
	}
	away["a"] = errclass.Config
	if err := reach(t.Context(), "", "abc"); errclass.Of(err) != errclass.Config {
		t.Errorf("class %s: %v", errclass.Of(err), err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := reach(ended, "", "a"); err == nil {
		t.Error("reached after the end")
	}
}
