package kafkakit

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/IBM/sarama"

	"github.com/datasync-io/datasync/core/errclass"
)

// Consumer reads partitions, each in order. One goroutine per leading broker
// asks for more while an answer is read, and waits when another one waits: a
// consumer holds two answers of each broker, of FetchBytes and at least one
// record batch. Its methods may be called by several goroutines, Next by one.
//
// A leader that moves and a connection that breaks end it, as any error does.
type Consumer struct {
	client  *Client
	set     ConsumerSettings
	config  *sarama.Config
	wire    *wire
	answers chan answer
	end     chan struct{}
	ended   sync.WaitGroup

	mu      sync.Mutex
	leaders map[int32]*leader
	places  map[TopicPartition]*Place
}

// Place is where a partition is read. It may be asked by anybody at any time.
type Place struct {
	Partition TopicPartition

	next       int64 // that is asked for; of the leader's goroutine
	ask        int32 // bytes
	idle       int   // answers in a row that had nothing of it
	gone       atomic.Bool
	begin, end atomic.Int64
}

// Begin is the partition's first offset, End the one that its next record will
// have, for readers of committed records the first of a transaction without end;
// -1: not known yet.
func (p *Place) Begin() int64 { return p.begin.Load() }

// End is described at Begin.
func (p *Place) End() int64 { return p.end.Load() }

// answer is what a leader has answered.
type answer struct {
	pieces []*Piece
	err    error
}

// NewConsumer returns a consumer of no partitions.
func (c *Client) NewConsumer(set ConsumerSettings) (*Consumer, error) {
	w := newWire(c.at.DialTimeout)
	cfg, err := c.at.saramaConfig(w)
	if err != nil {
		return nil, err
	}
	cfg.Net.ReadTimeout = c.at.RequestTimeout + set.MaxWait
	return &Consumer{client: c, set: set, config: cfg, wire: w, answers: make(chan answer), end: make(chan struct{}),
		leaders: map[int32]*leader{}, places: map[TopicPartition]*Place{}}, nil
}

// Add reads a partition from an offset on.
func (c *Consumer) Add(ctx context.Context, p TopicPartition, offset int64) (*Place, error) {
	defer c.client.wire.bound(ctx)()
	broker, err := c.client.cluster.Leader(p.Topic, p.ID)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, moving(c.client.partitionError("asking for the leader of", p, err))
	}
	place := &Place{Partition: p, next: offset, ask: int32(c.set.PartBytes)}
	place.begin.Store(-1)
	place.end.Store(-1)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.places[p] = place
	l := c.leaders[broker.ID()]
	if l == nil {
		l = &leader{c: c, addr: broker.Addr(), changed: make(chan struct{}, 1)}
		c.leaders[broker.ID()] = l
		c.ended.Go(l.run)
	}
	l.add(place)
	return place, nil
}

// Drop reads no more of a partition, but for what is on its way.
func (c *Consumer) Drop(p TopicPartition) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if place := c.places[p]; place != nil {
		place.gone.Store(true)
		delete(c.places, p)
	}
}

