package pump

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/datasync-io/datasync/core/checkpoint"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// inboxSize is how many batches may wait for a sink: enough to keep both ends
// busy, few enough to stay in the processor's cache.
const inboxSize = 2

// parcel is a batch on its way, with what it stands for.
type parcel struct {
	batch   *record.Batch
	memory  int     // held of the budget
	room    *Budget // of its source, of which as much is held; nil: none
	tickets []checkpoint.Ticket
	sink    int      // of a part of a batch: where it goes
	barrier *barrier // nil but for a parcel without a batch, at which sinks wait
	news    *news    // nil but for a parcel without a batch, of a schema change
}

// bare tells that the parcel is no batch.
func (p *parcel) bare() bool { return p.barrier != nil || p.news != nil }

// lane is sources and sinks that fail and start again together.
type lane struct {
	p              *Pump
	c              *Config
	first          int // channel of the first source and of the first sink
	sources, sinks int

	free shelf

	readerOpened, writerOpened atomic.Bool // once
	progressed                 atomic.Bool // something has become durable in this attempt
	unkept                     atomic.Bool // the Ledger can keep nothing

	trouble *trouble // of whole attempts

	migrating sync.Mutex // held by the source that has its sinks wait

	mu     sync.Mutex
	held   []string          // splits begun and not durably done
	again  []string          // of these, the ones to be begun again in this attempt
	routes map[string]int    // sink of a split whose batches stay together
	undone checkpoint.Counts // counted by sinks of this attempt and not durable
}

func newLane(p *Pump, first, sources, sinks int) *lane {
	return &lane{p: p, c: &p.c, first: first, sources: sources, sinks: sinks, trouble: p.c.trouble(),
		free: shelf{most: sources*2 + sinks*(2*inboxSize+1)}}
}

// run makes attempts until the queue is empty, patience is used up or stop ends.
func (l *lane) run(ctx, stop context.Context) error {
	patience := newPatience(l.c.Retry, l.c.Log)
	patience.trouble = l.trouble
	defer l.trouble.over()
	for {
		err := l.attempt(ctx, stop)
		if err == nil {
			return stop.Err()
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var without *withoutSplit
		if errors.As(err, &without) || l.withoutTables(ctx, err) {
			l.rewind()
			if stop.Err() != nil {
				return stop.Err()
			}
			continue
		}
		if err := l.repeatable(err); err != nil {
			return err
		}
		if stop.Err() != nil { // what is not durable will be read again
			l.c.Log.Warn("ending amid an error", "error", err)
			return stop.Err()
		}
		patience.worked = l.readerOpened.Load() && l.writerOpened.Load()
		if l.progressed.Swap(false) {
			patience.success()
		}
		if err := patience.wait(stop, "moving rows", err); err != nil {
			return err
		}
		l.rewind()
	}
}

// attempt opens sinks and sources and moves rows until nothing is left, stop
// ends or something fails. All of its goroutines have ended when it returns.
func (l *lane) attempt(ctx, stop context.Context) error {
	task := l.c.Task
	if l.c.Ledger != nil {
		if err := l.claim(ctx, &task); err != nil {
			return err
		}
	}
	l.begin()
	g, failed := errgroup.WithContext(ctx)
	reading, cancel := context.WithCancel(stop)
	defer cancel()
	defer context.AfterFunc(failed, cancel)()

	in, end := l.inboxes(), &parting{stop: cancel, left: l.sinks}
	last := new(leaving)
	var sources sync.WaitGroup
	sources.Add(l.sources)
	for i := range l.sources {
		r := &reader{l: l, channel: l.first + i, in: in, failed: failed, leaving: last}
		g.Go(func() error {
			defer sources.Done()
			return r.run(reading)
		})
	}
	g.Go(func() error {
		sources.Wait()
		in.close()
		return nil
	})
	for i := range l.sinks {
		task.Channel = l.first + i
		w := newWriter(l, task, in.own[i], in.shared, end)
		g.Go(func() error { return w.run(failed) })
	}
	err := end.of(g.Wait())
	in.drain(l.release)
	return last.end(ctx, l.c.Save, err)
}

// claim fences earlier runs and takes over what they have stored of this
// plan; a ledger that can keep nothing leaves the job at least once.
func (l *lane) claim(ctx context.Context, task *plugin.Task) error {
	run, stored, err := l.c.Ledger.Claim(ctx, task.Job, task.Run)
	switch {
	case errors.Is(err, plugin.ErrNoLedger):
		if !l.unkept.Swap(true) {
			l.c.Log.Warn("positions are not kept with the rows: after an interruption rows can arrive twice", "why", err)
		}
		return nil
	case err != nil:
		return fmt.Errorf("claiming the job at the destination: %w", err)
	}
	l.unkept.Store(false)
	task.Run, task.Exact = run, true
	l.reset(slices.DeleteFunc(stored, func(p plugin.Progress) bool { return p.Plan != task.Plan }))
	return nil
}

// inboxes are where batches wait for sinks: the shared one for any of them,
// and one of its own for each, where all batches of a split must stay together.
type inboxes struct {
	shared chan *parcel // nil where there is one sink
	own    []chan *parcel
}

func (l *lane) inboxes() inboxes {
	in := inboxes{own: make([]chan *parcel, l.sinks)}
	for i := range in.own {
		in.own[i] = make(chan *parcel, inboxSize)
	}
	if l.sinks > 1 {
		in.shared = make(chan *parcel, inboxSize*l.sinks)
	}
	return in
}

func (in inboxes) close() {
	for _, c := range in.own {
		close(c)
	}
	if in.shared != nil {
		close(in.shared)
	}
}

// drain frees what a failed attempt has left in its closed inboxes.
func (in inboxes) drain(release func(*parcel)) {
	for _, c := range in.own {
		for p := range c {
			release(p)
		}
	}
	if in.shared != nil {
		for p := range in.shared {
			release(p)
		}
	}
}

// reset takes over what a ledger says; a split can have ended with a commit
// whose answer was lost.
func (l *lane) reset(stored []plugin.Progress) {
	l.mu.Lock()
	defer l.mu.Unlock()
	running := slices.DeleteFunc(slices.Clone(l.held), l.over)
	for _, p := range stored {
		if slices.Contains(running, p.Split.ID) && !bytes.Equal(p.Position, l.c.Tracker.Progress(p.Split.ID).Position) {
			l.progressed.Store(true) // by a commit that nobody was told of
		}
	}
	l.c.Tracker.Reset(stored)
	for _, id := range running {
		if l.c.Tracker.Progress(id).Done {
			l.c.Splits.Done(id)
		}
	}
}

// begin puts the splits that the last attempt has not ended in front.
func (l *lane) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = slices.DeleteFunc(l.held, l.over)
	l.again = slices.Clone(l.held)
	l.routes = map[string]int{}
	l.undone = checkpoint.Counts{}
}

