package handover

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// Tables is what a system gives to a [Copier].
type Tables interface {
	Views
	// Whole returns the split of a table's rows, in the order of its key and at
	// most so many, and its chunk, which has no bounds. An error of class Config
	// says why the table cannot be copied in parts, as for lack of a key.
	Whole(ctx context.Context, table record.Name, rows int) (plugin.Split, Chunk, error)
}

// Log is what the reader of a log tells a [Copier] about it. H is a position of
// a view, T a transaction. The functions but those that Here returns are called
// by the goroutine that reads the log.
type Log[H, T any] struct {
	Parse func(json.RawMessage) (H, error) // reads View.Low and View.High
	// Covers tells that all that a transaction did is visible at low.
	Covers func(low H, tx T) bool
	// Passed tells that the reader has passed high: nothing that it will read is
	// visible there.
	Passed func(high H) bool
	// Here remembers how far the reader is. What it returns tells that all it has
	// read until now is visible at low.
	Here func() (visible func(low H) bool)
	// Follows tells that a table is among those that are read.
	Follows func(table record.Name) bool
	// Schema returns the log's own schema for that of a view; nil: they are the same.
	Schema func(s *record.Schema) *record.Schema
	Rows   int // that a chunk has at most; 0: as usual
	Logger *slog.Logger
}

// The most that a chunk holds.
const (
	chunkRows  = 16 << 10
	chunkBytes = 16 << 20
)

// How long after a view that was of no use another one is opened, twice as long
// each time, and after one that could not be opened.
const (
	againSoon = 10 * time.Millisecond
	againLate = 5 * time.Second
)

// Turn is what the log's reader does next.
type Turn uint8

// Turns.
const (
	ReadOn Turn = iota // nothing is to be copied
	Wait               // read on, and ask again soon also where the log has nothing
	Hand               // call [Copier.Hand] before anything else is read
	Note               // the state is another one: give a mark with it
)

// Copier copies tables within the Source that reads the log of their changes;
// see the package's comment. One goroutine uses it.
type Copier[H, T any] struct {
	log     Log[H, T]
	tables  Tables
	state   *Copies
	in      *Signals
	taken   uint64 // version of in
	changed bool   // the state is not marked yet
	chunk   *chunk[H]
	tx      T
	size    int // rows of the next chunk
	soonest time.Duration
	later   time.Time // nothing is asked for before
	vain    int       // views in a row that were of no use
	last    asked
}

// NewCopier returns a copier that goes on from a stored state.
func NewCopier[H, T any](log Log[H, T], tables Tables, state *Copies, in *Signals) *Copier[H, T] {
	if log.Logger == nil {
		log.Logger = slog.New(slog.DiscardHandler)
	}
	if log.Schema == nil {
		log.Schema = func(s *record.Schema) *record.Schema { return s }
	}
	if log.Rows <= 0 {
		log.Rows = chunkRows
	}
	return &Copier[H, T]{log: log, tables: tables, state: state, in: in, size: log.Rows, soonest: againSoon}
}

// State returns what is to be stored with the next mark; it is the Copier's own.
func (c *Copier[H, T]) State() *Copies { return c.state }

// Noted is told that the state has been put into a mark.
func (c *Copier[H, T]) Noted() { c.changed = false }

// Close ends what is being read, and awaits it.
func (c *Copier[H, T]) Close() { c.drop() }

// Add has a table copied that was added to the list: from now on changes of
// rows that are not copied yet are left out.
func (c *Copier[H, T]) Add(table record.Name) {
	if old := c.state.find(table); old != nil {
		c.giveUp(old)
		c.state.remove(old)
	}
	c.state.Tables = append(c.state.Tables, &Copy{Table: table, First: true})
	c.changed = true
}

// Forget gives up what is being copied of tables that are no longer followed, or
// are gone.
func (c *Copier[H, T]) Forget(gone func(record.Name) bool) {
	for _, one := range slices.Clone(c.state.Tables) {
		if gone(one.Table) {
			c.log.Logger.Info("a table is not copied any further: it is not followed any longer", "table", one.Table.String(), "rows", one.Rows)
			c.giveUp(one)
			c.state.remove(one)
			c.changed = true
		}
	}
}