// Next returns the next records, of one broker's partitions, and waits for them
// until ctx ends. They are valid for good; the memory is theirs.
func (c *Consumer) Next(ctx context.Context) ([]*Piece, error) {
	select {
	case a := <-c.answers:
		return a.pieces, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Wait is Next that gives up after a time: no pieces and no error.
func (c *Consumer) Wait(ctx context.Context, most time.Duration) ([]*Piece, error) {
	select {
	case a := <-c.answers:
		return a.pieces, a.err
	default:
	}
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case a := <-c.answers:
		return a.pieces, a.err
	case <-timer.C:
		return nil, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Close ends the consumer and awaits its goroutines.
func (c *Consumer) Close() error {
	close(c.end)
	c.wire.shut()
	c.ended.Wait()
	return nil
}

// restAfter is how long a connection may be quiet and still be trusted: brokers
// end quiet ones after connections.max.idle.ms, ten minutes by default.
const restAfter = time.Minute

// leader asks one broker for the partitions that it leads.
type leader struct {
	c       *Consumer
	addr    string
	changed chan struct{} // a partition was added

	mu     sync.Mutex
	places []*Place

	conn *sarama.Broker
	used time.Time
}

func (l *leader) add(p *Place) {
	l.mu.Lock()
	l.places = append(l.places, p)
	l.mu.Unlock()
	select {
	case l.changed <- struct{}{}:
	default:
	}
}

// present lists the partitions that are still wanted.
func (l *leader) present() []*Place {
	l.mu.Lock()
	defer l.mu.Unlock()
	kept := l.places[:0]
	for _, p := range l.places {
		if !p.gone.Load() {
			kept = append(kept, p)
		}
	}
	l.places = kept
	return append([]*Place(nil), kept...)
}

func (l *leader) run() {
	defer l.hangUp()
	for {
		places := l.present()
		if len(places) == 0 {
			select {
			case <-l.changed:
				continue
			case <-l.c.end:
				return
			}
		}
		pieces, err := l.fetch(places)
		if err == nil && len(pieces) == 0 {
			continue
		}
		select {
		case l.c.answers <- answer{pieces, err}:
		case <-l.c.end:
			return
		}
		if err != nil {
			return
		}
	}
}

func (l *leader) hangUp() {
	if l.conn != nil {
		_ = l.conn.Close() // it may be broken already
		l.conn = nil
	}
}

func (l *leader) dial() error {
	if l.conn != nil && time.Since(l.used) < restAfter {
		return nil
	}
	l.hangUp()
	conn := sarama.NewBroker(l.addr)
	if err := conn.Open(l.c.config); err != nil {
		return err
	}
	if ok, err := conn.Connected(); !ok {
		if err == nil {
			err = sarama.ErrNotConnected
		}
		return fmt.Errorf("connecting to %s: %w", l.addr, err)
	}
	l.conn = conn
	return nil
}

// fetchVersion is the newest of Fetch that is not encoded flexibly; older
// brokers are asked in theirs.
const fetchVersion = 11

// fetch asks once for all partitions; what comes of a partition moves it on.
func (l *leader) fetch(places []*Place) ([]*Piece, error) {
	c := l.c
	if err := l.dial(); err != nil {
		return nil, c.client.at.explain("reading", err)
	}
	c.mu.Lock()
	share := max(c.set.FetchBytes/len(c.leaders), 1)
	c.mu.Unlock()
	req := &sarama.FetchRequest{Version: fetchVersion, MaxWaitTime: int32(c.set.MaxWait.Milliseconds()), MinBytes: int32(min(c.set.MinBytes, share)),
		MaxBytes: int32(share), Isolation: c.set.isolation(), SessionEpoch: -1}
	for _, p := range places {
		if p.ask > int32(c.set.PartBytes) { // it has a batch that did not fit
			req.MaxBytes = max(req.MaxBytes, p.ask)
		}
		req.AddBlock(p.Partition.Topic, p.Partition.ID, p.next, p.ask, -1)
	}
	res, err := l.conn.Fetch(req)
	l.used = time.Now()
	if err != nil {
		return nil, c.client.at.explain("reading from "+l.addr, err)
	}
	if code := sarama.KError(res.ErrorCode); code != sarama.ErrNoError {
		return nil, c.client.at.explain("reading from "+l.addr, code)
	}
	var pieces []*Piece
	moved := false
	for _, p := range places {
		b := res.GetBlock(p.Partition.Topic, p.Partition.ID)
		if b == nil {
			continue
		}
		piece, err := l.take(p, b)
		if err != nil {
			return nil, err
		}
		if piece != nil {
			pieces = append(pieces, piece)
			moved = moved || !piece.Idle
		}
	}
	if moved { // it may have used up the bytes of others
		pieces = slices.DeleteFunc(pieces, func(p *Piece) bool { return p.Idle })
		for _, p := range places {
			p.idle = 0
		}
	}
	return pieces, nil
}

// take looks at what was answered of one partition.
func (l *leader) take(p *Place, b *sarama.FetchResponseBlock) (*Piece, error) {
	switch b.Err {
	case sarama.ErrNoError:
	case sarama.ErrOffsetOutOfRange:
		return l.c.client.outside(p, l.c.set)
	default:
		return nil, moving(l.c.client.partitionError("reading", p.Partition, b.Err))
	}
	p.begin.Store(b.LogStartOffset)
	p.end.Store(b.HighWaterMarkOffset)
	if !l.c.set.Uncommitted && b.LastStableOffset >= 0 {
		p.end.Store(b.LastStableOffset)
	}
	piece, err := newPiece(p, b, !l.c.set.Uncommitted)
	if err != nil {
		return nil, err
	}
	switch {
	case piece.Next > p.next:
		p.idle, p.ask = 0, int32(l.c.set.PartBytes)
	case partial(b):
		p.ask = int32(min(2*int64(p.ask), 1<<30)) // the next batch is larger
		return nil, nil
	case p.next < p.end.Load():
		// When no partition has anything twice in a row, what stood there was
		// removed.
		p.idle++
		if piece.Idle = p.idle >= 2; !piece.Idle {
			return nil, nil
		}
		return piece, nil
	default:
		p.idle = 0
		return nil, nil
	}
	p.next = piece.Next
	return piece, nil
}

// outside is what becomes of a partition that has not got the offset: where the
// properties say so, it is begun elsewhere.
func (c *Client) outside(p *Place, set ConsumerSettings) (*Piece, error) {
	ctx, cancel := context.WithTimeout(context.Background(), c.at.RequestTimeout)
	defer cancel()
	list := []TopicPartition{p.Partition}
	from, err := c.Offsets(ctx, list, Earliest, set)
	if err != nil {
		return nil, err
	}
	to, err := c.Offsets(ctx, list, Latest, set)
	if err != nil {
		return nil, err
	}
	begin, end := from[p.Partition], to[p.Partition]
	what := fmt.Sprintf("partition %s has no offset %d any longer, it begins at %d", p.Partition, p.next, begin)
	if p.next > begin {
		what = fmt.Sprintf("partition %s has no offset %d, it ends at %d: the topic was made anew, or records were lost with a broker", p.Partition, p.next, end)
	}
	next := begin
	switch set.Reset {
	case "earliest":
	case "latest":
		next = end
	default:
		return nil, errclass.With(errclass.PositionLost, fmt.Errorf("%s: go on with what is there by auto.offset.reset earliest (or latest) in consumerSettings, or start over with -fresh", what))
	}
	c.log.Warn("records were skipped: "+what, "topic", p.Partition.Topic, "partition", p.Partition.ID, "skipped", max(next-p.next, 0), "goesOnAt", next, "auto.offset.reset", set.Reset)
	p.next = next
	return &Piece{Place: p, Next: next, Begin: next}, nil
}
