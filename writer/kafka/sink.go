package kafka

import (
	"context"
	"errors"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/kit/kafkakit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

var (
	_ plugin.Sink    = (*sink)(nil)
	_ plugin.Flusher = (*sink)(nil)
)

// sink is one channel with a producer of its own.
type sink struct {
	writer   *writer
	config   *Config
	channel  int
	producer *kafkakit.Producer
	targets  map[string]target // by topic

	encoder    changefmt.Encoder
	upserts    bool // messages are rows as they are now
	keyless    bool // the key chooses the partition alone
	headed     changefmt.Headed
	headers    headers
	boundaries *boundaries // of transactions; nil: not told
	commits    commits

	schema *record.Schema // of the row before
	route  *route
	routes map[*record.Schema]*route
	moved  []byte        // scratch: the key before an update of it
	whole  *record.Batch // scratch: a row with what its update left alone
}

// Write implements [plugin.Sink]: rows that cannot be encoded, or are larger
// than their topic takes, are refused, all others taken.
func (s *sink) Write(ctx context.Context, b *record.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.routed(ctx, b); err != nil {
		return err
	}
	s.encoder.Begin(time.Now())
	var bad []errclass.BadRow
	for i := 0; i < b.Len(); {
		n, err := s.event(ctx, b, i)
		if i += n; err == nil {
			continue
		}
		if errclass.Of(err) != errclass.Data {
			return err
		}
		row := errclass.AsBadRow(i-1, err)
		if errors.Is(err, kafkakit.ErrTooLarge) {
			row.Reason = errclass.TooLarge
		}
		bad = append(bad, row)
	}
	if s.boundaries != nil && len(b.Marks()) > 0 { // a mark is no place within a transaction
		if err := s.boundaries.end(ctx, s); err != nil {
			return err
		}
	}
	if err := s.producer.Advance(ctx); err != nil {
		return err
	}
	if len(bad) > 0 {
		return &errclass.Rows{Bad: bad, Written: true}
	}
	return nil
}

// routed finds the topics of a batch's tables before any row is taken, so that
// the error of one table is one of that alone.
func (s *sink) routed(ctx context.Context, b *record.Batch) error {
	for _, schema := range b.Schemas() {
		if schema == s.schema || s.routes[schema] != nil {
			continue
		}
		_, err := s.use(ctx, schema)
		for i := 0; err != nil && i < b.Len(); i++ {
			if b.Row(i).Schema() == schema {
				return err
			}
		}
	}
	return nil
}

// event writes the message of the change that begins with row i, and tells how
// many rows it takes. A data error is the last one's own.
func (s *sink) event(ctx context.Context, b *record.Batch, i int) (rows int, err error) {
	if len(s.config.MessageKeys) > 0 {
		if done, err := s.rekeyed(ctx, b, i); done {
			return 2, err
		} else if err != nil {
			return 1, err
		}
	}
	ev, rows := changefmt.At(b, i, s.encoder.Grouping())
	if s.upserts && ev.Op == record.UpdateBefore {
		return rows, nil // the row as it is now follows
	}
	route, err := s.use(ctx, ev.Row().Schema())
	if err != nil {
		return rows, err
	}
	if ev.Moved {
		apart, err := s.apart(route, &ev)
		if err != nil {
			return rows, err
		}
		if apart { // one message could be in the order of one key only
			ev, rows = changefmt.Event{Op: record.Delete, Before: ev.Before}, 1
		}
	}
	s.commits.before(b, i+rows)
	return rows, s.tell(ctx, route, &ev)
}

// tell writes the message of an event, and what tells of its transaction.
func (s *sink) tell(ctx context.Context, route *route, ev *changefmt.Event) error {
	if route.own {
		for _, c := range route.key {
			if err := said(ev.Row(), c); err != nil {
				return err
			}
		}
	}
	if s.boundaries != nil {
		if err := s.boundaries.row(ctx, s, ev.Row()); err != nil {
			return err
		}
	}
	return s.message(ctx, route, ev)
}

// message encodes an event into the producer's buffer and hands it over.
func (s *sink) message(ctx context.Context, route *route, ev *changefmt.Event) error {
	buf := s.producer.Buffer()
	start := len(buf)
	buf, keyed, err := s.encoder.AppendKey(buf, ev.Row(), route.key)
	if err != nil {
		return err
	}
	key := -1
	if keyed {
		key = len(buf) - start
	}
	lane := route.first + int(s.partition(route, buf[start:], key))
	if s.keyless {
		buf, key = buf[:start], -1
	}
	value := -1
	if ev.Op == record.Delete && s.upserts {
		if key < 0 {
			return errclass.BadValue("", errclass.Null, "a delete without a key cannot be written: set partitionAssignColumns")
		}
	} else {
		at := len(buf)
		if buf, err = s.encoder.AppendValue(buf, *ev); err != nil {
			return err
		}
		value = len(buf) - at
	}
	if s.headed != nil {
		err = s.producer.TakeHeaded(ctx, buf, key, value, lane, s.headers.of(s.headed, *ev))
	} else {
		err = s.producer.Take(ctx, buf, key, value, lane)
	}
	if err != nil || !s.config.Tombstones || ev.Op != record.Delete || key < 0 || s.upserts {
		return err
	}
	buf, _, err = s.encoder.AppendKey(s.producer.Buffer(), ev.Row(), route.key)
	if err != nil {
		return err
	}
	return s.producer.Take(ctx, buf, key, -1, lane)
}

// apart tells that the keys before and after an update lie in two partitions.
func (s *sink) apart(r *route, ev *changefmt.Event) (bool, error) {
	if r.partitions == 1 || s.config.Strategy == allToZero {
		return false, nil
	}
	at := func(row record.Row) (int32, error) {
		key, keyed, err := s.encoder.AppendKey(s.moved[:0], row, r.key)
		s.moved = key
		if !keyed {
			return -1, err
		}
		return kafkakit.Partition(key, r.partitions), err
	}
	before, err := at(ev.Before)
	if err != nil {
		return false, err
	}
	after, err := at(ev.After)
	return before != after, err
}

// partition chooses where a row goes; a negative n means that it has no key.
func (s *sink) partition(r *route, key []byte, n int) int32 {
	switch {
	case r.partitions == 1 || s.config.Strategy == allToZero:
		return 0
	case n < 0:
		return int32(s.channel % r.partitions)
	default:
		return kafkakit.Partition(key, r.partitions)
	}
}

// Flush implements [plugin.Flusher].
func (s *sink) Flush(ctx context.Context) error { return s.producer.Flush(ctx) }

// Close implements [plugin.Sink].
func (s *sink) Close() error { return s.producer.Close() }
