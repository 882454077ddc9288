package kafkakit

import (
	"context"
	"errors"
	"fmt"

	"github.com/IBM/sarama"

	"github.com/datasync-io/datasync/core/errclass"
)

// TopicPartition is a partition of a topic.
type TopicPartition struct {
	Topic string
	ID    int32
}

// String returns topic/partition.
func (p TopicPartition) String() string { return fmt.Sprintf("%s/%d", p.Topic, p.ID) }

// Times that [Client.Offsets] takes beside Unix milliseconds.
const (
	Earliest = sarama.OffsetOldest
	Latest   = sarama.OffsetNewest
)

// Partitions returns how many partitions a topic has by now, and the topic's
// own identity, "" where brokers are too old to have one. Errors are those of
// [Client.Topic].
func (c *Client) Partitions(ctx context.Context, topic string) (n int, id string, err error) {
	t, err := c.describe(ctx, topic)
	if err != nil {
		return 0, "", err
	}
	if t.Uuid != (sarama.Uuid{}) {
		id = t.Uuid.String()
	}
	return len(t.Partitions), id, nil
}

// Offsets returns the offset of the first record of each partition that is not
// older than a time in Unix milliseconds, -1 where there is none yet; or, for
// Earliest and Latest, where the partition begins and ends, for readers of
// committed records before the first transaction without end.
func (c *Client) Offsets(ctx context.Context, list []TopicPartition, at int64, set ConsumerSettings) (map[TopicPartition]int64, error) {
	defer c.wire.bound(ctx)()
	all, err := c.offsets(list, at, set)
	if err != nil && ctx.Err() == nil && c.cluster.RefreshMetadata(topicsOf(list)...) == nil { // a leader has moved
		all, err = c.offsets(list, at, set)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return all, moving(err)
}

func topicsOf(list []TopicPartition) (names []string) {
	seen := map[string]bool{}
	for _, p := range list {
		if !seen[p.Topic] {
			seen[p.Topic] = true
			names = append(names, p.Topic)
		}
	}
	return names
}

func (c *Client) offsets(list []TopicPartition, at int64, set ConsumerSettings) (map[TopicPartition]int64, error) {
	requests := map[*sarama.Broker]*sarama.OffsetRequest{}
	for _, p := range list {
		leader, err := c.cluster.Leader(p.Topic, p.ID)
		if err != nil {
			return nil, c.partitionError("asking for offsets of", p, err)
		}
		if requests[leader] == nil {
			requests[leader] = sarama.NewOffsetRequest(c.cluster.Config().Version)
			requests[leader].IsolationLevel = set.isolation()
		}
		requests[leader].AddBlock(p.Topic, p.ID, at, 1)
	}
	all := make(map[TopicPartition]int64, len(list))
	for leader, request := range requests {
		res, err := leader.GetAvailableOffsets(request)
		if err != nil {
			_ = leader.Close() // broken already; the next question opens it again
			return nil, c.at.explain("asking "+leader.Addr()+" for offsets", err)
		}
		for topic, blocks := range res.Blocks {
			for id, b := range blocks {
				p := TopicPartition{topic, id}
				if b.Err != sarama.ErrNoError {
					return nil, c.partitionError("asking for offsets of", p, b.Err)
				}
				all[p] = b.Offset
			}
		}
	}
	if len(all) != len(list) {
		return nil, c.at.explain("asking for offsets", sarama.ErrIncompleteResponse)
	}
	return all, nil
}

// partitionError explains what a broker has answered for a partition.
func (c *Client) partitionError(doing string, p TopicPartition, err error) error {
	if isCode(err, sarama.ErrTopicAuthorizationFailed) {
		return c.at.topicDenied(p.Topic, "Read", err)
	}
	return c.at.explain(doing+" partition "+p.String(), err)
}

// moving makes an unknown topic a passing trouble: whether the topic is there
// was found out before, and a broker that has just begun knows less.
func moving(err error) error {
	if isCode(err, sarama.ErrUnknownTopicOrPartition) {
		return errclass.With(errclass.Transient, err)
	}
	return err
}

// groupDenied names the ACL that is missing and the command that adds it.
func (c *Connection) groupDenied(group string, err error) error {
	return errclass.With(errclass.Permanent, fmt.Errorf("consumer group %q: %s lacks the ACL for Read; add it: kafka-acls.sh --bootstrap-server %s --add --allow-principal %s --operation Read --group %s: %w",
		group, c.principal(), c.Servers[0], c.principal(), group, err))
}

// GroupDenied tells that the brokers keep a consumer group from this user.
func GroupDenied(err error) bool { return isCode(err, sarama.ErrGroupAuthorizationFailed) }

// GroupOffsets returns the offsets that a consumer group has committed; those
// partitions that it has none of are not there.
func (c *Client) GroupOffsets(ctx context.Context, group string, list []TopicPartition) (map[TopicPartition]int64, error) {
	defer c.wire.bound(ctx)()
	doing := fmt.Sprintf("asking for the offsets of consumer group %q", group)
	byTopic := map[string][]int32{}
	for _, p := range list {
		byTopic[p.Topic] = append(byTopic[p.Topic], p.ID)
	}
	request := sarama.NewOffsetFetchRequest(c.cluster.Config().Version, group, byTopic)
	var res *sarama.OffsetFetchResponse
	coordinator, err := c.cluster.Coordinator(group)
	if err == nil {
		res, err = coordinator.FetchOffset(request)
	}
	if err == nil && res.GroupError() != sarama.ErrNoError {
		err = res.GroupError()
	}
	if err != nil {
		return nil, c.groupError(ctx, doing, group, err)
	}
	all := map[TopicPartition]int64{}
	for _, p := range list {
		b := res.GetBlock(p.Topic, p.ID)
		switch {
		case b == nil:
			err = sarama.ErrIncompleteResponse
		case b.Err != sarama.ErrNoError:
			err = b.Err
		case b.Offset >= 0:
			all[p] = b.Offset
		}
		if err != nil {
			return nil, c.groupError(ctx, doing, group, err)
		}
	}
	return all, nil
}

// groupError explains err, and has the group's coordinator looked for anew.
func (c *Client) groupError(ctx context.Context, doing, group string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if GroupDenied(err) {
		return c.at.groupDenied(group, err)
	}
	return c.at.explain(doing, errors.Join(err, c.cluster.RefreshCoordinator(group)))
}

// CommitOffsets commits offsets for a consumer group of which nobody is a member.
func (c *Client) CommitOffsets(ctx context.Context, group string, offsets map[TopicPartition]int64) error {
	defer c.wire.bound(ctx)()
	doing := fmt.Sprintf("committing offsets of consumer group %q", group)
	request := sarama.NewOffsetCommitRequest(c.cluster.Config(), group)
	for p, offset := range offsets {
		request.AddBlockWithLeaderEpoch(p.Topic, p.ID, offset, -1, 0, "")
	}
	coordinator, err := c.cluster.Coordinator(group)
	if err != nil {
		return c.groupError(ctx, doing, group, err)
	}
	res, err := coordinator.CommitOffset(request)
	if err != nil {
		return c.groupError(ctx, doing, group, err)
	}
	for _, codes := range res.Errors {
		for _, code := range codes {
			if code != sarama.ErrNoError {
				return c.groupError(ctx, doing, group, code)
			}
		}
	}
	return nil
}
