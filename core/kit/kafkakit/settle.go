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
	defer p.wire.bound(ctx)()
	for {
		if len(p.failed) > 0 {
			most = 0 // order: nothing new while a batch is to be sent again
		}
		select {
		case o := <-p.outcomes:
			p.take(o)
			continue
		default:
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
		*b = batch{}
		p.spare = append(p.spare, b)
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
	defer p.client.wire.bound(ctx)()
	failed := p.failed
	p.failed = nil
	slices.SortFunc(failed, func(a, b *batch) int { return int(int64(a.order - b.order)) })
	log := p.client.log.With("topic", failed[0].lane.topic.Name, "batches", len(failed))
	log.Warn("records were not acknowledged, sending them again", "err", failed[0].err, "partition", failed[0].lane.partition)
	seen := map[*lane]bool{}
	for _, b := range failed {
		if seen[b.lane] && errors.Is(b.err, sarama.ErrOutOfOrderSequenceNumber) {
			b.err = sarama.ErrRequestTimedOut // it came after one that was not taken: that one is in by now
		} else {
			p.renew(b)
		}
		seen[b.lane] = true
		if err := p.repeat(ctx, b); err != nil {
			return p.fail(err)
		}
	}
	log.Info("all records are acknowledged again")
	return nil
}

// repeat sends one batch until it is in.
func (p *Producer) repeat(ctx context.Context, b *batch) error {
	retry := p.retries(b.first)
	for b.err != nil {
		if !resendable(b.err) {
			return p.hopeless(b)
		}
		if err := retry.wait(ctx, b.err); err != nil {
			return p.describe(b, err)
		}
		p.stats.Resent++
		if b.err = p.request([]*batch{b}); b.err != nil {
			p.renew(b)
			continue
		}
		if p.set.Acks == sarama.NoResponse {
			break
		}
		p.inFlight++
		select {
		case o := <-p.outcomes:
			p.take(o)
		case <-ctx.Done():
			return p.describe(b, ctx.Err())
		}
		if len(p.failed) == 0 {
			return nil // recycled
		}
		p.failed = p.failed[:0]
		p.renew(b)
	}
	*b = batch{}
	p.spare = append(p.spare, b)
	return nil
}

// renew does what the batch's error asks for before it is sent again: a new
// connection, newer metadata.
func (p *Producer) renew(b *batch) {
	var code sarama.KError
	if !errors.As(b.err, &code) {
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
	return p.client.at.explain(fmt.Sprintf("writing %d records to topic %s, partition %d", b.count, b.lane.topic.Name, b.lane.partition), err)
}

func (p *Producer) fail(err error) error {
	if p.err == nil {
		p.err = err
	}
	return err
}

// retries paces attempts: exponentially, until DeliveryTimeout after start.
type retries struct {
	pace  *backoff.ExponentialBackOff
	until time.Time
	limit time.Duration
}

func (p *Producer) retries(start time.Time) *retries {
	pace := backoff.NewExponentialBackOff()
	pace.InitialInterval, pace.MaxInterval = p.client.at.RetryBackoff, p.client.at.RetryBackoffMax
	return &retries{pace: pace, until: start.Add(p.set.DeliveryTimeout), limit: p.set.DeliveryTimeout}
}

// wait waits for the time of the next attempt; cause is why the last one
// failed, and part of the error when there is to be none.
func (r *retries) wait(ctx context.Context, cause error) error {
	pause := r.pace.NextBackOff()
	if time.Now().Add(pause).After(r.until) {
		return fmt.Errorf("given up after %v (delivery.timeout.ms): %w", r.limit, cause)
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
