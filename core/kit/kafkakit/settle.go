package kafkakit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/IBM/sarama"
	"github.com/cenkalti/backoff/v5"

	"github.com/datasync-io/datasync/core/errclass"
)

// settle takes in outcomes until at most that many requests are on their way,
// then sends again what has failed.
func (p *Producer) settle(ctx context.Context, most int) error {
	for len(p.outcomes) > 0 {
		p.take(<-p.outcomes)
	}
	if len(p.failed) == 0 && p.inFlight <= most {
		return nil
	}
	defer p.wire.bound(ctx)()
	for {
		if len(p.failed) > 0 {
			most = 0 // order: nothing new while a batch is to be sent again
		}
		if p.inFlight <= most {
			break
		}
		select {
		case o := <-p.outcomes:
			p.take(o)
		case <-ctx.Done():
			return p.fail(ctx.Err())
		}
	}
	if len(p.failed) == 0 {
		return nil
	}
	return p.resend(ctx)
}

// take notes what became of one request.
func (p *Producer) take(o outcome) {
	p.inFlight--
	for _, b := range o.batches {
		b.err = verdict(b, o)
		switch {
		case b.err == nil:
			b.lane.proven = true
		case errors.Is(b.err, sarama.ErrDuplicateSequenceNumber):
			p.stats.Duplicates++
			b.err, b.lane.proven = nil, true
		}
		if b.err != nil {
			p.failed = append(p.failed, b)
			continue
		}
		p.recycle(b)
	}
}

func verdict(b *batch, o outcome) error {
	if o.err != nil {
		return o.err
	}
	block := o.response.GetBlock(b.lane.topic.Name, b.lane.partition)
	switch {
	case block == nil:
		return sarama.ErrIncompleteResponse
	case block.Err != sarama.ErrNoError && block.ErrorMessage != nil:
		return fmt.Errorf("%w (%s)", block.Err, *block.ErrorMessage)
	case block.Err != sarama.ErrNoError:
		return block.Err
	}
	return nil
}

// resend sends failed batches again, one by one in the order of their first
// sending, until each is in. Sequence numbers make that exactly once, however
// often an answer is lost. Nothing else is on its way meanwhile.
func (p *Producer) resend(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return p.fail(err)
	}
	failed := p.failed
	p.failed = nil
	slices.SortFunc(failed, func(a, b *batch) int { return int(int64(a.order - b.order)) })
	log := p.client.log.With("topic", failed[0].lane.topic.Name, "batches", len(failed))
	log.Warn("records were not acknowledged, sending them again", "err", failed[0].err, "partition", failed[0].lane.partition)
	seen := map[*lane]bool{}
	for _, b := range failed {
		if seen[b.lane] && errors.Is(b.err, sarama.ErrOutOfOrderSequenceNumber) {
			b.err = errCameLater
		}
		seen[b.lane] = true
		if err := p.repeat(ctx, b); err != nil {
			return p.fail(err)
		}
	}
	log.Info("all records are acknowledged again")
	return nil
}

// errCameLater stands for the refusal of a batch because one before it was not
// taken, which by now is in.
var errCameLater = fmt.Errorf("it came after a batch that was not taken: %w", sarama.ErrRequestTimedOut)

// repeat sends one batch until it is in, or DeliveryTimeout has passed since it
// was first sent.
func (p *Producer) repeat(ctx context.Context, b *batch) error {
	within, cancel := context.WithDeadline(ctx, b.first.Add(p.set.DeliveryTimeout))
	defer cancel()
	defer p.wire.bound(within)()
	defer p.client.wire.bound(within)()
	pace, cause := p.pace(), b.err
	for {
		if within.Err() != nil { // what has failed since then says nothing
			return p.giveUp(ctx, b, cause)
		}
		cause = b.err
		if !resendable(cause) {
			return p.hopeless(b)
		}
		p.renew(b)
		if err := pause(within, pace); err != nil {
			return p.giveUp(ctx, b, cause)
		}
		p.stats.Resent++
		if b.err = p.request([]*batch{b}); b.err != nil {
			continue
		}
		if p.set.Acks == sarama.NoResponse {
			p.recycle(b)
			return nil
		}
		p.inFlight++
		select {
		case o := <-p.outcomes:
			p.take(o)
		case <-within.Done():
			return p.giveUp(ctx, b, cause)
		}
		if len(p.failed) == 0 {
			return nil
		}
		p.failed = p.failed[:0] // it holds this batch alone
	}
}

// giveUp is the error of a batch that could not be sent in time.
func (p *Producer) giveUp(ctx context.Context, b *batch, cause error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return p.describe(b, fmt.Errorf("given up after %v (delivery.timeout.ms): %w", p.set.DeliveryTimeout, cause))
}

// renew does what the batch's error asks for before it is sent again: a new
// connection, newer metadata.
func (p *Producer) renew(b *batch) {
	if errors.Is(b.err, errCameLater) {
		return
	}
	if _, answered := codeOf(b.err); !answered {
		p.drop(b.leader)
	}
	_ = p.client.cluster.RefreshMetadata(b.lane.topic.Name) // in vain while the broker is away: the next attempt shows it
}

// refusal is the error of a batch that is too large for its topic.
type refusal struct{ err error }

func (r *refusal) Error() string { return r.err.Error() }
func (r *refusal) Unwrap() error { return r.err }

// hopeless returns the error of a batch that it is no use to send again.
func (p *Producer) hopeless(b *batch) error {
	switch {
	case tooLarge(b.err):
		// The topic takes less than it said, or nobody could ask. A new producer
		// makes smaller batches, down to single records, which are sent alone.
		p.client.learn(b.lane.topic.Name, b.size, b.count)
		return errclass.With(errclass.Transient, &refusal{p.describe(b, b.err)})
	case isCode(b.err, sarama.ErrTopicAuthorizationFailed):
		return p.client.at.topicDenied(b.lane.topic.Name, "Write", b.err)
	}
	return p.describe(b, b.err)
}

func (p *Producer) describe(b *batch, err error) error {
	err = p.client.at.explain(fmt.Sprintf("writing %d records to topic %s, partition %d", b.count, b.lane.topic.Name, b.lane.partition), err)
	if errclass.Of(err) == errclass.Data { // of some record among them, not of the one that is taken now
		return errclass.With(errclass.Permanent, err)
	}
	return err
}

func (p *Producer) fail(err error) error {
	if p.err == nil {
		p.err = err
	}
	return err
}

// pace spaces attempts exponentially.
func (p *Producer) pace() *backoff.ExponentialBackOff { return p.client.pace() }

func (c *Client) pace() *backoff.ExponentialBackOff {
	pace := backoff.NewExponentialBackOff()
	pace.InitialInterval, pace.MaxInterval = c.at.RetryBackoff, c.at.RetryBackoffMax
	return pace
}

// pause waits for the time of the next attempt.
func pause(ctx context.Context, pace *backoff.ExponentialBackOff) error {
	timer := time.NewTimer(pace.NextBackOff())
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
