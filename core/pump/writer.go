package pump

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/datasync-io/datasync/core/checkpoint"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// writer is one channel's writing end.
type writer struct {
	l         *lane
	task      plugin.Task
	inbox     chan *parcel // batches for this sink
	shared    chan *parcel // batches for any sink; nil: none
	parting   *parting
	transform Transform
	shown     *record.Batch   // what may be seen of a batch
	out       *record.Batch   // what the transform fills
	spare     []*record.Batch // empty ones, for rows that are written again

	sink     plugin.Sink
	flusher  plugin.Flusher
	preparer plugin.Preparer

	next     *parcel                 // taken from the inbox, not written yet
	taken    []checkpoint.Settlement // by the sink, not durable yet
	lost     checkpoint.Counts       // of batches that failed
	unmarked map[string]bool         // splits whose last rows had no mark
	dirty    bool                    // rows were refused and may not be durable at the dirty sink
	piece    int                     // rows to write at once while the sink refuses some; 0: whole batches
	ended    bool                    // a split's end is among what is taken
	since    *time.Timer             // runs from the first that is taken on
	idle     *time.Timer             // runs while there is no input
	requests chan chan struct{}
	gone     chan struct{}
}

func newWriter(l *lane, task plugin.Task, inbox, shared chan *parcel, end *parting) *writer {
	w := &writer{l: l, task: task, inbox: inbox, shared: shared, parting: end, unmarked: map[string]bool{},
		requests: make(chan chan struct{}), gone: make(chan struct{})}
	if l.c.Transform != nil {
		w.transform, w.shown, w.out = l.c.Transform(task.Channel), record.NewBatch(0, 0), record.NewBatch(0, 0)
	}
	w.since, w.idle = stopped(), stopped()
	return w
}

// idleTime is how long a Flusher keeps rows while no others come.
const idleTime = 100 * time.Millisecond

func stopped() *time.Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}

// request asks the writer to flush, waits for that, and gives up when the
// writer has ended or ctx does.
func (w *writer) request(ctx context.Context) {
	done := make(chan struct{})
	select {
	case w.requests <- done:
	case <-w.gone:
		return
	case <-ctx.Done():
		return
	}
	select {
	case <-done:
	case <-w.gone:
	case <-ctx.Done():
	}
}

// run writes batches until the inbox is closed, and makes everything durable.
func (w *writer) run(ctx context.Context) (err error) {
	defer close(w.gone)
	defer w.since.Stop()
	if err := w.open(ctx); err != nil {
		return err
	}
	defer func() {
		if w.sink != nil {
			err = errors.Join(err, closing(w.sink, err))
		}
	}()
	w.l.p.register(w)
	defer w.l.p.unregister(w)
	defer w.leave()
	for {
		p, err := w.receive(ctx)
		if err != nil {
			return err
		}
		switch {
		case p == nil:
			return w.flush(ctx)
		case p.barrier != nil:
			if err := w.stand(ctx, p.barrier); err != nil {
				return err
			}
			continue
		case p.news != nil:
			if err := w.take(ctx, p.news); err != nil {
				return err
			}
			continue
		}
		split := p.batch.Split()
		if err := w.process(ctx, p); err != nil {
			return w.part(ctx, split, err)
		}
		if w.ended && w.next == nil && len(w.inbox)+len(w.shared) == 0 {
			if err := w.flush(ctx); err != nil {
				return err
			}
		}
	}
}

// open opens the sink, in place again after a transient error.
func (w *writer) open(ctx context.Context) error {
	patience := w.l.c.patience()
	defer patience.trouble.over()
	patience.worked = w.l.writerOpened.Load()
	for {
		s, err := w.l.c.Writer.Open(ctx, w.task)
		if err == nil {
			w.sink = s
			w.flusher, _ = s.(plugin.Flusher)
			w.preparer, _ = s.(plugin.Preparer)
			w.l.writerOpened.Store(true)
			return nil
		}
		if err := patience.wait(ctx, "opening the writer", err); err != nil {
			return err
		}
	}
}