// Altered is told of each statement of the log that changed a table, before any
// change after it.
func (c *Copier[H, T]) Altered(table record.Name) {
	if c.chunk != nil && c.chunk.of.Table == table {
		c.chunk.spoilt = true
	}
}

// Next says what is to be done at a place of the log where it can be begun
// again. It waits for nothing but an answer of [Order].
func (c *Copier[H, T]) Next(ctx context.Context) (Turn, error) {
	if c.chunk != nil && c.chunk.handing {
		return Hand, nil
	}
	c.obey()
	if c.changed {
		return Note, nil
	}
	if c.chunk == nil {
		return c.ask(), nil
	}
	select {
	case <-c.chunk.read:
	default:
		return Wait, nil
	}
	turn, err := c.look(ctx)
	if c.changed {
		return Note, err
	}
	return turn, err
}

// Reading is closed when the chunk that is being read has been, so that Next can
// be asked; nil: none is.
func (c *Copier[H, T]) Reading() <-chan struct{} {
	if c.chunk == nil {
		return nil
	}
	return c.chunk.read
}

// obey takes note of signals.
func (c *Copier[H, T]) obey() {
	pending, news := c.in.take(&c.taken)
	if !news {
		return
	}
	var seen []string
	for _, s := range pending {
		seen = append(seen, s.ID)
		if slices.Contains(c.state.Seen, s.ID) {
			continue
		}
		refused := len(c.state.Refused)
		for _, gone := range c.state.obey(s, c.log.Follows) {
			c.giveUp(gone)
		}
		c.log.Logger.Info("a signal is obeyed", "signal", s.ID, "verb", string(s.Verb), "tables", fmt.Sprint(s.Tables))
		for _, r := range c.state.Refused[min(refused, len(c.state.Refused)):] {
			c.log.Logger.Error("a signal is refused", "signal", r.Signal, "table", r.Table.String(), "error", r.Err)
		}
		c.changed = true
	}
	c.state.Seen = seen // what is not pending will not come again
}

func (c *Copier[H, T]) giveUp(one *Copy) {
	if c.chunk != nil && c.chunk.of == one {
		c.drop()
	}
	c.last = asked{}
}

// drop gives the chunk up.
func (c *Copier[H, T]) drop() {
	if c.chunk == nil {
		return
	}
	c.chunk.cancel()
	<-c.chunk.read
	c.chunk = nil
}

// ask has the next chunk read.
func (c *Copier[H, T]) ask() Turn {
	one := c.state.current()
	switch {
	case one == nil:
		return ReadOn
	case time.Now().Before(c.later):
		return Wait
	}
	ctx, cancel := context.WithCancel(context.Background())
	c.chunk = &chunk[H]{of: one, visible: c.log.Here(), notes: newNotes(one.First), read: make(chan struct{}), cancel: cancel}
	go c.chunk.run(ctx, c.tables, one.Table, one.At, c.size)
	return Wait
}

// look looks at a chunk that has been read.
func (c *Copier[H, T]) look(ctx context.Context) (Turn, error) {
	ch := c.chunk
	if ch.err != nil {
		err := ch.err
		c.drop()
		return Wait, c.failed(ch.of, err)
	}
	if one := ch.of; one.Key != nil && !slices.Equal(one.Key, keyNames(ch.view.Schema)) {
		c.rekeyed(one)
		return Wait, nil
	}
	if !ch.looked {
		if err := ch.place(c.log.Parse); err != nil {
			return Wait, err
		}
		if !ch.visible(ch.low) {
			return c.again("the view does not show yet all that the log says"), nil
		}
		if c.log.Here()(ch.low) { // all that was noted is visible
			ch.notes.clear()
			ch.over = false
		}
	}
	switch {
	case ch.spoilt:
		return c.again("the table was changed meanwhile"), nil
	case ch.over:
		c.size = max(c.size/2, 1)
		return c.again("too much of it was changed meanwhile"), nil
	case !c.log.Passed(ch.high):
		return Wait, nil
	}
	sound, err := ch.correct(func(r record.Row) (bool, error) { return c.between(ctx, ch, r) })
	if err != nil {
		return Wait, err
	}
	if !sound {
		c.size = max(c.size/2, 1)
		return c.again("the log tells only parts of rows that were changed meanwhile"), nil
	}
	ch.handing = true
	return Hand, nil
}

