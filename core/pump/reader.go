package pump

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/datasync-io/datasync/core/checkpoint"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// reader is one channel's reading end.
type reader struct {
	l       *lane
	channel int
	in      inboxes
	failed  context.Context // ends when the attempt has failed
	room    *Budget         // for what is on its way; nil: none
	begun   bool            // of the split at hand: a batch with rows has gone out
	last    int             // memory of the batch before
	dealer  dealer
	tail    bool   // of the split at hand: rows have gone out after the last position
	at      []byte // of the split at hand: the last position
	leaving *leaving
}

// run reads split after split until there are none or ctx ends.
func (r *reader) run(ctx context.Context) error {
	r.room = r.l.room()
	for {
		p, ok, err := r.l.next(ctx)
		if ctx.Err() != nil {
			return nil // drained: whoever ended ctx says why
		}
		if err != nil {
			return fmt.Errorf("planning: %w", err)
		}
		if !ok {
			return nil
		}
		if err := r.split(ctx, p); err != nil && ctx.Err() == nil {
			return err
		}
		if ctx.Err() != nil {
			return nil
		}
	}
}

// open opens the split, in place again after a transient error.
func (r *reader) open(ctx context.Context, from plugin.Progress) (plugin.Source, error) {
	patience := r.l.c.patience()
	defer patience.trouble.over()
	patience.worked = r.l.readerOpened.Load()
	for {
		s, err := r.l.c.Reader.Open(ctx, from)
		if err == nil {
			r.l.readerOpened.Store(true)
			r.l.trouble.over() // of the last attempt; a source may have nothing to say for long
			return s, nil
		}
		if err := patience.wait(ctx, "opening the reader", err); err != nil {
			return nil, err
		}
	}
}

func (r *reader) split(ctx context.Context, from plugin.Progress) (err error) {
	r.begun, r.tail, r.at = from.Position != nil || from.Begun, false, from.Position
	s, err := r.open(ctx, from)
	if err != nil {
		return r.giveUp(ctx, from.Split, err)
	}
	var unheard func()
	if a, ok := s.(plugin.Acker); ok {
		unheard = r.l.c.Acks.Add(from.Split.ID, a)
	}
	ended := false
	defer func() {
		inOrder := r.failed.Err() == nil && (err == nil && ended || ctx.Err() != nil)
		err = errors.Join(err, r.leave(s, unheard, inOrder, err))
	}()
	for {
		p, err := r.fill(ctx, s, from.Split.ID)
		ended = err == io.EOF
		if err != nil && !ended {
			return r.giveUp(ctx, from.Split, err)
		}
		if err := r.send(ctx, p, from.Split); err != nil {
			return err
		}
		if ended {
			return nil
		}
	}
}

// giveUp sets a split aside if its error is its own and for good; else it
// returns the error. Rows that have gone out after the last position are taken
// back, where the destination can do that, by a new attempt without the split.
func (r *reader) giveUp(ctx context.Context, split plugin.Split, err error) error {
	if !split.Apart || ctx.Err() != nil || errors.Is(err, plugin.ErrReplan) {
		return err
	}
	if split.Endless && split.Table == (record.Name{}) { // the stream of all tables, which is the job
		return err
	}
	switch errclass.Of(err) {
	case errclass.Transient, errclass.Canceled, errclass.Fenced:
		return err
	}
	r.l.setAside(split.ID, err)
	if r.tail && r.l.exact() {
		return &withoutSplit{err}
	}
	return nil
}

// withoutSplit ends an attempt whose successor does without a split.
type withoutSplit struct{ err error }

func (e *withoutSplit) Error() string { return e.err.Error() }
func (e *withoutSplit) Unwrap() error { return e.err }

// closing closes what has failed already in silence, and says what is wrong otherwise.
func closing(c io.Closer, failed error) error {
	if err := c.Close(); err != nil && failed == nil {
		return fmt.Errorf("closing: %w", err)
	}
	return nil
}

