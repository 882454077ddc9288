package kafkakit

import (
	"context"
	"fmt"
	"time"

	"github.com/IBM/sarama"
)

// batch is the records of one lane in one request.
type batch struct {
	lane   *lane
	wire   sarama.RecordBatch
	count  int
	size   int
	order  uint64    // of the sending: batches of a lane are sent again in this order
	first  time.Time // when it was first sent
	leader int32     // the broker it was last sent to
	err    error     // its last answer
}

// outcome is the answer to one request.
type outcome struct {
	batches  []*batch
	response *sarama.ProduceResponse
	err      error
}

// send sends what was gathered: one request per leading broker. It returns
// when the arena is free again.
func (p *Producer) send(ctx context.Context) error {
	if len(p.spans) == 0 {
		return nil
	}
	defer p.wire.bound(ctx)()
	fresh := false
	for _, batches := range p.group(p.pack()) {
		fresh = fresh || p.anyUnproven(batches)
		if err := p.settle(ctx, p.set.InFlight-1); err != nil {
			return err
		}
		p.dispatch(batches)
	}
	// A batch that could not be sent may not be encoded yet, so it is sent again
	// before the arena is used anew. And a broker without state of a producer
	// takes any first sequence: were a partition's first batch refused and the
	// second one taken, the first could never be sent. So it travels alone.
	if len(p.failed) > 0 || fresh {
		if err := p.settle(ctx, 0); err != nil {
			return err
		}
	}
	p.clear()
	return nil
}

func (p *Producer) anyUnproven(batches []*batch) bool {
	for _, b := range batches {
		if !b.lane.proven && p.id >= 0 {
			return true
		}
	}
	return false
}

// pack makes batches of what was gathered, one per lane.
func (p *Producer) pack() []*batch {
	if n := len(p.spans); cap(p.records) < n {
		p.records = make([]sarama.Record, n+n/4)
		p.refs = make([]*sarama.Record, n+n/4)
	}
	now := time.Now()
	batches := make([]*batch, len(p.touched))
	next := 0
	for i, l := range p.touched {
		l.at = next
		next += l.count
		batches[i] = p.newBatch(l, p.refs[l.at:next:next], now)
	}
	records := p.records[:len(p.spans)]
	for i := range p.spans {
		s := &p.spans[i]
		l := p.lanes[s.lane]
		r := &records[l.at]
		*r = sarama.Record{Headers: p.headers, OffsetDelta: int64(l.count)}
		if !s.noKey {
			r.Key = p.arena[s.start:s.mid:s.mid]
		}
		if !s.noValue {
			r.Value = p.arena[s.mid:s.end:s.end]
		}
		p.refs[l.at] = r
		l.at++
	}
	for _, b := range batches {
		for i, r := range b.wire.Records {
			r.OffsetDelta = int64(i)
		}
		b.lane.count, b.lane.bytes = 0, 0
	}
	p.stats.Records += int64(len(p.spans))
	p.stats.Bytes += int64(len(p.arena))
	return batches
}

func (p *Producer) newBatch(l *lane, records []*sarama.Record, now time.Time) *batch {
	var b *batch
	if n := len(p.spare); n > 0 {
		b, p.spare = p.spare[n-1], p.spare[:n-1]
	} else {
		b = &batch{}
	}
	p.order++
	n := len(records)
	*b = batch{lane: l, count: n, size: batchOverhead + l.bytes, order: p.order, first: now}
	b.wire = sarama.RecordBatch{
		Version: 2, Codec: p.set.Codec, CompressionLevel: p.set.Level,
		ProducerID: p.id, ProducerEpoch: p.epoch, FirstSequence: -1,
		FirstTimestamp: now, MaxTimestamp: now, LastOffsetDelta: int32(n - 1), Records: records,
	}
	if p.id >= 0 {
		b.wire.FirstSequence = l.sequence
		l.sequence = int32((int64(l.sequence) + int64(n)) & 0x7fffffff) // 0 follows MaxInt32
	}
	return b
}

// group parts batches by the broker that leads their partitions; a lane whose
// leader is not known now goes to group -1 and fails there.
func (p *Producer) group(batches []*batch) map[int32][]*batch {
	groups := make(map[int32][]*batch, 1)
	for _, b := range batches {
		b.leader = -1
		if leader, err := p.client.cluster.Leader(b.lane.topic.Name, b.lane.partition); err == nil {
			b.leader = leader.ID()
		} else {
			b.err = err
		}
		groups[b.leader] = append(groups[b.leader], b)
	}
	return groups
}

// dispatch sends batches of one leader as one request. What cannot be sent is
// failed; all else has its outcome later.
func (p *Producer) dispatch(batches []*batch) {
	leader := batches[0].leader
	if leader < 0 {
		p.failed = append(p.failed, batches...)
		return
	}
	err := p.request(batches)
	if err == nil && p.set.Acks == sarama.NoResponse {
		p.recycle(batches)
		return
	}
	if err == nil {
		p.inFlight++
		return
	}
	for _, b := range batches {
		b.err = err
	}
	p.failed = append(p.failed, batches...)
}

func (p *Producer) request(batches []*batch) error {
	conn, err := p.conn(batches[0])
	if err != nil {
		return err
	}
	req := &sarama.ProduceRequest{RequiredAcks: p.set.Acks, Timeout: int32(p.client.at.RequestTimeout.Milliseconds()), Version: p.version()}
	for _, b := range batches {
		req.AddBatch(b.lane.topic.Name, b.lane.partition, &b.wire)
	}
	p.stats.Requests++
	return conn.AsyncProduce(req, func(res *sarama.ProduceResponse, err error) {
		p.outcomes <- outcome{batches: batches, response: res, err: err} // has room for every request in flight
	})
}

// version is the newest of Produce that is not encoded flexibly: the later ones
// say nothing more that is used here.
func (p *Producer) version() int16 {
	if p.config.Version.IsAtLeast(sarama.V2_4_0_0) {
		return 8
	}
	return 3
}

// conn returns the connection to the broker that leads the batch's partition.
func (p *Producer) conn(b *batch) (*sarama.Broker, error) {
	leader, err := p.client.cluster.Leader(b.lane.topic.Name, b.lane.partition)
	if err != nil {
		return nil, err
	}
	b.leader = leader.ID()
	if conn := p.conns[b.leader]; conn != nil {
		return conn, nil
	}
	conn := sarama.NewBroker(leader.Addr())
	if err := conn.Open(p.config); err != nil {
		return nil, err
	}
	if ok, err := conn.Connected(); !ok {
		if err == nil {
			err = sarama.ErrNotConnected
		}
		return nil, fmt.Errorf("connecting to %s: %w", leader.Addr(), err)
	}
	p.conns[b.leader] = conn
	return conn, nil
}

// drop ends the connection to a broker.
func (p *Producer) drop(leader int32) {
	if conn := p.conns[leader]; conn != nil {
		_ = conn.Close() // it may be broken already, which is why it is dropped
		delete(p.conns, leader)
	}
}

// clear makes the arena free for the next records.
func (p *Producer) clear() {
	p.spans, p.touched, p.gathered = p.spans[:0], p.touched[:0], 0
	if cap(p.arena) > 2*p.set.BatchBytes {
		p.arena = nil // one big record must not keep its memory
		return
	}
	p.arena = p.arena[:0]
}

func (p *Producer) recycle(batches []*batch) {
	for _, b := range batches {
		*b = batch{} // sarama keeps the encoded form in it
	}
	p.spare = append(p.spare, batches...)
}
