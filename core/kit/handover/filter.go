package handover

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/datasync-io/datasync/core/record"
)

// Filter leaves out the changes of a log that the rows of a snapshot show
// already. H is a high position, T a transaction of the log. It is for one
// goroutine.
type Filter[H, T any] struct {
	covers func(high H, tx T) bool
	order  Order
	tables map[record.Name][]*settled[H]
	tx     T
	nth    uint64 // of tx
	text   []byte
}

// settled is a segment with what is known of the transaction at hand.
type settled[H any] struct {
	Segment
	high    H
	missing bool   // it is still to be copied, and changes of its rows are left out until then
	anew    bool   // it was, but a signal has had the whole table copied: no change is left out
	asked   uint64 // the transaction that was asked for last
	covered bool
	sides   map[string]bool // of keys by their text: not after the segment
}

// NewFilter returns a filter of the segments of all chunks. covers tells that
// all that the transaction did was visible at high.
func NewFilter[H, T any](segments []Segment, parse func(json.RawMessage) (H, error), covers func(high H, tx T) bool, order Order) (*Filter[H, T], error) {
	f := &Filter[H, T]{covers: covers, order: order, tables: map[record.Name][]*settled[H]{}}
	for _, s := range segments {
		one := &settled[H]{Segment: s, missing: len(s.High) == 0}
		if !one.missing {
			var err error
			if one.high, err = parse(s.High); err != nil {
				return nil, err
			}
		}
		f.tables[s.Chunk.Table] = append(f.tables[s.Chunk.Table], one)
	}
	return f, nil
}

// Anew is told of the tables that signals have had copied beside the log: what
// was still to be copied of them leaves no changes out any more.
func (f *Filter[H, T]) Anew(tables []record.Name) {
	for _, name := range tables {
		for _, s := range f.tables[name] {
			s.anew, s.missing = s.anew || s.missing, false
		}
	}
}

// Begin says which transaction the rows to come are of.
func (f *Filter[H, T]) Begin(tx T) {
	f.tx = tx
	f.nth++
}

// Skip tells that the snapshot shows the row's change already. The halves of an
// update have the same key and get the same answer.
func (f *Filter[H, T]) Skip(ctx context.Context, r record.Row) (bool, error) {
	segments := f.tables[r.Schema().Name]
	if len(segments) == 0 {
		return false, nil
	}
	if all, agree := f.all(segments); agree {
		return all, nil
	}
	return f.skip(ctx, segments, keyOf(r))
}

// skip tells it of a key. The segments of a chunk follow each other in the order
// of the key: only where two of them differ it has to be known on which side the
// key is, which the database may have to be asked.
func (f *Filter[H, T]) skip(ctx context.Context, segments []*settled[H], key Key) (bool, error) {
	for len(segments) > 0 {
		chunk := &segments[0].Chunk
		n := slices.IndexFunc(segments, func(s *settled[H]) bool { return s.Through == nil }) + 1
		in, err := chunk.contains(ctx, f.order, key)
		if err != nil {
			return false, err
		}
		if in {
			return f.within(ctx, segments[:n], key)
		}
		segments = segments[n:]
	}
	return false, nil
}

// within is skip of the segments of the chunk that the key is in.
func (f *Filter[H, T]) within(ctx context.Context, segments []*settled[H], key Key) (bool, error) {
	last := len(segments) - 1
	for i, s := range segments[:last] {
		if f.covered(s) == f.covered(segments[i+1]) {
			continue
		}
		in, err := f.before(ctx, s, key)
		if err != nil || in {
			return f.covered(s), err
		}
	}
	return f.covered(segments[last]), nil
}

// mostSides bounds what is remembered of one segment.
const mostSides = 50_000

// before tells that a key of the segment's chunk is not after it. What the
// database was asked is remembered: many keys are changed again and again.
func (f *Filter[H, T]) before(ctx context.Context, s *settled[H], key Key) (bool, error) {
	if by, ok := compareAlone(key, s.Through); ok {
		return by <= 0, nil
	}
	f.text = key.appendText(f.text[:0])
	if in, known := s.sides[string(f.text)]; known {
		return in, nil
	}
	by, err := compare(ctx, f.order, s.Chunk.Table, key, s.Through)
	if err != nil {
		return false, err
	}
	if s.sides == nil || len(s.sides) >= mostSides {
		s.sides = map[string]bool{}
	}
	s.sides[string(f.text)] = by <= 0
	return by <= 0, nil
}

// Table tells of the whole table what Skip tells of a row; agree is false
// where its segments differ. What is still to be copied does not count, unless
// that is all.
func (f *Filter[H, T]) Table(name record.Name) (skip, agree bool) {
	segments := f.tables[name]
	if len(segments) == 0 {
		return false, true
	}
	copied := slices.DeleteFunc(slices.Clone(segments), func(s *settled[H]) bool { return s.missing })
	if len(copied) == 0 {
		return true, true
	}
	return f.all(copied)
}

func (f *Filter[H, T]) all(segments []*settled[H]) (covered, agree bool) {
	covered = f.covered(segments[0])
	for _, s := range segments[1:] {
		if f.covered(s) != covered {
			return false, false
		}
	}
	return covered, true
}

func (f *Filter[H, T]) covered(s *settled[H]) bool {
	switch {
	case s.missing:
		return true
	case s.anew:
		return false
	}
	if s.asked != f.nth {
		s.asked, s.covered = f.nth, f.covers(s.high, f.tx)
	}
	return s.covered
}

// Pass forgets the tables all of whose highs are behind the log's reader, and
// tells whether any is left.
func (f *Filter[H, T]) Pass(behind func(high H) bool) (active bool) {
tables:
	for name, segments := range f.tables {
		for _, s := range segments {
			if s.missing || !s.anew && !behind(s.high) {
				continue tables
			}
		}
		delete(f.tables, name)
	}
	return len(f.tables) > 0
}
