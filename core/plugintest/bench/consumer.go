package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/IBM/sarama"
	"github.com/go-mysql-org/go-mysql/client"
	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// commitRows inserts rows that say when they were sent, at an even pace, until
// ctx ends.
func (l *lab) commitRows(ctx context.Context) (err error) {
	conn, err := client.Connect(net.JoinHostPort(l.shop.host, l.shop.port), servers.RootUser, servers.RootPassword, database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	pace := rate.NewLimiter(streamRate/streamCommit, streamRate/streamCommit) // what was missed is made up for
	for pace.Wait(ctx) == nil {
		row := fmt.Sprintf("(%d, 'a row that is about as long as most of the rows elsewhere')", time.Now().UnixMicro())
		rows := strings.Repeat(row+",", streamCommit-1) + row
		if _, err := conn.Execute("INSERT INTO " + streamedTable + " (sent, note) VALUES " + rows); err != nil {
			return err
		}
	}
	return nil
}

// consumer reads the committed messages of a topic and times them. It is for one
// run.
type consumer struct {
	all   sarama.Consumer
	parts []sarama.PartitionConsumer
	times []time.Duration
}

func (l *lab) consume(topic string) (c *consumer, err error) {
	config := sarama.NewConfig()
	config.Version = sarama.MaxVersion
	config.Consumer.IsolationLevel = sarama.ReadCommitted
	all, err := sarama.NewConsumer([]string{l.broker.addr}, config)
	if err != nil {
		return nil, err
	}
	c = &consumer{all: all}
	for p := range int32(partitions) {
		part, err := all.ConsumePartition(topic, p, sarama.OffsetOldest)
		if err != nil {
			return nil, errors.Join(err, c.close())
		}
		c.parts = append(c.parts, part)
	}
	return c, nil
}

func (c *consumer) close() error {
	var errs []error
	for _, p := range c.parts {
		errs = append(errs, p.Close())
	}
	return errors.Join(append(errs, c.all.Close())...)
}

// time takes in messages: those of the first seconds after the first one are not
// counted.
func (c *consumer) time(ctx context.Context) error {
	messages := make(chan *sarama.ConsumerMessage, streamRate)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g, ctx := errgroup.WithContext(ctx)
	for _, p := range c.parts {
		g.Go(func() error {
			for {
				select {
				case m := <-p.Messages():
					m.Timestamp = time.Now()
					select {
					case messages <- m:
					case <-ctx.Done():
						return nil
					}
				case <-ctx.Done():
					return nil
				}
			}
		})
	}
	g.Go(func() error {
		defer cancel()
		return c.count(ctx, messages)
	})
	return g.Wait()
}

func (c *consumer) count(ctx context.Context, messages <-chan *sarama.ConsumerMessage) error {
	var first time.Time
	for {
		select {
		case m := <-messages:
			if first.IsZero() {
				first = m.Timestamp
			}
			var e struct{ After struct{ Sent int64 } }
			if err := json.Unmarshal(m.Value, &e); err != nil {
				return err
			}
			sent := time.UnixMicro(e.After.Sent)
			switch since := sent.Sub(first); {
			case since > streamWarmUp+streamTime:
				return nil
			case since > streamWarmUp:
				c.times = append(c.times, m.Timestamp.Sub(sent))
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
