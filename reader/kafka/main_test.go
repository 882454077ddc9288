package kafka

import (
	"encoding/json"
	"testing"

	"github.com/IBM/sarama"
	"go.uber.org/goleak"

	"github.com/datasync-io/datasync/core/plugintest/servers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, clock()) }

// clock is go-metrics' one goroutine of the process, which the sarama client of
// the tests' producers starts.
func clock() goleak.Option {
	return goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick")
}

type fields = map[string]any

// parameters of a reader of topics from their beginning.
func parameters(t testing.TB, addr, topics string, more fields) string {
	t.Helper()
	settings := fields{"bootstrap.servers": addr}
	all := fields{"topic": topics, "mode": "earliest-offset", "groupId": "g-" + topics, "consumerSettings": settings}
	for k, v := range more {
		if k == "consumerSettings" {
			for name, value := range v.(fields) {
				settings[name] = value
			}
			continue
		}
		all[k] = v
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// produce sends messages, each to the partition that it names.
func produce(t testing.TB, k servers.KafkaServer, messages ...*sarama.ProducerMessage) {
	t.Helper()
	p := producer(t, k, "")
	if err := p.SendMessages(messages); err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
}

// producer is an independent one; an id makes it transactional.
func producer(t testing.TB, k servers.KafkaServer, id string) sarama.SyncProducer {
	t.Helper()
	cfg := sarama.NewConfig()
	cfg.Version = sarama.V3_6_0_0
	cfg.Producer.Return.Successes = true
	cfg.Producer.Partitioner = sarama.NewManualPartitioner
	if id != "" {
		cfg.Producer.Idempotent, cfg.Producer.RequiredAcks, cfg.Net.MaxOpenRequests = true, sarama.WaitForAll, 1
		cfg.Producer.Transaction.ID = id
	}
	p, err := sarama.NewSyncProducer([]string{k.Addr()}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// value is a message without key.
func value(topic string, partition int32, text string) *sarama.ProducerMessage {
	return &sarama.ProducerMessage{Topic: topic, Partition: partition, Value: sarama.StringEncoder(text)}
}
