package plugin

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/datasync-io/datasync/core/record"
)

// Push is a Source around a client that pushes: one that calls back for each
// row and returns at the end. The client runs in a goroutine of its own and
// fills, one at a time, the batches that Fill is given.
type Push struct {
	ctx    context.Context
	cancel context.CancelFunc
	fill   chan *record.Batch // a batch to fill
	full   chan struct{}      // the batch is the engine's again
	ended  chan struct{}      // closed when the client has returned
	err    error              // valid once ended is closed; nil: end of the split
	start  sync.Once
	run    func(ctx context.Context, p *Pusher) error
	closer func() error
}

// NewPush returns a Source that runs the client when it is first filled. run
// returns nil at the end of the split, and soon when its context ends. closer,
// which may be nil, releases the client's resources; it is called once, by
// Close, after run has returned or was never begun.
func NewPush(run func(ctx context.Context, p *Pusher) error, closer func() error) *Push {
	ctx, cancel := context.WithCancel(context.Background())
	return &Push{ctx: ctx, cancel: cancel, run: run, closer: closer,
		fill: make(chan *record.Batch), full: make(chan struct{}), ended: make(chan struct{})}
}

// Fill implements [Source].
func (p *Push) Fill(ctx context.Context, b *record.Batch) error {
	p.start.Do(func() {
		go func() {
			defer close(p.ended)
			p.err = p.run(p.ctx, &Pusher{push: p})
		}()
	})
	stop := context.AfterFunc(ctx, p.cancel)
	defer stop()
	select {
	case p.fill <- b:
	case <-p.ended:
		return p.result(ctx)
	}
	select {
	case <-p.full:
		return nil
	case <-p.ended:
		return p.result(ctx)
	}
}

func (p *Push) result(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if p.err == nil {
		return io.EOF
	}
	return p.err
}

// Close implements [Source]: it stops the client and awaits it.
func (p *Push) Close() error {
	p.cancel()
	started := true
	p.start.Do(func() { started = false })
	if started {
		<-p.ended
	}
	if p.closer == nil {
		return nil
	}
	return p.closer()
}

// ErrStopped is what [Pusher.Batch] returns when the Source was closed or its
// engine stopped: the client returns it.
var ErrStopped = errors.New("stopped")

// Pusher is the client's end of a [Push]; for the client's goroutine alone.
type Pusher struct {
	push  *Push
	batch *record.Batch
}

// Batch returns the batch to fill; it blocks while the engine has not asked
// for more rows. The same batch is returned until Yield.
func (p *Pusher) Batch() (*record.Batch, error) {
	if p.batch != nil {
		return p.batch, nil
	}
	select {
	case p.batch = <-p.push.fill:
		return p.batch, nil
	case <-p.push.ctx.Done():
		return nil, ErrStopped
	}
}

// Yield gives the batch back: Fill returns. The client marks it before.
func (p *Pusher) Yield() {
	p.batch = nil
	p.push.full <- struct{}{}
}
