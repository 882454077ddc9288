package kafkakit

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/IBM/sarama"

	"github.com/datasync-io/datasync/core/config"
)

// defaultMaxBytes is Kafka's default of max.message.bytes.
const defaultMaxBytes = 1048588

const maxBytesConfig = "max.message.bytes"

func isCode(err error, code sarama.KError) bool { return errors.Is(err, code) }

// maxBytes asks for the largest batch that a topic takes; not everybody may ask.
func (c *Client) maxBytes(topic string) (int, error) {
	b := c.cluster.LeastLoadedBroker()
	if b == nil {
		return 0, sarama.ErrOutOfBrokers
	}
	res, err := b.DescribeConfigs(&sarama.DescribeConfigsRequest{
		Version:   2,
		Resources: []*sarama.ConfigResource{{Type: sarama.TopicResource, Name: topic, ConfigNames: []string{maxBytesConfig}}},
	})
	if err != nil {
		return 0, err
	}
	for _, r := range res.Resources {
		for _, entry := range r.Configs {
			if entry.Name == maxBytesConfig {
				return strconv.Atoi(entry.Value)
			}
		}
		if r.ErrorCode != 0 {
			return 0, sarama.KError(r.ErrorCode)
		}
	}
	return 0, sarama.ErrIncompleteResponse
}

// similar lists topics whose names are near, as part of a sentence.
func (c *Client) similar(name string) string {
	b := c.cluster.LeastLoadedBroker()
	if b == nil {
		return ""
	}
	res, err := b.GetMetadata(sarama.NewMetadataRequest(c.cluster.Config().Version, nil))
	if err != nil {
		return ""
	}
	var names, near []string
	for _, t := range res.Topics {
		if t.IsInternal || t.Err != sarama.ErrNoError {
			continue
		}
		names = append(names, t.Name)
		if strings.EqualFold(t.Name, name) || len(name) > 3 && (strings.HasPrefix(t.Name, name) || strings.HasPrefix(name, t.Name)) {
			near = append(near, t.Name)
		}
	}
	if best := config.Nearest(name, names); best != "" && !slices.Contains(near, best) {
		near = append(near, best)
	}
	slices.Sort(near)
	if len(near) == 0 {
		return ""
	}
	const most = 5
	return " (there is " + strings.Join(near[:min(len(near), most)], ", ") + ")"
}

// The bits of ACL operations among a topic's authorized operations (KIP-430).
const (
	operationRead  = 1 << 3
	operationWrite = 1 << 4
)

// CheckWrite asks whether this user may write to a topic, without writing.
func (c *Client) CheckWrite(ctx context.Context, topic string) error {
	return c.checkRight(ctx, topic, "Write", operationWrite)
}

// CheckRead asks whether this user may read from a topic, without reading.
func (c *Client) CheckRead(ctx context.Context, topic string) error {
	return c.checkRight(ctx, topic, "Read", operationRead)
}

func (c *Client) checkRight(ctx context.Context, topic, right string, operation int32) error {
	t, err := c.describe(ctx, topic)
	if err == nil && t.TopicAuthorizedOperations&operation == 0 {
		return c.at.topicDenied(topic, right, sarama.ErrTopicAuthorizationFailed)
	}
	return err
}

// describe asks any broker for a topic.
func (c *Client) describe(ctx context.Context, topic string) (*sarama.TopicMetadata, error) {
	defer c.wire.bound(ctx)()
	b := c.cluster.LeastLoadedBroker()
	if b == nil {
		return nil, c.at.explain("asking for topic "+topic, sarama.ErrOutOfBrokers)
	}
	req := sarama.NewMetadataRequest(c.cluster.Config().Version, []string{topic})
	req.IncludeTopicAuthorizedOperations = true
	res, err := b.GetMetadata(req)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, c.at.explain("asking for topic "+topic, err)
	}
	for _, t := range res.Topics {
		switch {
		case t.Name != topic:
		case t.Err != sarama.ErrNoError:
			return nil, c.topicError(topic, t.Err)
		default:
			return t, nil
		}
	}
	return nil, c.at.explain("asking for topic "+topic, sarama.ErrIncompleteResponse)
}
