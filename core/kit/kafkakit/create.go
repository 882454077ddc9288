package kafkakit

import (
	"context"
	"fmt"

	"github.com/IBM/sarama"

	"github.com/datasync-io/datasync/core/errclass"
)

// NewTopic is how a topic is created.
type NewTopic struct {
	Partitions  int // 0: as the brokers' default
	Replication int // 0: as the brokers' default
	Config      map[string]string
}

// CreateTopic creates a topic where it is not there yet, and returns it. Whoever
// else creates it at the same time wins. ctx bounds that.
func (c *Client) CreateTopic(ctx context.Context, name string, n NewTopic) (Topic, error) {
	t, err := c.Topic(ctx, name)
	if err == nil || errclass.Of(err) != errclass.Config {
		return t, err
	}
	detail := &sarama.TopicDetail{NumPartitions: -1, ReplicationFactor: -1, ConfigEntries: map[string]*string{}}
	if n.Partitions > 0 {
		detail.NumPartitions = int32(n.Partitions)
	}
	if n.Replication > 0 {
		detail.ReplicationFactor = int16(n.Replication)
	}
	for key, value := range n.Config {
		detail.ConfigEntries[key] = &value
	}
	if err := c.create(ctx, name, detail); err != nil {
		if errclass.Of(err) == errclass.Permanent && !isCode(err, sarama.ErrTopicAuthorizationFailed) && !isCode(err, sarama.ErrClusterAuthorizationFailed) {
			err = errclass.With(errclass.Config, fmt.Errorf("%w; check topicPartitions, topicReplication and topicConfig", err))
		}
		return Topic{}, err
	}
	return c.awaitTopic(ctx, name)
}

// awaitTopic waits for a topic that was created: brokers learn of it one after
// the other.
func (c *Client) awaitTopic(ctx context.Context, name string) (t Topic, err error) {
	within, cancel := context.WithTimeout(ctx, createTime)
	defer cancel()
	for pace := c.pace(); ; {
		if t, err = c.Topic(within, name); err == nil || pause(within, pace) != nil {
			return t, err
		}
		_ = c.cluster.RefreshMetadata(name) // what is wrong shows in the next round
	}
}
