package kafkakit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/plugintest/topics"
)

// rig is a producer with its client and one lane per partition.
type rig struct {
	*Producer
	t       testing.TB
	topic   string
	lanes   []int
	written []int // by lane
}

func properties(addr string) ProducerProperties {
	p := NewProducerProperties()
	p.SetServers(addr)
	return p
}

func client(t testing.TB, c Connection) *Client {
	t.Helper()
	cl, err := NewClient(c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cl.Close(); err != nil {
			t.Error(err)
		}
	})
	return cl
}

func newRig(t testing.TB, p ProducerProperties, topic string, headers ...Header) *rig {
	t.Helper()
	if err := errors.Join(p.check()...); err != nil {
		t.Fatal(err)
	}
	return beginRig(t, client(t, p.Connection), p.Producer, topic, headers...)
}

// beginRig begins one more producer of a client.
func beginRig(t testing.TB, cl *Client, set ProducerSettings, topic string, headers ...Header) *rig {
	t.Helper()
	info, err := cl.Topic(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, topic: topic, written: make([]int, info.Partitions)}
	if r.Producer, err = cl.NewProducer(t.Context(), set, headers); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	for i := range info.Partitions {
		r.lanes = append(r.lanes, r.Lane(info, int32(i)))
	}
	return r
}

