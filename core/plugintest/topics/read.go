// Package topics reads Kafka topics in tests.
package topics

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/IBM/sarama"
)

// Read returns the messages that a topic of the cluster at addr holds now, by
// partition: those of transactions only if they are committed. Nothing of it
// runs on when it returns but sarama's one clock of the process for its metrics.
func Read(t testing.TB, addr, topic string) [][]*sarama.ConsumerMessage {
	t.Helper()
	all, _ := read(t, addr, topic)
	return all
}

// ReadEnded is Read once every transaction has its end in every partition: a
// broker answers a commit before that. No transaction may have been left open.
func ReadEnded(t testing.TB, addr, topic string) [][]*sarama.ConsumerMessage {
	t.Helper()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	over := time.After(endTime)
	for {
		all, open := read(t, addr, topic)
		if open == 0 {
			return all
		}
		select {
		case <-look.C:
		case <-over:
			t.Fatalf("topic %s: %d transactions still have no end", topic, open)
		}
	}
}

// endTime is how long the ends of transactions are waited for.
const endTime = time.Minute

// read tells too how many transactions have no end, of one in several partitions
// each of these.
func read(t testing.TB, addr, topic string) (all [][]*sarama.ConsumerMessage, open int) {
	t.Helper()
	cfg := sarama.NewConfig()
	cfg.ClientID = "datasync-test"
	cfg.Version = sarama.V4_0_0_0
	client, err := sarama.NewClient([]string{addr}, cfg)
	if err != nil {
		t.Fatalf("connecting to Kafka: %v", err)
	}
	defer func() {
		if err := client.Close(); err != nil {
			t.Errorf("closing the connection to Kafka: %v", err)
		}
	}()
	partitions, err := client.Partitions(topic)
	if err != nil {
		t.Fatalf("asking for topic %s: %v", topic, err)
	}
	all = make([][]*sarama.ConsumerMessage, len(partitions))
	for _, p := range partitions {
		var more int
		if all[p], more, err = readPartition(client, topic, p); err != nil {
			t.Fatalf("reading topic %s, partition %d: %v", topic, p, err)
		}
		open += more
	}
	return all, open
}

func readPartition(client sarama.Client, topic string, partition int32) (list []*sarama.ConsumerMessage, without int, err error) {
	end, err := client.GetOffset(topic, partition, sarama.OffsetNewest)
	if err != nil {
		return nil, 0, err
	}
	at, err := client.GetOffset(topic, partition, sarama.OffsetOldest)
	if err != nil {
		return nil, 0, err
	}
	var batches []*sarama.RecordBatch
	visible := map[*sarama.RecordBatch]bool{}
	open := map[int64][]*sarama.RecordBatch{} // by producer
	for at < end {
		more, err := fetch(client, topic, partition, at)
		if err != nil {
			return nil, 0, fmt.Errorf("at offset %d of %d: %w", at, end, err)
		}
		for _, b := range more {
			at = b.FirstOffset + int64(b.LastOffsetDelta) + 1
			switch {
			case b.Control: // KIP-98: version and type, 1 for committed
				for _, done := range open[b.ProducerID] {
					visible[done] = binary.BigEndian.Uint16(b.Records[0].Key[2:]) == 1
				}
				delete(open, b.ProducerID)
				continue
			case b.IsTransactional:
				open[b.ProducerID] = append(open[b.ProducerID], b)
			default:
				visible[b] = true
			}
			batches = append(batches, b)
		}
	}
	for _, b := range batches {
		if visible[b] {
			list = append(list, messages(b, topic, partition)...)
		}
	}
	return list, len(open), nil
}

// fetch returns the whole batches that begin at an offset, at least one.
func fetch(client sarama.Client, topic string, partition int32, at int64) ([]*sarama.RecordBatch, error) {
	const most = 8 << 20
	leader, err := client.Leader(topic, partition)
	if err != nil {
		return nil, err
	}
	req := &sarama.FetchRequest{Version: 11, MaxWaitTime: 10_000, MinBytes: 1, MaxBytes: most, SessionEpoch: -1}
	req.AddBlock(topic, partition, at, most, -1)
	res, err := leader.Fetch(req)
	if err != nil {
		return nil, err
	}
	block := res.GetBlock(topic, partition)
	if block == nil {
		return nil, sarama.ErrIncompleteResponse
	}
	if block.Err != sarama.ErrNoError {
		return nil, block.Err
	}
	var batches []*sarama.RecordBatch
	for _, set := range block.RecordsSet {
		if b := set.RecordBatch; b != nil && !b.PartialTrailingRecord {
			batches = append(batches, b)
		}
	}
	if len(batches) == 0 {
		return nil, sarama.ErrIncompleteResponse
	}
	return batches, nil
}

func messages(b *sarama.RecordBatch, topic string, partition int32) []*sarama.ConsumerMessage {
	list := make([]*sarama.ConsumerMessage, len(b.Records))
	for i, r := range b.Records {
		list[i] = &sarama.ConsumerMessage{Headers: r.Headers, Timestamp: b.FirstTimestamp.Add(r.TimestampDelta), Key: r.Key, Value: r.Value,
			Topic: topic, Partition: partition, Offset: b.FirstOffset + r.OffsetDelta}
		if b.LogAppendTime {
			list[i].Timestamp = b.MaxTimestamp
		}
	}
	return list
}
