package pump

import (
	"context"
	"sync"

	"github.com/datasync-io/datasync/core/plugin"
)

// leaving are the sources of an attempt that have read all they were to read.
// They stay open until what they have read is durable and stored, to be told so.
type leaving struct {
	mu  sync.Mutex
	all []func() error // which close them
}

func (l *leaving) add(end func() error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, end)
}

// end stores what is durable unless the attempt has failed, and closes the
// sources. That nothing could be stored is told by the last save of the job,
// which comes anyway.
func (l *leaving) end(ctx context.Context, save func(context.Context) error, failed error) error {
	if len(l.all) == 0 {
		return failed
	}
	if failed == nil {
		_ = save(ctx)
	}
	for _, end := range l.all {
		if err := end(); err != nil && failed == nil {
			failed = err
		}
	}
	return failed
}

// leave closes the source of a split: at once, or if it wants to be told what is
// stored and has ended in order, when the attempt has.
func (r *reader) leave(s plugin.Source, unheard func(), inOrder bool, err error) error {
	if unheard == nil {
		return closing(s, err)
	}
	if !inOrder {
		unheard()
		return closing(s, err)
	}
	r.leaving.add(func() error {
		unheard()
		return closing(s, nil)
	})
	return nil
}
