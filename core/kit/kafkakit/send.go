package kafkakit

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/IBM/sarama"
)

// batch is the records of one lane in one request.
type batch struct {
	lane   *lane
	data   []byte             // as it is sent, part of block
	block  *block             // where data is
	stand  sarama.RecordBatch // stands for data in sarama's request
	count  int
	size   int
	order  uint64    // of the sending: batches of a lane are sent again in this order
	first  time.Time // when it was first sent
	leader int32     // the broker it was last sent to
	err    error     // its last answer
}

// block is the memory of the batches of one send; it is free when all of them
// are acknowledged.
type block struct {
	data  []byte
	users int
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
	if err := p.settle(ctx, p.set.InFlight-1); err != nil { // their memory is used again
		return err
	}
	if err := p.join(ctx, p.touched); err != nil {
		return err
	}
	batches, err := p.pack()
	if err != nil {
		return p.fail(err)
	}
	fresh := p.anyUnproven(batches)
	for _, batches := range p.group(batches) {
		if err := p.settle(ctx, p.set.InFlight-1); err != nil {
			return err
		}
		p.dispatch(batches)
	}
	p.clear()
	// A broker without state of a producer takes any first sequence: were a
	// partition's first batch refused and the second one taken, the first could
	// never be sent. So it travels alone.
	if len(p.failed) > 0 || fresh {
		return p.settle(ctx, 0)
	}
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
func (p *Producer) pack() ([]*batch, error) {
	block := p.newBlock()
	data := block.data
	if p.compress != nil {
		data = p.raw
	}
	data = p.arrange(data)
	block.users = len(p.touched)
	batches := make([]*batch, len(p.touched))
	now := time.Now()
	begin := 0
	for i, l := range p.touched {
		b := p.newBatch(l, now)
		b.block, b.data = block, data[begin:l.at:l.at]
		begin = l.at
		if p.compress != nil {
			var err error
			if b.data, err = p.shrink(block, b.data); err != nil {
				return nil, err
			}
		}
		p.seal(b)
		batches[i] = b
		l.count, l.bytes = 0, 0
	}
	if p.compress != nil {
		p.raw = data
	} else {
		block.data = data
	}
	p.stats.Records += int64(len(p.spans))
	p.stats.Bytes += int64(p.gathered)
	return batches, nil
}

// arrange copies the records to data, lane by lane, with room for the head of a
// batch before those of each; lane.at is where they end.
func (p *Producer) arrange(data []byte) []byte {
	size := 0
	for _, l := range p.touched {
		l.at = size + batchOverhead
		size += batchOverhead + l.bytes
	}
	data = slices.Grow(data, max(size, p.room()))[:size]
	for _, s := range p.spans {
		l := p.lanes[s.lane]
		l.at += copy(data[l.at:], p.arena[s.start:s.end])
	}
	return data
}

// shrink compresses the records of a batch into a block.
func (p *Producer) shrink(block *block, raw []byte) ([]byte, error) {
	begin := len(block.data)
	out, err := p.compress(append(block.data, raw[:batchOverhead]...), raw[batchOverhead:])
	if err != nil {
		return nil, fmt.Errorf("compressing records: %w", err)
	}
	block.data = out
	return out[begin:len(out):len(out)], nil
}

func (p *Producer) newBlock() *block {
	if n := len(p.blocks); n > 0 {
		b := p.blocks[n-1]
		p.blocks = p.blocks[:n-1]
		return b
	}
	return &block{}
}

func (p *Producer) newBatch(l *lane, now time.Time) *batch {
	b := &batch{}
	if n := len(p.spare); n > 0 {
		b, p.spare = p.spare[n-1], p.spare[:n-1]
	}
	p.order++
	*b = batch{lane: l, count: l.count, size: batchOverhead + l.bytes, order: p.order, first: now}
	return b
}

// seal gives a batch its place in the lane's sequence and its head.
func (p *Producer) seal(b *batch) {
	h := batchHead{codec: p.set.Codec, transactional: p.txn != nil, count: b.count, at: b.first, id: p.id, epoch: p.epoch, sequence: -1}
	if p.id >= 0 {
		l := b.lane
		h.sequence = l.sequence
		l.sequence = int32((int64(l.sequence) + int64(b.count)) & 0x7fffffff) // 0 follows MaxInt32
	}
	sealBatch(b.data, h)
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
		p.recycle(batches...)
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
	if p.txn != nil {
		req.TransactionalID = &p.txn.id
	}
	bodies := make([][]byte, len(batches))
	size := 0
	for i, b := range batches {
		bodies[i] = b.data
		size += len(b.data)
		b.stand = standIn(i)
		req.AddBatch(b.lane.topic.Name, b.lane.partition, &b.stand)
	}
	if size > int(sarama.MaxRequestSize) {
		return sarama.PacketEncodingError{Info: fmt.Sprintf("%d bytes are too large for a request", size)}
	}
	p.stats.Requests++
	defer p.wire.stage(bodies)()
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
	p.arena, p.raw = p.emptied(p.arena), p.emptied(p.raw)
}

// emptied returns memory to be filled anew; what one big record has made large
// is not kept.
func (p *Producer) emptied(memory []byte) []byte {
	if cap(memory) > 2*p.room() {
		return nil
	}
	return memory[:0]
}

// recycle makes the memory of batches that are in free.
func (p *Producer) recycle(batches ...*batch) {
	for _, b := range batches {
		if b.block.users--; b.block.users == 0 {
			b.block.data = p.emptied(b.block.data)
			p.blocks = append(p.blocks, b.block)
		}
		*b = batch{}
	}
	p.spare = append(p.spare, batches...)
}