// leave releases the parcel in hand and says what was counted in vain.
func (w *writer) leave() {
	if w.next != nil {
		w.l.release(w.next)
		w.next = nil
	}
	w.l.mu.Lock()
	defer w.l.mu.Unlock()
	w.l.undone.Add(w.lost)
	for _, s := range w.taken {
		w.l.undone.Add(s.Counts)
	}
}

// receive returns the next batch, together with those that wait behind it as
// far as they fit one batch; nil when there are no more. It flushes when that
// is due or asked for.
func (w *writer) receive(ctx context.Context) (*parcel, error) {
	if err := w.due(ctx); err != nil {
		return nil, err
	}
	p := w.next
	w.next = nil
	if p == nil {
		var err error
		if p, err = w.await(ctx); p == nil {
			return nil, err
		}
	}
	if p.bare() {
		return p, nil
	}
	for {
		var more *parcel
		select {
		case got, ok := <-w.inbox:
			more = w.got(&w.inbox, got, ok)
		case got, ok := <-w.shared:
			more = w.got(&w.shared, got, ok)
		default:
			return p, nil
		}
		switch {
		case more == nil:
		case w.fits(p, more):
			w.merge(p, more)
		default:
			w.next = more
			return p, nil
		}
	}
}

// due flushes if it is time to or somebody asks for it: input that never
// pauses must not put that off.
func (w *writer) due(ctx context.Context) error {
	select {
	case <-w.since.C:
		return w.flush(ctx)
	case done := <-w.requests:
		defer close(done)
		return w.flush(ctx)
	default:
		return ctx.Err()
	}
}

// await waits for a batch; nil without an error when there are no more. A
// Flusher is flushed when the input idles: another sink may hold the end of a
// split that waits for these rows.
func (w *writer) await(ctx context.Context) (*parcel, error) {
	var idle <-chan time.Time
	if w.flusher != nil && w.preparer == nil && len(w.taken) > 0 {
		w.idle.Reset(idleTime)
		defer w.idle.Stop()
		idle = w.idle.C
	}
	for w.inbox != nil || w.shared != nil {
		var p *parcel
		var err error
		select {
		case got, ok := <-w.inbox:
			p = w.got(&w.inbox, got, ok)
		case got, ok := <-w.shared:
			p = w.got(&w.shared, got, ok)
		case <-idle:
			err = w.flush(ctx)
		case <-w.since.C:
			err = w.flush(ctx)
		case done := <-w.requests:
			err = w.flush(ctx)
			close(done)
		case <-ctx.Done():
			err = ctx.Err()
		}
		if p != nil || err != nil {
			return p, err
		}
	}
	return nil, nil
}

// got forgets an inbox that is closed.
func (w *writer) got(inbox *chan *parcel, p *parcel, ok bool) *parcel {
	if !ok {
		*inbox = nil
		return nil
	}
	return p
}

// fits tells that b continues a and that both fit one batch. Where positions
// are not kept with the rows, what went to other sinks may lie between the two,
// once there is a position: the first one is not given away, for without any the
// split could not be begun again if what lies between failed.
func (w *writer) fits(a, b *parcel) bool {
	if b.bare() {
		return false
	}
	for _, m := range a.batch.Marks() { // rows take the mark away, and what goes with it must not be lost
		if m.State != nil && b.batch.Len()+len(b.batch.Rejects()) > 0 && len(b.batch.Marks()) == 0 {
			return false
		}
	}
	if a.batch.Len()+b.batch.Len() > w.l.c.rows || a.batch.Size()+b.batch.Size() > w.l.c.bytes {
		return false
	}
	last := a.tickets[len(a.tickets)-1]
	return b.tickets[0].Follows(last) || !w.task.Exact && w.preparer == nil && b.tickets[0].Later(last) &&
		(len(a.batch.Marks()) == 0 || w.l.c.Tracker.Progress(b.batch.Split()).Position != nil)
}

