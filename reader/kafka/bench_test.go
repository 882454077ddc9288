package kafka

import (
	"bytes"
	"testing"

	"github.com/IBM/sarama"

	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// BenchmarkRead reads a partition of 200,000 messages of 100 bytes each time, as
// texts, and with sarama's own consumer, which hands message after message
// through channels.
func BenchmarkRead(b *testing.B) {
	const rows = 200_000
	k := servers.Kafka(b)
	topic := k.Topic(b, 1)
	body := bytes.Repeat([]byte("0123456789"), 10)
	p := producer(b, k, "")
	for range rows / 10_000 {
		var messages []*sarama.ProducerMessage
		for range 10_000 {
			messages = append(messages, value(topic, 0, string(body)))
		}
		if err := p.SendMessages(messages); err != nil {
			b.Fatal(err)
		}
	}
	if err := p.Close(); err != nil {
		b.Fatal(err)
	}
	b.Run("source", func(b *testing.B) {
		r := newReaderOf(b, k.Addr(), topic, nil)
		split := plan(b, r, 1)[0]
		batch := &record.Batch{}
		b.ReportAllocs()
		for range b.N {
			s, err := r.Open(b.Context(), split)
			if err != nil {
				b.Fatal(err)
			}
			for n := 0; n < rows; n += batch.Len() {
				batch.Reset("0")
				if err := s.Fill(b.Context(), batch); err != nil {
					b.Fatal(err)
				}
			}
			closeSource(b, s)
		}
		b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	})
	b.Run("sarama", func(b *testing.B) {
		cfg := sarama.NewConfig()
		cfg.Version = sarama.V3_6_0_0
		cfg.Consumer.Fetch.Default = 1 << 20
		cfg.ChannelBufferSize = 1024
		c, err := sarama.NewConsumer([]string{k.Addr()}, cfg)
		if err != nil {
			b.Fatal(err)
		}
		s := record.NewSchema(record.Name{}, []record.Column{{Name: messageColumn, Kind: record.String}})
		batch := &record.Batch{}
		b.ReportAllocs()
		for range b.N {
			messages, err := c.ConsumePartition(topic, 0, sarama.OffsetOldest)
			if err != nil {
				b.Fatal(err)
			}
			for range rows {
				m := <-messages.Messages()
				if batch.Full() {
					batch.Reset("0")
				}
				batch.Begin(s, record.Insert)
				batch.String(m.Value)
			}
			if err := messages.Close(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		if err := c.Close(); err != nil {
			b.Fatal(err)
		}
	})
}
