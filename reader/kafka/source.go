package kafka

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/kit/kafkakit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// patience is how long rows wait for more to come.
const patience = 2 * time.Millisecond

// idleMark is the least time between two positions without rows.
const idleMark = time.Second

// source reads the partitions of a split.
type source struct {
	reader   *reader
	spec     *spec
	client   *kafkakit.Client
	consumer *kafkakit.Consumer
	decoder  changefmt.Decoder
	stop     context.CancelFunc // of discover; nil: it does not run
	looking  sync.WaitGroup

	mu    sync.Mutex // of what discover changes too
	parts []*part    // by name
	index map[kafkakit.TopicPartition]*part

	pieces  []*kafkakit.Piece // to be read next
	record  kafkakit.Record
	message changefmt.Message
	at      time.Time // of the message read last
	moved   bool      // since the last mark
	began   time.Time // of the last mark, or the source
}

var (
	_ plugin.Source = (*source)(nil)
	_ plugin.Acker  = (*source)(nil)
)

// Fill implements [plugin.Source].
func (s *source) Fill(ctx context.Context, b *record.Batch) error {
	for {
		if s.ended() {
			if s.moved || !b.Empty() {
				s.mark(b)
			}
			return io.EOF
		}
		if len(s.pieces) == 0 {
			full, err := s.wait(ctx, b)
			if full || err != nil {
				return err
			}
			continue
		}
		full, err := s.read(ctx, b, s.pieces[0])
		if full || err != nil {
			return err
		}
		s.pieces = s.pieces[1:]
	}
}

// ended tells that all partitions are where a bounded run ends.
func (s *source) ended() bool {
	if s.spec.Ends == nil {
		return false
	}
	for _, p := range s.parts { // nobody adds any
		if !p.done {
			return false
		}
	}
	return true
}

// wait waits for pieces, but not long with something to hand on: then it marks
// the batch, which is full.
func (s *source) wait(ctx context.Context, b *record.Batch) (full bool, err error) {
	switch {
	case !b.Empty():
		s.pieces, err = s.consumer.Wait(ctx, patience)
	case s.moved:
		s.pieces, err = s.consumer.Wait(ctx, max(time.Until(s.began.Add(idleMark)), patience))
	default:
		s.pieces, err = s.consumer.Next(ctx)
	}
	if err != nil || len(s.pieces) > 0 {
		return false, err
	}
	s.mark(b)
	return true, nil
}

// read hands the messages of a piece on; full says that the batch is, and that
// the piece may have more.
func (s *source) read(ctx context.Context, b *record.Batch, piece *kafkakit.Piece) (full bool, err error) {
	p := s.part(piece.Place.Partition)
	if p.done {
		return false, nil
	}
	for !b.Full() {
		if !piece.Read(&s.record) {
			s.pass(p, piece)
			return false, nil
		}
		if p.end >= 0 && s.record.Offset >= p.end {
			s.advance(p, s.record.Offset)
			return false, nil
		}
		change, err := s.decode(ctx, b, p)
		if err != nil {
			return false, err
		}
		if change != nil {
			s.mark(b) // who begins there again meets the change again
			b.Change(change)
			s.advance(p, s.record.Offset+1)
			return true, nil
		}
		s.advance(p, s.record.Offset+1)
	}
	s.mark(b)
	return true, nil
}

// pass moves a partition behind a piece: what follows its last message were
// marks of transactions, or messages that were taken back or removed.
func (s *source) pass(p *part, piece *kafkakit.Piece) {
	next := max(piece.Next, p.next.Load())
	if piece.Idle && p.end >= 0 {
		next = max(next, min(p.end, piece.Place.End()))
	}
	if next > p.next.Load() {
		s.advance(p, next)
	}
}

func (s *source) advance(p *part, next int64) {
	p.next.Store(next)
	s.moved = true
	if p.end >= 0 && next >= p.end {
		p.done = true
		s.consumer.Drop(p.TopicPartition)
	}
}

func (s *source) part(name kafkakit.TopicPartition) *part {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.index[name]
}

// decode makes rows of the record at hand. One that cannot be read is handed on
// as it is.
func (s *source) decode(ctx context.Context, b *record.Batch, p *part) (*record.Change, error) {
	r, m := &s.record, &s.message
	m.Topic, m.Partition, m.Offset, m.At, m.Key, m.Value = p.Topic, p.ID, r.Offset, r.At, r.Key, r.Value
	m.Headers = m.Headers[:0]
	for _, h := range r.Headers {
		m.Headers = append(m.Headers, changefmt.Header{Name: string(h.Key), Value: h.Value})
	}
	if !r.At.IsZero() {
		s.at = r.At
	}
	change, err := s.decoder.Decode(ctx, m, b)
	switch {
	case err == nil:
		return change, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	const place = "topic %s, partition %d, offset %d"
	if errclass.Of(err) != errclass.Data {
		return nil, fmt.Errorf(place+": %w", p.Topic, p.ID, r.Offset, err)
	}
	b.Reject(r.Value, errclass.Placed(err, place, p.Topic, p.ID, r.Offset))
	return nil, nil
}

// mark marks the batch where the partitions are.
func (s *source) mark(b *record.Batch) {
	s.mu.Lock()
	position := appendPosition(nil, s.parts)
	s.mu.Unlock()
	b.Mark(position, s.at)
	s.moved, s.began = false, time.Now()
}

// Ack implements [plugin.Acker]: it tells the consumer group.
func (s *source) Ack(ctx context.Context, raw []byte) error {
	at, err := parsePosition(raw)
	if err != nil {
		return err
	}
	all := map[kafkakit.TopicPartition]int64{}
	at.each(func(p kafkakit.TopicPartition, offset int64) { all[p] = offset })
	return s.reader.commit(ctx, s.client, all)
}

// commit tells the group how far the job is, if it may.
func (r *reader) commit(ctx context.Context, client *kafkakit.Client, at map[kafkakit.TopicPartition]int64) error {
	r.mu.Lock()
	unheard := r.unheard
	r.mu.Unlock()
	if unheard || len(at) == 0 {
		return nil
	}
	err := client.CommitOffsets(ctx, r.config.Group, at)
	if err == nil || !kafkakit.GroupDenied(err) {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.unheard {
		r.env.Log.Warn("the consumer group is not told how far the job is, which knows it all the same", "error", err)
	}
	r.unheard = true
	return nil
}

// Close implements [plugin.Source].
func (s *source) Close() error {
	if s.stop != nil {
		s.stop()
	}
	s.looking.Wait()
	return s.consumer.Close()
}