// put takes the next numbered record of a lane.
func (r *rig) put(ctx context.Context, lane int, padding int) error {
	buf := r.Buffer()
	at := len(buf)
	buf = strconv.AppendInt(buf, int64(r.written[lane]), 10)
	buf = append(buf, bytes.Repeat([]byte{'.'}, padding)...)
	err := r.Take(ctx, buf, -1, len(buf)-at, r.lanes[lane])
	if err == nil {
		r.written[lane]++
	}
	return err
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// verify reads the topic: every lane holds its numbers once and in order.
func (r *rig) verify(addr string) {
	r.t.Helper()
	for lane, list := range topics.Read(r.t, addr, r.topic) {
		if len(list) != r.written[lane] {
			r.t.Errorf("partition %d holds %d records, want %d", lane, len(list), r.written[lane])
		}
		for i, m := range list {
			if got, _, _ := strings.Cut(string(m.Value), "."); got != strconv.Itoa(i) {
				r.t.Fatalf("partition %d: record %d is number %s", lane, i, got)
			}
		}
	}
}

func TestRoundTrip(t *testing.T) {
	kafka := servers.Kafka(t)
	for _, codec := range []sarama.CompressionCodec{sarama.CompressionNone, sarama.CompressionGZIP, sarama.CompressionSnappy, sarama.CompressionLZ4, sarama.CompressionZSTD} {
		t.Run(codec.String(), func(t *testing.T) {
			p := properties(kafka.Addr())
			p.Producer.Codec, p.Producer.BatchBytes = codec, 20_000
			r := newRig(t, p, kafka.Topic(t, 3), Header{"source", "zoë"}, Header{"empty", ""})
			const n = 3000
			begin := time.Now().Truncate(time.Millisecond)
			for i := range n {
				buf := r.Buffer()
				at, key, value := len(buf), -1, -1
				if i%5 != 0 {
					buf = fmt.Appendf(buf, "key%d", i)
					key = len(buf) - at
				}
				if at = len(buf); i%7 != 0 {
					buf = fmt.Appendf(buf, "value%d", i)
					value = len(buf) - at
				}
				r.must(r.Take(t.Context(), buf, key, value, r.lanes[i%3]))
			}
			r.must(r.Flush(t.Context()))
			for lane, list := range topics.Read(t, kafka.Addr(), r.topic) {
				if len(list) != n/3 {
					t.Fatalf("partition %d holds %d records, want %d", lane, len(list), n/3)
				}
				for j, m := range list {
					checkRecord(t, m, j*3+lane, begin)
				}
			}
		})
	}
}

func checkRecord(t *testing.T, m *sarama.ConsumerMessage, i int, begin time.Time) {
	t.Helper()
	var key, value []byte
	if i%5 != 0 {
		key = fmt.Appendf(nil, "key%d", i)
	}
	if i%7 != 0 {
		value = fmt.Appendf(nil, "value%d", i)
	}
	if !bytes.Equal(m.Key, key) || (m.Key == nil) != (key == nil) || !bytes.Equal(m.Value, value) || (m.Value == nil) != (value == nil) {
		t.Fatalf("record %d is %q: %q, want %q: %q", i, m.Key, m.Value, key, value)
	}
	if len(m.Headers) != 2 || string(m.Headers[0].Key) != "source" || string(m.Headers[0].Value) != "zoë" || string(m.Headers[1].Key) != "empty" {
		t.Fatalf("record %d has headers %v", i, m.Headers)
	}
	if m.Timestamp.Before(begin) || m.Timestamp.After(time.Now()) {
		t.Fatalf("record %d is of %v", i, m.Timestamp)
	}
}

func TestAcknowledgements(t *testing.T) {
	kafka := servers.Kafka(t)
	for _, text := range []string{`"acks":"0"`, `"acks":"1"`, `"enable.idempotence":"false"`, `"max.in.flight.requests.per.connection":5`} {
		t.Run(text, func(t *testing.T) {
			p, _, err := read(t, `{"bootstrap.servers":"`+kafka.Addr()+`","batch.size":2000,`+text+`}`)
			if err != nil {
				t.Fatal(err)
			}
			r := newRig(t, p, kafka.Topic(t, 2))
			for i := range 2000 {
				r.must(r.put(t.Context(), i%2, 20))
			}
			r.must(r.Flush(t.Context()))
			if p.Producer.Acks != sarama.NoResponse { // else nobody knows when they are in
				r.verify(kafka.Addr())
			}
		})
	}
}

func TestAdvanceSendsWhenIdle(t *testing.T) {
	kafka := servers.Kafka(t)
	r := newRig(t, properties(kafka.Addr()), kafka.Topic(t, 1))
	for range 3 {
		r.must(r.put(t.Context(), 0, 0))
		r.must(r.Advance(t.Context()))
	}
	if n := r.Stats().Requests; n == 0 {
		t.Error("nothing was sent although nothing was on its way")
	}
	r.must(r.Flush(t.Context()))
	if n := r.Stats().Requests; n > 3 {
		t.Errorf("%d requests for three records", n)
	}
	r.verify(kafka.Addr())
}

func TestBrokerKilled(t *testing.T) {
	kafka := servers.StartKafka(t)
	p := properties(kafka.Addr())
	p.Producer.BatchBytes, p.Producer.InFlight = 20_000, 5
	r := newRig(t, p, kafka.Topic(t, 3))
	write := func(n int) {
		for range n {
			for lane := range r.lanes {
				r.must(r.put(t.Context(), lane, 100))
			}
		}
	}
	for range 2 {
		write(20_000)
		down := make(chan struct{})
		go func() {
			defer close(down)
			kafka.Kill()
			kafka.Restart()
		}()
		for running := true; running; {
			write(1000)
			select {
			case <-down:
				running = false
			default:
			}
		}
		write(1000)
	}
	r.must(r.Flush(t.Context()))
	if s := r.Stats(); s.Resent == 0 {
		t.Errorf("the broker was killed twice amid %d requests and nothing was sent again", s.Requests)
	}
	r.verify(kafka.Addr())
}

func TestNetworkCut(t *testing.T) {
	kafka := servers.StartKafka(t, servers.WithProxy())
	p := properties(kafka.ProxyAddr())
	p.Producer.BatchBytes, p.Producer.InFlight = 5_000, 5
	r := newRig(t, p, kafka.Topic(t, 2))
	for range 5 {
		for i := range 4000 {
			r.must(r.put(t.Context(), i%2, 50))
		}
		kafka.Cut()
		restored := make(chan struct{})
		go func() {
			defer close(restored)
			kafka.Restore()
		}()
		for i := range 10 {
			r.must(r.put(t.Context(), i%2, 50))
		}
		r.must(r.Flush(t.Context()))
		<-restored
	}
	if r.Stats().Resent == 0 {
		t.Error("the network was cut five times and nothing was sent again")
	}
	r.verify(kafka.Addr())
}

func TestCancelledWhileNothingIsAnswered(t *testing.T) {
	kafka := servers.StartKafka(t, servers.WithProxy())
	r := newRig(t, properties(kafka.ProxyAddr()), kafka.Topic(t, 1))
	r.must(r.put(t.Context(), 0, 0))
	r.must(r.Flush(t.Context()))
	kafka.Stall()
	ctx, cancel := context.WithCancel(t.Context())
	done, begun := make(chan error), make(chan struct{})
	go func() {
		for i := 0; ; i++ { // until no more requests may be on their way
			if i == 100 {
				close(begun)
			}
			if err := r.put(ctx, 0, 1000); err != nil {
				done <- err
				return
			}
		}
	}()
	<-begun
	cancel()
	if err := <-done; errclass.Of(err) != errclass.Canceled {
		t.Errorf("got %v, want a cancelled error", err)
	}
	if err := r.Flush(t.Context()); err == nil {
		t.Error("a cancelled producer went on")
	}
	kafka.Restore()
}

func TestBrokerAwayForTooLong(t *testing.T) {
	kafka := servers.StartKafka(t, servers.WithProxy())
	p := properties(kafka.ProxyAddr())
	p.Connection.RequestTimeout, p.Producer.DeliveryTimeout = time.Second, time.Second
	r := newRig(t, p, kafka.Topic(t, 1))
	r.must(r.put(t.Context(), 0, 0))
	r.must(r.Flush(t.Context()))
	kafka.Cut()
	r.must(r.put(t.Context(), 0, 0))
	err := r.Flush(t.Context())
	if errclass.Of(err) != errclass.Transient || !strings.Contains(err.Error(), "delivery.timeout.ms") || !strings.Contains(err.Error(), r.topic) {
		t.Errorf("got %v (%v), want a transient error that names the setting and the topic", err, errclass.Of(err))
	}
	if err := r.Flush(t.Context()); err == nil {
		t.Error("the producer went on after it had given up")
	}
	kafka.Restore()
}

func TestTooLarge(t *testing.T) {
	kafka := servers.Kafka(t)
	r := newRig(t, properties(kafka.Addr()), kafka.Topic(t, 2, "max.message.bytes=10000"))
	for i := range 300 {
		if i%100 == 50 {
			err := r.put(t.Context(), 0, 20_000)
			if !errors.Is(err, ErrTooLarge) || errclass.Of(err) != errclass.Data || !strings.Contains(err.Error(), "max.message.bytes=") {
				t.Fatalf("got %v, want ErrTooLarge", err)
			}
		}
		r.must(r.put(t.Context(), i%2, 900))
	}
	r.must(r.put(t.Context(), 1, 9800)) // just fits, alone
	r.must(r.put(t.Context(), 1, 0))
	r.must(r.Flush(t.Context()))
	r.verify(kafka.Addr())
}

func TestLargeRecordThatCompresses(t *testing.T) {
	kafka := servers.Kafka(t)
	p := properties(kafka.Addr())
	p.Producer.Codec = sarama.CompressionZSTD
	r := newRig(t, p, kafka.Topic(t, 1, "max.message.bytes=10000"))
	for i := range 6 {
		r.must(r.put(t.Context(), 0, 200_000*(i%2)))
	}
	r.must(r.Flush(t.Context()))
	r.verify(kafka.Addr())
}

// The limit may be unknown: the batch is refused, and the next producer of the
// client makes smaller ones, until the one record that is too large is named.
func TestLimitLearntFromRefusal(t *testing.T) {
	kafka := servers.Kafka(t)
	p := properties(kafka.Addr())
	cl := client(t, p.Connection)
	topic := kafka.Topic(t, 1, "max.message.bytes=5000")
	var written int
	for attempt := 0; ; attempt++ {
		if attempt == 20 {
			t.Fatal("the producers never learnt the limit")
		}
		info, err := cl.Topic(t.Context(), topic)
		if err != nil {
			t.Fatal(err)
		}
		if attempt == 0 {
			info.MaxBytes = defaultMaxBytes // as if the question were not allowed
		}
		producer, err := cl.NewProducer(t.Context(), p.Producer, nil)
		if err != nil {
			t.Fatal(err)
		}
		r := &rig{Producer: producer, t: t, topic: topic, lanes: []int{producer.Lane(info, 0)}, written: make([]int, 1)}
		for range 100 {
			if err = r.put(t.Context(), 0, 400); err != nil {
				break
			}
		}
		if err == nil {
			err = r.Flush(t.Context())
		}
		_ = r.Close()
		if err == nil {
			written = r.written[0]
			if attempt == 0 {
				t.Error("the broker took a batch above its limit")
			}
			break
		}
		if errclass.Of(err) != errclass.Transient {
			t.Fatalf("got %v (%v), want a transient error", err, errclass.Of(err))
		}
	}
	if got := len(topics.Read(t, kafka.Addr(), topic)[0]); got < written {
		t.Errorf("the topic holds %d records, want %d", got, written)
	}
}

func TestSequenceWraps(t *testing.T) {
	kafka := servers.Kafka(t)
	p := properties(kafka.Addr())
	p.Producer.BatchBytes = minBatch
	r := newRig(t, p, kafka.Topic(t, 1))
	r.Producer.lanes[0].sequence = 1<<31 - 50
	for range 500 {
		r.must(r.put(t.Context(), 0, 10))
	}
	r.must(r.Flush(t.Context()))
	r.verify(kafka.Addr())
}
