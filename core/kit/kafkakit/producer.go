package kafkakit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/IBM/sarama"

	"github.com/datasync-io/datasync/core/errclass"
)

// ErrTooLarge is the error of a record that the broker refuses for its size
// when it is sent alone. The producer stays usable.
var ErrTooLarge = errors.New("the record is larger than the topic takes")

// Producer sends records to partitions, in order per partition, in batches
// that are idempotent unless the settings say otherwise. It is for one
// goroutine; it has none of its own.
//
// A record is appended to [Producer.Buffer] and handed over with
// [Producer.Take]. A request is sent when its records have BatchBytes, and at
// [Producer.Advance] when nothing is on its way. After Flush returns nil all
// that was taken is acknowledged.
//
// After any error but [ErrTooLarge] the producer is finished.
type Producer struct {
	client   *Client
	set      ProducerSettings
	config   *sarama.Config
	wire     *wire
	compress compressor
	id       int64 // of the producer; -1: not idempotent
	epoch    int16
	txn      *transaction // nil: none
	tail     []byte       // what follows a record's value: the headers

	lanes []*lane
	conns map[int32]*sarama.Broker // by broker; used for produce requests alone

	arena    []byte // the records being gathered, in the order they came
	spans    []span // these records
	touched  []*lane
	gathered int    // their size
	raw      []byte // scratch of one send: records to be compressed

	outcomes chan outcome
	inFlight int
	order    uint64 // of the batch sent last
	failed   []*batch
	spare    []*batch
	blocks   []*block // that are free
	err      error
	stats    Stats
}

// Stats counts what a producer has done.
type Stats struct {
	Records, Bytes, Requests int64
	Resent, Duplicates       int64 // batches; duplicates were in already when they were sent again
}

// lane is one partition.
type lane struct {
	topic     Topic
	partition int32
	sequence  int32 // of the next record
	proven    bool  // the broker has acknowledged a batch of this producer
	count     int   // records being gathered
	bytes     int   // their size
	at        int   // scratch of a send: where the lane's next record goes
}

// span is a record being gathered: arena[start:end].
type span struct{ start, end, lane uint32 }

// Header is a name and value that every record carries.
type Header struct{ Name, Value string }

// NewProducer begins a producer: it asks the cluster for an identity where the
// settings want idempotence. ctx bounds that.
func (c *Client) NewProducer(ctx context.Context, set ProducerSettings, headers []Header) (*Producer, error) {
	p, err := c.newProducer(set, headers)
	if err != nil || !set.Idempotent {
		return p, err
	}
	if err := p.identify(ctx); err != nil {
		return nil, err
	}
	return p, nil
}

func (c *Client) newProducer(set ProducerSettings, headers []Header) (*Producer, error) {
	w := newWire(c.at.DialTimeout)
	cfg, err := c.at.saramaConfig(w)
	if err != nil {
		return nil, err
	}
	p := &Producer{client: c, set: set.Share(1), config: cfg, wire: w, id: -1, epoch: -1, conns: map[int32]*sarama.Broker{}}
	p.config.Net.MaxOpenRequests = set.InFlight
	// A broker may hold a request for RequestTimeout before it answers.
	p.config.Net.ReadTimeout = c.at.RequestTimeout + 5*time.Second
	p.outcomes = make(chan outcome, set.InFlight+1)
	p.tail = AppendHeaders(nil, headers)
	if p.compress, err = newCompressor(set.Codec, set.Level); err != nil {
		return nil, errclass.With(errclass.Config, err)
	}
	return p, nil
}

