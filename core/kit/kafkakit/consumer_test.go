package kafkakit

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/IBM/sarama"

	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/plugintest/topics"
)

// consume returns a consumer of a topic's partition 0 from its beginning.
func consume(t testing.TB, addr, topic string, set func(*ConsumerSettings)) *Consumer {
	t.Helper()
	p := NewConsumerProperties()
	p.SetServers(addr)
	set(&p.Consumer)
	cl, err := NewClient(p.Connection, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	c, err := cl.NewConsumer(p.Consumer.Share(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if err := cl.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := c.Add(t.Context(), TopicPartition{Topic: topic}, 0); err != nil {
		t.Fatal(err)
	}
	return c
}

// readRecord returns the first record of the next piece that has one.
func readRecord(t testing.TB, c *Consumer) (r Record) {
	t.Helper()
	for {
		pieces, err := c.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range pieces {
			if p.Read(&r) {
				return r
			}
		}
	}
}

// TestLargeRecords: a batch that is larger than what is asked for comes all the same.
func TestLargeRecords(t *testing.T) {
	k := servers.Kafka(t)
	topic := k.Topic(t, 1)
	large := strings.Repeat("x", 900_000)
	for _, text := range []string{"a", large, "b"} {
		topics.Write(t, k.Addr(), topic, topics.Message{Value: []byte(text)})
	}
	c := consume(t, k.Addr(), topic, func(s *ConsumerSettings) { s.FetchBytes, s.PartBytes = 1024, 1024 })
	for i, want := range []string{"a", large, "b"} { // one a batch, and a piece each: no two fit
		if r := readRecord(t, c); r.Offset != int64(i) || string(r.Value) != want {
			t.Errorf("record %d is at offset %d and has %d bytes, want %d", i, r.Offset, len(r.Value), len(want))
		}
	}
}

// TestEmptiedBatches: of a batch whose records were all compacted away nothing
// is left but where it ended, and the partition is read on behind it, though all
// that an answer holds are such a batch and the begin of a larger one.
func TestEmptiedBatches(t *testing.T) {
	k := servers.StartKafka(t, servers.WithConfig("log.cleaner.backoff.ms=50"))
	topic := k.Topic(t, 1, "cleanup.policy=compact", "segment.ms=1", "min.cleanable.dirty.ratio=0.01", "min.compaction.lag.ms=0", "max.compaction.lag.ms=1")
	p := properties(k.Addr())
	large := strings.Repeat("b", 20_000)
	for _, text := range []string{"a", large, "c"} { // each by a producer of its own, whose last batch is kept for its sequence numbers
		r := newRig(t, p, topic)
		buf := append(r.Buffer(), "key"+text...)
		r.must(r.Take(t.Context(), buf, len("key"), len(text), r.lanes[0]))
		r.must(r.Flush(t.Context()))
	}
	cl := client(t, p.Connection)
	leader, err := cl.cluster.Leader(topic, 0)
	if err != nil {
		t.Fatal(err)
	}
	for emptied := false; !emptied; {
		req := &sarama.FetchRequest{Version: fetchVersion, MaxWaitTime: 100, MinBytes: 1, MaxBytes: 1 << 20, SessionEpoch: -1}
		req.AddBlock(topic, 0, 0, 1<<20, -1)
		res, err := leader.Fetch(req)
		if err != nil {
			t.Fatal(err)
		}
		b := res.GetBlock(topic, 0)
		emptied = len(b.RecordsSet) == 1 && b.RecordsSet[0].RecordBatch.FirstOffset == 1
		if emptied && behindEmpty(b) != 2 {
			t.Errorf("sarama says that what it has read goes up to %d", behindEmpty(b))
		}
	}
	c := consume(t, k.Addr(), topic, func(s *ConsumerSettings) { s.FetchBytes, s.PartBytes = 1024, 1024 })
	if r := readRecord(t, c); string(r.Value) != large || r.Offset != 1 {
		t.Errorf("got %d bytes at offset %d", len(r.Value), r.Offset)
	}
}
