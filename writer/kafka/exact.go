package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// Bounds of a transaction's time, between the places where one may end. A
// commit stops the channel for some milliseconds: transactions are as much
// longer as commits take, so that these cost little, and short where commits
// are quick, so that readers of committed rows wait little. A channel that has
// little to do has the time for more of them.
const (
	shortTransaction = 50 * time.Millisecond
	longTransaction  = time.Second
	commitShare      = 10 // a transaction is so many times as long as its commit
	idleShare        = 2  // the same of a channel that is idle for half of the time
)

// exactSink is one channel whose rows and positions are committed together.
type exactSink struct {
	*sink
	job    string
	plan   uint64
	ledger int                    // the producer's lane
	marks  map[string]record.Mark // since the last commit, by split
	tail   bool                   // rows have come after the last mark
	commit time.Duration          // that the last commit took
	busy   time.Duration          // that the channel has worked since then
}

var (
	_ plugin.Sink    = (*exactSink)(nil)
	_ plugin.Flusher = (*exactSink)(nil)
)

// Write implements [plugin.Sink]. Rows that are refused leave the marks
// unstored: they come again without rows.
func (s *exactSink) Write(ctx context.Context, b *record.Batch) error {
	start := time.Now()
	err := s.sink.Write(ctx, b)
	s.busy += time.Since(start)
	var refused *errclass.Rows
	if err != nil && !(errors.As(err, &refused) && refused.Written) {
		return err
	}
	if b.Len() > 0 {
		s.tail = true
	}
	if err != nil {
		return err
	}
	for _, m := range b.Marks() {
		if m.State == nil {
			m.State = s.marks[m.Split].State
		}
		s.marks[m.Split], s.tail = m, false
	}
	began := s.producer.Open()
	if s.tail || len(s.marks) == 0 || !began.IsZero() && time.Since(began) < s.length(time.Since(began)) {
		return nil
	}
	if began.IsZero() && b.Len() > 0 {
		return nil // nothing has been sent yet
	}
	return s.Flush(ctx)
}

// length is how long a transaction is to be that is so old.
func (s *exactSink) length(old time.Duration) time.Duration {
	share := time.Duration(commitShare)
	if s.busy < old/2 {
		share = idleShare
	}
	return min(max(shortTransaction, share*s.commit), longTransaction)
}

// Flush implements [plugin.Flusher]: it commits rows and marks.
func (s *exactSink) Flush(ctx context.Context) error {
	if s.tail {
		return errors.New("kafka: asked to commit rows whose mark has not come")
	}
	start := time.Now()
	for _, m := range s.marks {
		pairs, err := entry(s.job, s.plan, &m)
		if err != nil {
			return fmt.Errorf("encoding the position of split %s: %w", m.Split, err)
		}
		for i := 0; i < len(pairs); i += 2 {
			if err := s.producer.Put(ctx, s.ledger, pairs[i], pairs[i+1]); err != nil {
				return noRow(fmt.Errorf("storing the position of split %s: %w", m.Split, err))
			}
		}
	}
	if err := s.producer.Commit(ctx); err != nil {
		return noRow(err)
	}
	clear(s.marks)
	s.commit, s.busy = time.Since(start), 0
	return nil
}

// noRow keeps an error that is about no row of a batch, which is in the
// transaction, from looking like one: the rows would be written again.
func noRow(err error) error {
	if errclass.Of(err) == errclass.Data {
		return errclass.With(errclass.Permanent, err)
	}
	return err
}
