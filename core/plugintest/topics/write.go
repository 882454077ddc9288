package topics

import (
	"testing"

	"github.com/IBM/sarama"
)

// Message is a message to send; a nil key or value is null.
type Message struct{ Key, Value []byte }

// Write sends messages to a topic of the cluster at addr, by their keys, and
// returns when they are there. Nothing of it runs on when it returns but
// sarama's one clock of the process for its metrics.
func Write(t testing.TB, addr, topic string, messages ...Message) {
	t.Helper()
	cfg := sarama.NewConfig()
	cfg.ClientID = "datasync-test"
	cfg.Version = sarama.V3_6_0_0
	cfg.Producer.Return.Successes = true
	p, err := sarama.NewSyncProducer([]string{addr}, cfg)
	if err != nil {
		t.Fatalf("connecting to Kafka: %v", err)
	}
	defer func() {
		if err := p.Close(); err != nil {
			t.Errorf("closing the connection to Kafka: %v", err)
		}
	}()
	var all []*sarama.ProducerMessage
	for _, m := range messages {
		one := &sarama.ProducerMessage{Topic: topic}
		if m.Key != nil {
			one.Key = sarama.ByteEncoder(m.Key)
		}
		if m.Value != nil {
			one.Value = sarama.ByteEncoder(m.Value)
		}
		all = append(all, one)
	}
	if err := p.SendMessages(all); err != nil {
		t.Fatalf("sending %d messages: %v", len(messages), err)
	}
}