// fill returns the next batch of the split, and io.EOF with the last one.
func (r *reader) fill(ctx context.Context, s plugin.Source, split string) (*parcel, error) {
	c := r.l.c
	want := max(c.bytes, r.last) // large rows are rarely alone
	if r.room != nil {
		if err := r.room.Acquire(ctx, want); err != nil {
			return nil, err
		}
	}
	if err := c.Budget.Acquire(ctx, want); err != nil {
		if r.room != nil {
			r.room.Release(want)
		}
		return nil, err
	}
	p := r.l.take()
	p.memory, p.room = want, r.room
	b := p.batch
	p.hold(c, max(want, b.Memory()))
	b.Reset(split)
	b.SetTarget(c.rows, c.bytes)
	if c.Limiter != nil {
		rows, bytes := c.Limiter.Target()
		b.SetTarget(atMost(rows, c.rows), atMost(bytes, c.bytes))
	}
	start := time.Now()
	err := s.Fill(ctx, b)
	c.Meter.Spend(r.channel, Reading, time.Since(start))
	// Drivers wrap io.EOF when a connection breaks: only the bare one is the end.
	r.last = b.Memory()
	p.hold(c, r.last)
	switch {
	case err == io.EOF:
		if len(b.Marks()) == 0 && r.at != nil { // who keeps marks alone is to know how far the split was
			b.Mark(r.at, time.Time{})
		}
		b.End()
		return p, err
	case err == nil && b.Empty():
		err = fmt.Errorf("reading split %s: the reader returned without rows, position or error", split)
	}
	if err != nil {
		r.l.release(p)
		return nil, err
	}
	if marks := b.Marks(); len(marks) > 0 && marks[0].Position != nil {
		r.at = marks[0].Position
	}
	return p, nil
}

// atMost keeps a batch at its size where a limit, 0 for none, allows more.
func atMost(limit, size int) int {
	if limit <= 0 {
		return size
	}
	return min(limit, size)
}

// send counts the batch, waits for the limit, hands it to a sink, or its parts
// to theirs, and has the destination follow the schema change behind it.
func (r *reader) send(ctx context.Context, p *parcel, split plugin.Split) error {
	b := p.batch
	change := b.SchemaChange()
	b.Change(nil)
	if b.Empty() {
		r.l.release(p)
	} else if err := r.hand(ctx, p, split); err != nil {
		return err
	}
	if change == nil {
		return nil
	}
	r.l.c.Log.Info("the schema has changed at the source", "split", split.ID, "table", change.Name.String(), "sql", change.SQL)
	return r.migrate(split, change)
}

func (r *reader) hand(ctx context.Context, p *parcel, split plugin.Split) error {
	c, b := r.l.c, p.batch
	if err := r.begin(ctx, b); err != nil {
		r.l.release(p)
		return err
	}
	r.tail = len(b.Marks()) == 0 && (r.tail || b.Len() > 0)
	read := checkpoint.Counts{Read: int64(b.Len() + len(b.Rejects())), ReadBytes: int64(b.Size())}
	c.Meter.Count(r.channel, read)
	parts := []*parcel{p}
	if r.l.deals(split) {
		parts = r.dealer.deal(r.l, b)
	}
	ticket := c.Tracker.Issue(b, read, len(parts))
	if c.Limiter != nil {
		start := time.Now()
		// A stop while waiting only means that these rows go out now.
		_ = c.Limiter.Wait(ctx, b.Len(), b.Size())
		c.Meter.Spend(r.channel, Limiting, time.Since(start))
	}
	if len(parts) > 1 || parts[0] != p {
		r.l.release(p)
	}
	for i, part := range parts {
		part.tickets = append(part.tickets, ticket)
		to := r.l.route(r.in, r.channel, split)
		if part != p {
			to = r.in.own[part.sink]
		}
		select {
		case to <- part:
		case <-r.failed.Done():
			for _, unsent := range parts[i:] {
				r.l.release(unsent)
			}
			return r.failed.Err()
		}
	}
	return nil
}

// begin stores, before the first rows of a split whose reader gives no
// position go out, that rows of it may be at the destination.
func (r *reader) begin(ctx context.Context, b *record.Batch) error {
	if r.begun || b.Len() == 0 {
		return nil
	}
	r.begun = true
	if marks := b.Marks(); len(marks) > 0 && (marks[0].Position != nil || marks[0].Done) {
		return nil
	}
	return r.l.c.Begin(ctx, b.Split())
}
