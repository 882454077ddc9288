package sqlkit

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/datasync-io/datasync/core/errclass"
)

// Fallback is the places that a connection can be made to, each an S: the first
// that can be reached is used, and the next only when it no longer can be.
// Several goroutines use it.
type Fallback[S any] struct {
	places []S
	log    *slog.Logger

	mu sync.Mutex
	at int // of the place that answered last
}

// NewFallback returns the fallback over at least one place.
func NewFallback[S any](log *slog.Logger, places ...S) *Fallback[S] {
	return &Fallback[S]{places: places, log: log}
}

// Current returns the place that is in use.
func (f *Fallback[S]) Current() S {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.places[f.at]
}

// Reach dials places, beginning with the current one, until one answers, which
// is the current one from then on. The error joins those of all places; it is
// of class Transient if that of any is.
func Reach[S, C any](ctx context.Context, f *Fallback[S], dial func(ctx context.Context, place S) (C, error)) (C, error) {
	f.mu.Lock()
	begin := f.at
	f.mu.Unlock()
	var (
		none  C
		errs  []error
		class errclass.Class
	)
	for i := range f.places {
		at := (begin + i) % len(f.places)
		conn, err := dial(ctx, f.places[at])
		if err == nil {
			f.answered(at, len(errs) > 0)
			return conn, nil
		}
		if errs = append(errs, err); len(errs) == 1 || errclass.Of(err) == errclass.Transient {
			class = errclass.Of(err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	if len(errs) == 1 {
		return none, errs[0]
	}
	return none, errclass.With(class, errors.Join(errs...))
}

func (f *Fallback[S]) answered(at int, failed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if failed && f.at != at {
		f.log.Warn("a connection could not be made: another jdbcUrl of the list is used", "jdbcUrl", at)
	}
	f.at = at
}