func (w *writer) merge(p, more *parcel) {
	p.batch.Append(more.batch)
	p.tickets = append(p.tickets, more.tickets...)
	p.hold(w.l.c, p.batch.Memory())
	w.l.release(more)
}

// process transforms and writes one parcel and takes note of what is durable.
func (w *writer) process(ctx context.Context, p *parcel) error {
	defer w.l.release(p)
	d := delivery{w: w}
	err := d.batch(ctx, p.batch)
	w.l.c.Meter.Count(w.task.Channel, d.counts)
	if err != nil {
		w.lost.Add(d.counts)
		return err
	}
	for _, m := range p.batch.Marks() {
		w.ended = w.ended || m.Done
		delete(w.unmarked, m.Split)
	}
	if len(p.batch.Marks()) == 0 && p.batch.Len() > 0 {
		w.unmarked[p.batch.Split()] = true
	}
	if len(w.taken) == 0 {
		w.since.Reset(w.l.c.FlushInterval)
	}
	for _, t := range p.tickets {
		w.taken = append(w.taken, checkpoint.Settlement{Ticket: t, Joined: true})
	}
	last := &w.taken[len(w.taken)-1]
	last.Counts, last.Tables, last.Joined = d.counts, d.tables, false
	switch {
	case w.preparer != nil || w.flusher != nil:
		return nil
	case w.task.Exact && len(p.batch.Marks()) == 0:
		return nil
	}
	w.settle(nil)
	return nil
}

// flush makes durable what the sink has taken. A Preparer, and a Flusher that
// stores marks with its rows, is asked only where all splits stand at a mark;
// it will be asked again.
func (w *writer) flush(ctx context.Context) error {
	if len(w.taken) == 0 {
		return nil
	}
	start := time.Now()
	defer func() { w.l.c.Meter.Spend(w.task.Channel, Writing, time.Since(start)) }()
	if len(w.unmarked) > 0 && (w.preparer != nil || w.task.Exact) {
		w.since.Reset(w.l.c.FlushInterval)
		return nil
	}
	switch {
	case w.preparer != nil:
		token, err := w.preparer.Prepare(ctx, w.l.c.Epoch())
		if err != nil {
			return fmt.Errorf("preparing: %w", err)
		}
		w.settle(token)
	case w.flusher != nil:
		w.l.p.writing.RLock()
		err := w.flusher.Flush(ctx)
		w.l.p.writing.RUnlock()
		if err != nil {
			return fmt.Errorf("flushing: %w", err)
		}
		w.settle(nil)
	}
	return nil
}

// settle tells the tracker that everything taken so far is durable (I1).
func (w *writer) settle(token []byte) {
	w.l.c.Tracker.Settle(w.task.Channel, token, w.taken)
	w.taken, w.ended = w.taken[:0], false
	w.since.Stop()
	w.l.progressed.Store(true)
	w.l.trouble.over()
}

// write is Sink.Write. Where Write alone makes durable, the pump still holds
// all that a sink that broke had not made durable: it opens another and
// writes the batch again.
func (w *writer) write(ctx context.Context, b *record.Batch) error {
	patience := w.l.c.patience()
	defer patience.trouble.over()
	patience.worked = true
	for {
		start := time.Now()
		w.l.p.writing.RLock()
		err := w.sink.Write(ctx, b)
		w.l.p.writing.RUnlock()
		w.l.c.Meter.Spend(w.task.Channel, Writing, time.Since(start))
		if err == nil || w.flusher != nil || w.preparer != nil || w.task.Exact || errclass.Of(err) != errclass.Transient {
			return err
		}
		_ = w.sink.Close() // it has failed already
		w.sink = nil
		if err := patience.wait(ctx, "writing", err); err != nil {
			return err
		}
		if err := w.open(ctx); err != nil {
			return err
		}
	}
}
