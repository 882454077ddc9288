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
}

// settled is a segment with what is known of the transaction at hand.
type settled[H any] struct {
	Segment
	high    H
	missing bool   // it is still to be copied, and changes of its rows are left out until then
	asked   uint64 // the transaction that was asked for last
	covered bool
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
	key := keyOf(r)
	for _, s := range segments {
		in, err := s.contains(ctx, f.order, key)
		if err != nil || in {
			return f.covered(s), err
		}
	}
	return false, nil
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
	if s.missing {
		return true
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
			if s.missing || !behind(s.high) {
				continue tables
			}
		}
		delete(f.tables, name)
	}
	return len(f.tables) > 0
}
