package kafkakit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"

	"github.com/datasync-io/datasync/core/errclass"
)

// Ledger is a compacted topic that keeps the last text of each key, written in
// the transactions that the texts belong to. It may be used by several
// goroutines.
type Ledger struct {
	client *Client
	topic  Topic
}

// ledgerSettings are those of a ledger's topic: it stays small, since it is read as a whole.
func ledgerSettings() map[string]*string {
	settings := map[string]*string{}
	for key, value := range map[string]string{
		"cleanup.policy": "compact", "segment.ms": "600000", "segment.bytes": "16777216", "min.cleanable.dirty.ratio": "0.1", "max.compaction.lag.ms": "3600000",
		"max.message.bytes": "8388608", // the definitions of many tables are one text
	} {
		settings[key] = &value
	}
	return settings
}

// createTime bounds the wait for a topic that is created.
const createTime = 30 * time.Second

// Ledger returns the ledger in a topic, which is created if it is not there.
func (c *Client) Ledger(ctx context.Context, topic string) (*Ledger, error) {
	t, err := c.Topic(ctx, topic)
	if isCode(err, sarama.ErrUnknownTopicOrPartition) || errclass.Of(err) == errclass.Config {
		if err = c.create(ctx, topic, &sarama.TopicDetail{NumPartitions: 1, ReplicationFactor: -1, ConfigEntries: ledgerSettings()}); err != nil {
			return nil, err
		}
		within, cancel := context.WithTimeout(ctx, createTime)
		defer cancel()
		for pace := c.pace(); ; {
			if t, err = c.Topic(within, topic); err == nil || pause(within, pace) != nil {
				break
			}
			_ = c.cluster.RefreshMetadata(topic) // what is wrong shows in the next round
		}
	}
	if err != nil {
		return nil, err
	}
	return &Ledger{client: c, topic: t}, nil
}

// create creates a topic; that it is there by now is no error.
func (c *Client) create(ctx context.Context, name string, detail *sarama.TopicDetail) error {
	defer c.wire.bound(ctx)()
	b, err := c.cluster.Controller()
	if err == nil {
		var res *sarama.CreateTopicsResponse
		res, err = b.CreateTopics(&sarama.CreateTopicsRequest{Version: 4, TopicDetails: map[string]*sarama.TopicDetail{name: detail}, Timeout: createTime})
		if err == nil {
			if e := res.TopicErrors[name]; e != nil && e.Err != sarama.ErrNoError && e.Err != sarama.ErrTopicAlreadyExists {
				err = e
			}
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return c.at.explain("creating topic "+name, err)
	}
	return nil
}

// Lane registers the ledger with a producer, whose records it keeps.
func (l *Ledger) Lane(p *Producer) int { return p.Lane(l.topic, 0) }

// Put writes texts at once, outside of any transaction; a nil text removes its
// key. keys and texts go in pairs.
func (l *Ledger) Put(ctx context.Context, set ProducerSettings, pairs ...[]byte) (err error) {
	p, err := l.client.NewProducer(ctx, set, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	lane := l.Lane(p)
	for i := 0; i < len(pairs); i += 2 {
		if err := p.Put(ctx, lane, pairs[i], pairs[i+1]); err != nil {
			return err
		}
	}
	return p.Flush(ctx)
}

// Put takes a record; a nil value is null.
func (p *Producer) Put(ctx context.Context, lane int, key, value []byte) error {
	buf := append(p.Buffer(), key...)
	size := -1
	if value != nil {
		buf, size = append(buf, value...), len(value)
	}
	return p.Take(ctx, buf, len(key), size, lane)
}

// errUnderWay says that a transaction of a key that is asked for has no end.
var errUnderWay = errclass.With(errclass.Transient, errors.New("a transaction of this job has no end yet"))

// Read returns the texts whose keys begin with prefix, as of the transactions
// that are committed, and the offset up to which it has read; it begins at from.
// A transaction that has such a key must have ended: others do not hold it up.
func (l *Ledger) Read(ctx context.Context, prefix []byte, from int64) (texts map[string][]byte, end int64, err error) {
	texts = map[string][]byte{}
	open := map[int64][]*sarama.Record{} // by producer
	apply := func(records []*sarama.Record) {
		for _, r := range records {
			if r.Value == nil {
				delete(texts, string(r.Key))
			} else {
				texts[string(r.Key)] = r.Value
			}
		}
	}
	end, err = l.client.scan(ctx, l.topic.Name, 0, from, func(b *sarama.RecordBatch) error {
		if b.Control {
			if committed(b) {
				apply(open[b.ProducerID])
			}
			delete(open, b.ProducerID)
			return nil
		}
		var ours []*sarama.Record
		for _, r := range b.Records {
			if bytes.HasPrefix(r.Key, prefix) {
				ours = append(ours, r)
			}
		}
		switch {
		case len(ours) == 0:
		case b.IsTransactional:
			open[b.ProducerID] = append(open[b.ProducerID], ours...)
		default:
			apply(ours)
		}
		return nil
	})
	if err == nil && len(open) > 0 {
		err = fmt.Errorf("reading topic %s: %w", l.topic.Name, errUnderWay)
	}
	return texts, end, err
}
