package plugintest_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/record"
)

// ledgerStore is a destination whose rows become visible with Commit.
type ledgerStore struct {
	mu        sync.Mutex
	next      int
	prepared  map[int][][]string
	committed map[int]bool
	visible   [][]string
}

// faults of a two-phase writer, for the suite to find.
type twoPhaseFaults struct {
	doubles      bool // Commit again shows the rows again
	keepsNothing bool // Close takes back what was prepared
	discardsAll  bool // Discard takes tokens that hold
	discardsNone bool // Discard leaves what nobody stored, and the next Commit shows it
	early        bool // rows are visible before Commit
}

type twoPhaseWriter struct {
	store  *ledgerStore
	faults twoPhaseFaults
	mine   []int
}

type twoPhaseSink struct {
	w    *twoPhaseWriter
	rows [][]string
}

func (w *twoPhaseWriter) Open(ctx context.Context, _ plugin.Task) (plugin.Sink, error) {
	return &twoPhaseSink{w: w}, ctx.Err()
}

func (w *twoPhaseWriter) Close() error { return nil }

func (w *twoPhaseWriter) Commit(_ context.Context, _ uint64, tokens [][]byte) error {
	s := w.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.faults.discardsNone {
		for id, rows := range s.prepared {
			if !s.committed[id] {
				s.committed[id] = true
				s.visible = append(s.visible, rows...)
			}
		}
	}
	for _, token := range tokens {
		var id int
		if err := json.Unmarshal(token, &id); err != nil {
			return err
		}
		if s.committed[id] && !w.faults.doubles {
			continue
		}
		if _, known := s.prepared[id]; !known {
			return errors.New("the token stands for nothing")
		}
		s.committed[id] = true
		s.visible = append(s.visible, s.prepared[id]...)
	}
	return nil
}

func (w *twoPhaseWriter) Discard(_ context.Context, _ uint64, tokens [][]byte) error {
	s := w.store
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range s.prepared {
		token, err := json.Marshal(id)
		if err != nil {
			return err
		}
		held := slices.ContainsFunc(tokens, func(t []byte) bool { return string(t) == string(token) })
		if w.faults.discardsNone || held && !w.faults.discardsAll {
			continue
		}
		delete(s.prepared, id)
		if held {
			s.visible = nil
		}
	}
	return nil
}

func (s *twoPhaseSink) Write(ctx context.Context, b *record.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	rows := plugintest.BatchCells(b)
	if s.w.faults.early {
		s.w.store.mu.Lock()
		s.w.store.visible = append(s.w.store.visible, rows...)
		s.w.store.mu.Unlock()
		return nil
	}
	s.rows = append(s.rows, rows...)
	return nil
}

func (s *twoPhaseSink) Prepare(context.Context, uint64) ([]byte, error) {
	if s.rows == nil {
		return nil, nil
	}
	store := s.w.store
	store.mu.Lock()
	defer store.mu.Unlock()
	store.next++
	store.prepared[store.next] = s.rows
	s.w.mine = append(s.w.mine, store.next)
	s.rows = nil
	return json.Marshal(store.next)
}

func (s *twoPhaseSink) Close() error {
	if s.w.faults.keepsNothing {
		s.w.store.mu.Lock()
		defer s.w.store.mu.Unlock()
		for _, id := range s.w.mine {
			if !s.w.store.committed[id] {
				delete(s.w.store.prepared, id)
			}
		}
	}
	return nil
}

func twoPhaseSuite(faults twoPhaseFaults) plugintest.WriterSuite {
	return plugintest.WriterSuite{
		Open: func(testing.TB) plugintest.Destination {
			store := &ledgerStore{prepared: map[int][][]string{}, committed: map[int]bool{}}
			return plugintest.Destination{
				New:  func(testing.TB) plugin.Writer { return &twoPhaseWriter{store: store, faults: faults} },
				Rows: func(testing.TB) [][]string { return slices.Clone(store.visible) },
			}
		},
		Schemas:    []*record.Schema{plugintest.AllKinds("t")},
		Want:       plugintest.Cells,
		BadConfigs: map[string]func(testing.TB) error{"bad": badConfig},
	}
}

func TestTwoPhaseWriters(t *testing.T) {
	t.Run("holds", func(t *testing.T) { plugintest.Writer(t, twoPhaseSuite(twoPhaseFaults{})) })
	for _, tt := range []struct {
		property string
		faults   twoPhaseFaults
	}{
		{"commit", twoPhaseFaults{doubles: true}},
		{"commit", twoPhaseFaults{keepsNothing: true}},
		{"commit", twoPhaseFaults{discardsAll: true}},
		{"discard", twoPhaseFaults{discardsNone: true}},
		{"discard", twoPhaseFaults{discardsAll: true}},
		{"close", twoPhaseFaults{early: true}},
	} {
		failures, _ := plugintest.Record(t, func(t testing.TB) { plugintest.CheckWriter(t, twoPhaseSuite(tt.faults), tt.property) })
		if len(failures) == 0 {
			t.Errorf("a writer with %+v passes %q", tt.faults, tt.property)
		}
	}
}