// again has a chunk read again.
func (c *Copier[H, T]) again(why string) Turn {
	c.log.Logger.Debug("a part of a table is read again", "table", c.chunk.of.Table.String(), "why", why)
	c.drop()
	c.soon()
	return Wait
}

func (c *Copier[H, T]) soon() {
	c.later = time.Now().Add(min(c.soonest<<min(c.vain, 16), againLate))
	c.vain++
}

// failed is told why a chunk cannot be read. The stream goes on.
func (c *Copier[H, T]) failed(one *Copy, err error) error {
	table := one.Table.String()
	switch class := errclass.Of(err); {
	case errors.Is(err, ErrAgain):
		c.soon()
		return nil
	case class == errclass.Transient || class == errclass.Canceled:
		c.log.Logger.Warn("a table cannot be copied just now; it is tried again", "table", table, "error", err)
		c.later = time.Now().Add(againLate)
		return nil
	case class == errclass.PositionLost && one.At != nil:
		c.rekeyed(one)
	case one.First:
		one.Paused, one.Err = true, err.Error()
		c.log.Logger.Error("the copy of a table that was added to the list is paused: remove the cause and send the signal resume, or take the table off the list", "table", table, "rows", one.Rows, "error", err)
	default:
		c.state.remove(one)
		c.state.refuse(one.Signal, one.Table, err.Error())
		c.log.Logger.Error("a table is not copied again", "table", table, "rows", one.Rows, "error", err)
	}
	c.changed = true
	return nil
}

// Hand appends rows of the chunk at hand. It is done when all of them are
// appended: then a mark with the state has to follow at once; else the batch is
// over, and Hand is called again before anything is read.
func (c *Copier[H, T]) Hand(b *record.Batch) (done bool) {
	ch := c.chunk
	n := b.Len()
	done = ch.hand(b, c.log.Schema(ch.view.Schema))
	ch.of.Rows += int64(b.Len() - n)
	c.in.rows.Add(int64(b.Len() - n))
	if !done {
		return false
	}
	one := ch.of
	one.At, one.After = ch.after, ch.through
	one.Key = keyNames(ch.view.Schema)
	if ch.ended {
		c.log.Logger.Info("a table has been copied", "table", one.Table.String(), "rows", one.Rows)
		c.state.remove(one)
	}
	c.drop()
	c.last = asked{}
	c.size = min(c.size*2, c.log.Rows)
	c.vain = 0
	c.changed = true
	return true
}

// Copies tells that changes of a table are to be shown to Skip.
func (c *Copier[H, T]) Copies(table record.Name) bool { return c.state.find(table) != nil }

// Begin says which transaction the rows to come are of.
func (c *Copier[H, T]) Begin(tx T) { c.tx = tx }

// Skip takes note of a change, of those that are handed on for all else, and
// tells that it is to be left out: the row has not been copied yet.
func (c *Copier[H, T]) Skip(ctx context.Context, r record.Row) (skip bool, err error) {
	one := c.state.find(r.Schema().Name)
	if one == nil {
		return false, nil
	}
	c.sameKey(one, r.Schema())
	if one.First {
		copied, err := c.copied(ctx, one, r)
		if copied || err != nil {
			return false, err
		}
	}
	ch := c.chunk
	if ch == nil || ch.of != one || ch.spoilt || ch.over {
		return one.First, nil
	}
	if ch.looked && c.log.Covers(ch.low, c.tx) {
		return one.First, nil
	}
	ch.notes.add(r)
	if ch.notes.full() {
		ch.over = true
		ch.notes = newNotes(one.First)
	}
	return one.First, nil
}