// identify asks for a producer id.
func (p *Producer) identify(ctx context.Context) error {
	within, cancel := context.WithTimeout(ctx, p.set.DeliveryTimeout)
	defer cancel()
	defer p.client.wire.bound(within)()
	for pace := p.pace(); ; {
		err := p.askIdentity()
		if err == nil {
			return nil
		}
		if retriableCode(err) && pause(within, pace) == nil {
			continue
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return p.client.at.explain("asking Kafka for a producer id", err)
	}
}

func (p *Producer) askIdentity() error {
	b := p.client.cluster.LeastLoadedBroker()
	if b == nil {
		return sarama.ErrOutOfBrokers
	}
	res, err := b.InitProducerID(&sarama.InitProducerIDRequest{Version: 4, ProducerID: -1, ProducerEpoch: -1})
	if err != nil {
		return err
	}
	if res.Err != sarama.ErrNoError {
		return res.Err
	}
	p.id, p.epoch = res.ProducerID, res.ProducerEpoch
	return nil
}

// Lane registers a partition and returns the number that Take knows it by.
func (p *Producer) Lane(t Topic, partition int32) int {
	p.lanes = append(p.lanes, &lane{topic: t, partition: partition})
	return len(p.lanes) - 1
}

// Stats returns what was done so far.
func (p *Producer) Stats() Stats { return p.stats }

// Buffer lends the memory for the next record: append key and value to what it
// returns and hand the whole to Take, with no other call in between.
func (p *Producer) Buffer() []byte {
	if p.arena == nil {
		p.arena = make([]byte, 0, p.room())
	}
	n := len(p.arena)
	return slices.Grow(p.arena, headroom)[:n+headroom]
}

// room is the size of a request's memory: the records before the last one, that
// one, and what stands between them.
func (p *Producer) room() int { return p.set.BatchBytes + p.set.BatchBytes/8 }

// Take takes the record that was appended to Buffer. Its first key bytes are
// the key; a negative key is a record without one, a negative value one whose
// value is null. [ErrTooLarge] refuses this record alone.
func (p *Producer) Take(ctx context.Context, buf []byte, key, value int, number int) error {
	return p.TakeHeaded(ctx, buf, key, value, number, p.tail)
}

// TakeHeaded is [Producer.Take] of a record with headers of its own, as
// [AppendHeaders] writes them: the producer's are not added.
func (p *Producer) TakeHeaded(ctx context.Context, buf []byte, key, value int, number int, headers []byte) error {
	if p.err != nil {
		return p.err
	}
	l := p.lanes[number]
	size := recordSize(l.count, key, value, len(headers))
	if batchOverhead+l.bytes+size > l.topic.MaxBytes {
		var err error
		if buf, err = p.sendKeeping(ctx, buf); err != nil {
			return err
		}
		size = recordSize(0, key, value, len(headers))
	}
	s := span{lane: uint32(number)}
	begin, buf := sealRecord(buf, len(p.arena)+headroom, key, value, l.count, headers)
	p.arena = buf
	s.start, s.end = uint32(begin), uint32(len(buf))
	if l.count == 0 {
		p.touched = append(p.touched, l)
	}
	l.count++
	l.bytes += size
	p.gathered += size
	p.spans = append(p.spans, s)
	switch {
	case batchOverhead+size > l.topic.MaxBytes:
		return p.sendAlone(ctx, l)
	case p.gathered >= p.set.BatchBytes, len(p.arena) >= p.room():
		return p.send(ctx)
	}
	return nil
}

// sendKeeping sends what was gathered before the record at the end of buf, and
// returns the buffer with this record as the first of the next batch.
func (p *Producer) sendKeeping(ctx context.Context, buf []byte) ([]byte, error) {
	record := buf[len(p.arena)+headroom:]
	if err := p.send(ctx); err != nil {
		return nil, err
	}
	return append(p.Buffer(), record...), nil
}

// sendAlone sends the one record that was gathered and awaits its outcome with
// nothing else on the way, so that a refusal leaves no gap in the sequence.
func (p *Producer) sendAlone(ctx context.Context, l *lane) error {
	if err := p.settle(ctx, 0); err != nil {
		return err
	}
	size := l.bytes
	sequence := l.sequence
	err := p.send(ctx)
	if err == nil {
		err = p.settle(ctx, 0)
	}
	var refused *refusal
	if !errors.As(err, &refused) {
		return err
	}
	l.sequence, p.err = sequence, nil
	p.clear()
	return errclass.With(errclass.Data, fmt.Errorf("%w: %d bytes, topic %s takes %d; raise its %s: kafka-configs.sh --bootstrap-server %s --alter --topic %s --add-config %s=%d",
		ErrTooLarge, size, l.topic.Name, l.topic.MaxBytes, maxBytesConfig, p.client.at.Servers[0], l.topic.Name, maxBytesConfig, size+batchOverhead))
}

// Advance takes in what has been answered and, if nothing is on its way, sends
// what was gathered: a slow stream is not held back, a fast one makes full
// batches.
func (p *Producer) Advance(ctx context.Context) error {
	if p.err != nil {
		return p.err
	}
	if err := p.settle(ctx, p.set.InFlight); err != nil {
		return err
	}
	if p.inFlight > 0 {
		return nil
	}
	return p.send(ctx)
}

// Flush sends what was gathered and awaits all acknowledgements.
func (p *Producer) Flush(ctx context.Context) error {
	if p.err != nil {
		return p.err
	}
	if err := p.send(ctx); err != nil {
		return err
	}
	return p.settle(ctx, 0)
}

// Close ends the connections; what is not acknowledged may or may not arrive,
// and what is in a transaction that was not committed does not.
func (p *Producer) Close() error {
	p.abandon()
	p.wire.hangUp()
	for id := range p.conns {
		p.drop(id)
	}
	if p.err == nil {
		p.err = errors.New("the producer is closed")
	}
	return nil
}
