package kafkakit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"
	"github.com/cenkalti/backoff/v5"

	"github.com/datasync-io/datasync/core/errclass"
)

// DefaultTransactionTimeout is what brokers allow unless
// transaction.max.timeout.ms says otherwise.
const DefaultTransactionTimeout = 15 * time.Minute

// transaction is what a producer's records become visible in, together
// (KIP-98).
type transaction struct {
	id      string
	timeout time.Duration  // after which the broker gives it up
	joined  map[*lane]bool // partitions that are in the one under way
	began   time.Time      // zero: none is under way
}

// NewTransactional begins a producer whose records are visible, to consumers
// that read committed ones, from [Producer.Commit] on. Another producer with
// this id, in any process, is fenced by that, and what it had under way is
// taken back, or visible if it was committed, when NewTransactional returns.
func (c *Client) NewTransactional(ctx context.Context, set ProducerSettings, headers []Header, id string) (*Producer, error) {
	set.Idempotent, set.Acks = true, sarama.WaitForAll
	p, err := c.newProducer(set, headers)
	if err != nil {
		return nil, err
	}
	p.txn = &transaction{id: id, timeout: DefaultTransactionTimeout, joined: map[*lane]bool{}}
	if err := p.begin(ctx); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// Fence ends what a producer with this id has under way, and the producer.
func (c *Client) Fence(ctx context.Context, set ProducerSettings, id string) error {
	p, err := c.NewTransactional(ctx, set, nil, id)
	if err != nil {
		return err
	}
	return p.Close()
}

// begin asks the id's coordinator for an identity: the epoch fences earlier
// producers. It takes the longest timeout that the broker allows.
func (p *Producer) begin(ctx context.Context) error {
	for {
		err := p.coordinate(ctx, "beginning transactions", func(b *sarama.Broker) error {
			res, err := b.InitProducerID(&sarama.InitProducerIDRequest{Version: 4, TransactionalID: &p.txn.id,
				TransactionTimeout: p.txn.timeout, ProducerID: -1, ProducerEpoch: -1})
			if err != nil {
				return err
			}
			p.id, p.epoch = res.ProducerID, res.ProducerEpoch
			return codeError(res.Err)
		})
		if !isCode(err, sarama.ErrInvalidTransactionTimeout) || p.txn.timeout < time.Second {
			return err
		}
		p.txn.timeout /= 2
	}
}

// codeError is an answer's code as an error.
func codeError(code sarama.KError) error {
	if code == sarama.ErrNoError {
		return nil
	}
	return code
}

// join brings partitions into the transaction, before their first records.
func (p *Producer) join(ctx context.Context, lanes []*lane) error {
	if p.txn == nil {
		return nil
	}
	missing := map[string][]int32{}
	for _, l := range lanes {
		if !p.txn.joined[l] {
			missing[l.topic.Name] = append(missing[l.topic.Name], l.partition)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if p.txn.began.IsZero() {
		p.txn.began = time.Now()
	}
	err := p.coordinate(ctx, "bringing partitions into a transaction", func(b *sarama.Broker) error {
		res, err := b.AddPartitionsToTxn(&sarama.AddPartitionsToTxnRequest{Version: 2, TransactionalID: p.txn.id,
			ProducerID: p.id, ProducerEpoch: p.epoch, TopicPartitions: missing})
		if err != nil {
			return err
		}
		var skipped error
		for _, partitions := range res.Errors {
			for _, e := range partitions {
				switch e.Err {
				case sarama.ErrNoError:
				case sarama.ErrOperationNotAttempted: // because of another partition's error
					skipped = e.Err
				default:
					return e.Err
				}
			}
		}
		return skipped
	})
	if err != nil {
		return p.fail(err)
	}
	for _, l := range lanes {
		p.txn.joined[l] = true
	}
	return nil
}

// Commit makes what was taken visible and durable, all of it or, after an
// error, all or nothing: which of the two is known when the next producer of
// this id has begun.
func (p *Producer) Commit(ctx context.Context) error {
	if err := p.Flush(ctx); err != nil {
		return p.tooLong(err)
	}
	return p.end(ctx, true)
}

// Open tells when the transaction under way began; zero: there is none.
func (p *Producer) Open() time.Time { return p.txn.began }

func (p *Producer) end(ctx context.Context, commit bool) error {
	if p.txn.began.IsZero() {
		return nil
	}
	err := p.coordinate(ctx, "ending a transaction", func(b *sarama.Broker) error {
		res, err := b.EndTxn(&sarama.EndTxnRequest{Version: 2, TransactionalID: p.txn.id,
			ProducerID: p.id, ProducerEpoch: p.epoch, TransactionResult: commit})
		if err != nil {
			return err
		}
		return codeError(res.Err)
	})
	if err != nil {
		return p.fail(p.tooLong(err))
	}
	p.txn.began = time.Time{}
	clear(p.txn.joined)
	return nil
}

// tooLong explains the error of a producer that the broker has fenced because
// its transaction took too long.
func (p *Producer) tooLong(err error) error {
	if errclass.Of(err) != errclass.Fenced || p.txn.began.IsZero() || time.Since(p.txn.began) < p.txn.timeout {
		return err
	}
	return errclass.With(errclass.Permanent, fmt.Errorf(
		"the broker has given up a transaction that took longer than %v (transaction.max.timeout.ms): let the reader cut longer ones, with maxTransactionRows, or raise the broker's limit: %w", p.txn.timeout, err))
}

// abandonTime is how long Close waits for a transaction to be taken back.
const abandonTime = 500 * time.Millisecond

// abandon takes the transaction under way back, so that consumers need not wait
// until the broker does. If that is not to be had, the broker will.
func (p *Producer) abandon() {
	if p.txn == nil || p.txn.began.IsZero() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), abandonTime)
	defer cancel()
	if err := p.end(ctx, false); err != nil {
		p.client.log.Debug("taking a transaction back", "id", p.txn.id, "err", err)
	}
}

// coordinate asks the coordinator of the producer's transactions, again while
// it is busy with the last one, moves or is away.
func (p *Producer) coordinate(ctx context.Context, doing string, ask func(*sarama.Broker) error) error {
	within, cancel := context.WithTimeout(ctx, p.set.DeliveryTimeout)
	defer cancel()
	defer p.client.wire.bound(within)()
	busy := backoff.NewExponentialBackOff() // the last transaction's end is being written
	busy.InitialInterval, busy.MaxInterval = time.Millisecond, 50*time.Millisecond
	for pace := p.pace(); ; {
		b, err := p.client.cluster.TransactionCoordinator(p.txn.id)
		if err == nil {
			err = ask(b)
		}
		wait := pace
		switch {
		case err == nil:
			return nil
		case isCode(err, sarama.ErrConcurrentTransactions):
			wait = busy
		case networkFault(err), retriableCode(err):
			_ = p.client.cluster.RefreshTransactionCoordinator(p.txn.id) // in vain while it is away: the next attempt shows it
		default:
			return p.client.at.explain(doing, err)
		}
		if pause(within, wait) == nil {
			continue
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return p.client.at.explain(doing, err)
	}
}
