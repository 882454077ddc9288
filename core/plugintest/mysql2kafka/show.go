package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"
)

// shown is how many messages of each partition are printed.
const shown = 2

// show prints the first messages of each partition, and fails unless there are
// as many messages as rows.
func show(addr string, rows int) (err error) {
	config := sarama.NewConfig()
	config.Version = sarama.V3_6_0_0
	c, err := sarama.NewClient([]string{addr}, config)
	if err != nil {
		return fmt.Errorf("connecting to Kafka: %w", err)
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	consumer, err := sarama.NewConsumerFromClient(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, consumer.Close()) }()
	partitions, err := c.Partitions(topic)
	if err != nil {
		return err
	}
	var total int64
	for _, p := range partitions {
		end, err := c.GetOffset(topic, p, sarama.OffsetNewest)
		if err != nil {
			return err
		}
		total += end
		if err := showPartition(consumer, p, min(shown, end)); err != nil {
			return err
		}
	}
	fmt.Printf("%d messages in %d partitions for %d rows\n", total, len(partitions), rows)
	if total != int64(rows) {
		return fmt.Errorf("the topic holds %d messages, the table %d rows", total, rows)
	}
	return nil
}

func showPartition(consumer sarama.Consumer, partition int32, n int64) (err error) {
	messages, err := consumer.ConsumePartition(topic, partition, sarama.OffsetOldest)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, messages.Close()) }()
	late := time.After(30 * time.Second)
	for range n {
		select {
		case m := <-messages.Messages():
			fmt.Printf("partition %d offset %d key %s: %s\n", m.Partition, m.Offset, m.Key, m.Value)
		case <-late:
			return fmt.Errorf("reading partition %d: no message within 30 s", partition)
		}
	}
	return nil
}
