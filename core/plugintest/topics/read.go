// Package topics reads Kafka topics in tests.
package topics

import (
	"fmt"
	"testing"
	"time"

	"github.com/IBM/sarama"
)

// silence is how long a partition may give nothing before reading it fails.
const silence = 30 * time.Second

// Read returns the messages that a topic of the cluster at addr holds now, by
// partition. Nothing of it runs on when it returns but sarama's one clock of
// the process for its metrics.
func Read(t testing.TB, addr, topic string) [][]*sarama.ConsumerMessage {
	t.Helper()
	cfg := sarama.NewConfig()
	cfg.ClientID = "datasync-test"
	cfg.Version = sarama.V4_0_0_0
	cfg.Consumer.Fetch.Default = 4 << 20
	cfg.Consumer.MaxWaitTime = 100 * time.Millisecond // Close waits for a fetch to end
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
	all := make([][]*sarama.ConsumerMessage, len(partitions))
	for _, p := range partitions {
		if all[p], err = readPartition(client, topic, p); err != nil {
			t.Fatalf("reading topic %s, partition %d: %v", topic, p, err)
		}
	}
	return all
}

func readPartition(client sarama.Client, topic string, partition int32) (list []*sarama.ConsumerMessage, err error) {
	end, err := client.GetOffset(topic, partition, sarama.OffsetNewest)
	if err != nil || end == 0 {
		return nil, err
	}
	consumer, err := sarama.NewConsumerFromClient(client)
	if err != nil {
		return nil, err
	}
	defer consumer.Close()
	messages, err := consumer.ConsumePartition(topic, partition, 0)
	if err != nil {
		return nil, err
	}
	defer messages.Close()
	timer := time.NewTimer(silence)
	defer timer.Stop()
	for {
		select {
		case m, ok := <-messages.Messages():
			if !ok {
				return nil, fmt.Errorf("the consumer stopped after %d of %d messages", len(list), end)
			}
			list = append(list, m)
			if m.Offset >= end-1 {
				return list, nil
			}
			timer.Reset(silence)
		case <-timer.C:
			return nil, fmt.Errorf("nothing for %v after %d of %d messages", silence, len(list), end)
		}
	}
}
