package handover

import (
	"context"
	"encoding/json"

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
}

// settled is a segment with what is known of the transaction at hand.
type settled[H any] struct {
	Segment
	high    H
	asked   bool // of this transaction
	covered bool
}

// NewFilter returns a filter of the segments of all chunks. covers tells that
// all that the transaction did was visible at high.
func NewFilter[H, T any](segments []Segment, parse func(json.RawMessage) (H, error), covers func(high H, tx T) bool, order Order) (*Filter[H, T], error) {
	f := &Filter[H, T]{covers: covers, order: order, tables: map[record.Name][]*settled[H]{}}
	for _, s := range segments {
		high, err := parse(s.High)
		if err != nil {
			return nil, err
		}
		f.tables[s.Chunk.Table] = append(f.tables[s.Chunk.Table], &settled[H]{Segment: s, high: high})
	}
	return f, nil
}

// Begin says which transaction the rows to come are of.
func (f *Filter[H, T]) Begin(tx T) {
	f.tx = tx
	for _, segments := range f.tables {
		for _, s := range segments {
			s.asked = false
		}
	}
}

// Skip tells that the snapshot shows the row's change already. The halves of an
// update have the same key and get the same answer.
func (f *Filter[H, T]) Skip(ctx context.Context, r record.Row) (bool, error) {
	segments := f.tables[r.Schema().Name]
	if len(segments) == 0 {
		return false, nil
	}
	first := f.covered(segments[0])
	agree := true
	for _, s := range segments[1:] {
		agree = agree && f.covered(s) == first
	}
	if agree {
		return first, nil
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

func (f *Filter[H, T]) covered(s *settled[H]) bool {
	if !s.asked {
		s.asked, s.covered = true, f.covers(s.high, f.tx)
	}
	return s.covered
}

// Pass forgets the tables all of whose highs are behind the log's reader, and
// tells whether any is left.
func (f *Filter[H, T]) Pass(behind func(high H) bool) (active bool) {
tables:
	for name, segments := range f.tables {
		for _, s := range segments {
			if !behind(s.high) {
				continue tables
			}
		}
		delete(f.tables, name)
	}
	return len(f.tables) > 0
}
