package kafkakit

import (
	"errors"
	"reflect"
	"slices"
	"time"

	"github.com/IBM/sarama"
)

// Piece is what one answer has of a partition: records in order.
type Piece struct {
	Place *Place
	Next  int64 // where the partition goes on after all of it
	Begin int64 // records before it are not wanted
	Idle  bool  // there is nothing behind Next, though its end may be further

	batches []*sarama.RecordBatch
	aborted []*sarama.AbortedTransaction // by first offset
	undone  map[int64]bool               // producers whose records are of a transaction that was taken back
	at      int                          // in batches[0].Records
}

// Record is one record of a partition.
type Record struct {
	Offset     int64
	At         time.Time // as its producer, or the broker, has it; zero: none
	Key, Value []byte    // nil: null
	Headers    []*sarama.RecordHeader
}

func newPiece(p *Place, b *sarama.FetchResponseBlock, committed bool) (*Piece, error) {
	piece := &Piece{Place: p, Next: p.next, Begin: p.next}
	for _, set := range b.RecordsSet {
		switch {
		case set.RecordBatch == nil:
			return nil, errOldFormat(p.Partition)
		case set.RecordBatch.PartialTrailingRecord:
		default:
			piece.batches = append(piece.batches, set.RecordBatch)
			piece.Next = max(piece.Next, set.RecordBatch.LastOffset()+1)
		}
	}
	if len(b.RecordsSet) == 0 && !b.Partial {
		piece.Next = max(piece.Next, behindEmpty(b))
	}
	if committed {
		piece.aborted = slices.SortedFunc(slices.Values(b.AbortedTransactions), func(x, y *sarama.AbortedTransaction) int { return int(x.FirstOffset - y.FirstOffset) })
	}
	return piece, nil
}

func errOldFormat(p TopicPartition) error {
	return errors.New("partition " + p.String() + " holds messages in the format of Kafka before 0.11, which is not read: let the brokers rewrite the topic")
}

// partial tells that an answer was too small for the next batch.
func partial(b *sarama.FetchResponseBlock) bool {
	return b.Partial || slices.ContainsFunc(b.RecordsSet, func(r *sarama.Records) bool { return r.RecordBatch != nil && r.RecordBatch.PartialTrailingRecord })
}

// behindEmpty returns where the batches end that compaction has emptied: sarama
// leaves them out, and tells so in a field of its own. 0: there are none.
func behindEmpty(b *sarama.FetchResponseBlock) int64 {
	f := reflect.ValueOf(b).Elem().FieldByName("recordsNextOffset")
	if f.IsValid() && f.Kind() == reflect.Pointer && !f.IsNil() {
		return f.Elem().Int()
	}
	return 0
}

// Read returns the next record; false: there is none left. The records of
// transactions that were taken back are left out, if only committed ones are
// wanted, and so are the marks of transactions (KIP-98).
func (p *Piece) Read(r *Record) bool {
	for len(p.batches) > 0 {
		b := p.batches[0]
		if p.at == 0 && p.skips(b) || p.at == len(b.Records) {
			p.batches, p.at = p.batches[1:], 0
			continue
		}
		from := b.Records[p.at]
		p.at++
		r.Offset = b.FirstOffset + from.OffsetDelta
		if r.Offset < p.Begin {
			continue
		}
		r.Key, r.Value, r.Headers = from.Key, from.Value, from.Headers
		r.At = b.FirstTimestamp.Add(from.TimestampDelta)
		if b.LogAppendTime {
			r.At = b.MaxTimestamp
		}
		if r.At.UnixMilli() < 0 {
			r.At = time.Time{}
		}
		return true
	}
	return false
}

// skips tells that a batch that is met now has no records to hand on.
func (p *Piece) skips(b *sarama.RecordBatch) bool {
	for len(p.aborted) > 0 && p.aborted[0].FirstOffset <= b.LastOffset() {
		if p.undone == nil {
			p.undone = map[int64]bool{}
		}
		p.undone[p.aborted[0].ProducerID] = true
		p.aborted = p.aborted[1:]
	}
	if b.Control {
		if !committed(b) {
			delete(p.undone, b.ProducerID)
		}
		return true
	}
	return b.IsTransactional && p.undone[b.ProducerID]
}