// over tells that nothing more is read of a split: it has ended durably, or is
// set aside.
func (l *lane) over(id string) bool {
	p := l.c.Tracker.Progress(id)
	return p.Done || p.Err != ""
}

// setAside gives a split up.
func (l *lane) setAside(id string, why error) {
	l.c.Log.Error("a split is set aside, the others go on", append([]any{"split", id, "error", why}, l.triedAgain(why)...)...)
	l.c.Tracker.SetAside(id, why)
	l.c.Splits.Done(id)
}

// exact tells that rows without a position do not stay at the destination when
// an attempt ends.
func (l *lane) exact() bool {
	_, undoes := l.c.Writer.(plugin.Committer)
	return undoes || l.c.Ledger != nil && !l.unkept.Load()
}

// next returns a split to read: one that this lane must begin again, else
// from the queue.
func (l *lane) next(ctx context.Context) (plugin.Progress, bool, error) {
	l.mu.Lock()
	if len(l.again) > 0 {
		id := l.again[0]
		l.again = l.again[1:]
		l.mu.Unlock()
		return l.c.Tracker.Progress(id), true, nil
	}
	l.mu.Unlock()
	for {
		p, ok, err := l.c.Splits.Next(ctx)
		if !ok {
			return p, ok, err
		}
		if p = l.c.Tracker.Progress(p.Split.ID); l.skip(p) {
			continue
		}
		l.mu.Lock()
		l.held = append(l.held, p.Split.ID)
		l.mu.Unlock()
		return p, true, nil
	}
}

// repeatable returns err if its splits cannot be begun again, or not without
// writing rows twice.
func (l *lane) repeatable(err error) error {
	if errclass.Of(err) != errclass.Transient {
		return err
	}
	if l.c.Idempotent || l.exact() {
		return nil
	}
	for _, id := range l.held {
		if p := l.c.Tracker.Progress(id); p.Begun && !l.over(id) {
			return errclass.With(errclass.Permanent, fmt.Errorf("split %s cannot be begun again: its reader gives no position to go on from, and rows of it are written already: %w", id, err))
		}
	}
	return nil
}

// rewind takes back what the failed attempt has counted and not made durable.
func (l *lane) rewind() {
	undone := l.undone
	for _, id := range l.held {
		undone.Add(l.c.Tracker.Rewind(id))
	}
	l.c.Meter.Count(l.first, undone.Minus())
}

// route returns the inbox for a batch that the source of channel has read of
// split. Where a sink commits on its own or order counts, all batches of a
// split go to one sink (I4).
func (l *lane) route(in inboxes, channel int, split plugin.Split) chan *parcel {
	if in.shared == nil {
		return in.own[0]
	}
	if l.c.Ledger != nil {
		return in.own[channel-l.first]
	}
	if _, commits := l.c.Writer.(plugin.Committer); !commits && !split.Endless && !split.Ordered {
		return in.shared
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	i, known := l.routes[split.ID]
	if !known {
		i = len(l.routes) % len(in.own)
		l.routes[split.ID] = i
	}
	return in.own[i]
}

// take returns an empty parcel.
func (l *lane) take() *parcel {
	if p := l.free.take(); p != nil {
		return p
	}
	return &parcel{batch: record.NewBatch(0, 0)}
}

// release gives a parcel and its memory back; a batch that has grown far
// beyond the target is dropped.
func (l *lane) release(p *parcel) {
	if p.bare() {
		return
	}
	held := *p // whoever waits for its memory finds it on the shelf
	defer held.hold(l.c, 0)
	p.memory, p.room, p.tickets = 0, nil, p.tickets[:0]
	if l.c.Poison {
		p.batch.Poison()
	}
	if p.batch.Memory() > 4*l.c.bytes {
		return
	}
	l.free.put(p)
}
