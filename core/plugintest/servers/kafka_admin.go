package servers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/IBM/sarama"
)

// client connects to the direct listener. The caller closes it.
func (e *kafkaEngine) client() (sarama.Client, error) {
	return sarama.NewClient([]string{loopback(e.plain)}, adminConfig())
}

func adminConfig() *sarama.Config {
	c := sarama.NewConfig()
	c.ClientID = "datasync-test-supervisor"
	c.Version = sarama.V4_0_0_0
	c.Net.DialTimeout = 2 * time.Second
	c.Net.ReadTimeout = 10 * time.Second
	c.Metadata.Retry.Max = 0
	return c
}

// probe asks for ApiVersions and metadata: ready when the node knows itself and
// the controller.
func (e *kafkaEngine) probe(context.Context) (err error) {
	c, err := e.client()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	b, err := c.RefreshController()
	if err != nil {
		return err
	}
	if _, err := b.Connected(); err != nil {
		return fmt.Errorf("connecting to the controller: %w", err)
	}
	_, err = b.ApiVersions(&sarama.ApiVersionsRequest{})
	return err
}

// createScope creates a topic and awaits the leader of each partition.
func (e *kafkaEngine) createScope(ctx context.Context, q request) (err error) {
	c, err := e.client()
	if err != nil {
		return err
	}
	admin, err := sarama.NewClusterAdminFromClient(c)
	if err != nil {
		return errors.Join(err, c.Close())
	}
	defer func() { err = errors.Join(err, admin.Close()) }()
	detail := &sarama.TopicDetail{NumPartitions: int32(q.Partitions), ReplicationFactor: 1, ConfigEntries: map[string]*string{}}
	for _, line := range q.Config {
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			return fmt.Errorf("topic setting %q is not key=value", line)
		}
		detail.ConfigEntries[key] = &value
	}
	if err := admin.CreateTopic(q.Name, detail, false); err != nil {
		return err
	}
	return awaitLeaders(ctx, c, q.Name, q.Partitions)
}

// awaitLeaders polls: a topic is created in the controller before the broker
// has heard of it, and in its metadata before it can be written.
func awaitLeaders(ctx context.Context, c sarama.Client, topic string, partitions int) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		err := leads(c, topic, partitions)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("waiting for leaders of topic %s: %w", topic, errors.Join(ctx.Err(), err))
		}
	}
}

// leads is nil when every partition has a leader that answers for it.
func leads(c sarama.Client, topic string, partitions int) error {
	if err := c.RefreshMetadata(topic); err != nil {
		return err
	}
	ready, err := c.WritablePartitions(topic)
	if err != nil {
		return err
	}
	if len(ready) != partitions {
		return fmt.Errorf("%d of %d partitions have a leader", len(ready), partitions)
	}
	for _, p := range ready {
		if _, err := c.GetOffset(topic, p, sarama.OffsetNewest); err != nil {
			return err
		}
	}
	return nil
}

func (e *kafkaEngine) dropScope(_ context.Context, name string) error {
	return e.withAdmin(func(a sarama.ClusterAdmin) error { return a.DeleteTopic(name) })
}

// allow lets a user do operations ("Write", "Describe" ...) on a topic.
func (e *kafkaEngine) allow(q request) error {
	return e.withAdmin(func(a sarama.ClusterAdmin) error {
		for _, name := range q.Operations {
			acl := &sarama.Acl{Principal: "User:" + q.User, Host: "*", PermissionType: sarama.AclPermissionAllow}
			if err := acl.Operation.UnmarshalText([]byte(strings.ToLower(name))); err != nil {
				return err
			}
			on := sarama.Resource{ResourceType: sarama.AclResourceTopic, ResourceName: q.Name, ResourcePatternType: sarama.AclPatternLiteral}
			if err := a.CreateACLs([]*sarama.ResourceAcls{{Resource: on, Acls: []*sarama.Acl{acl}}}); err != nil {
				return fmt.Errorf("allowing %s: %w", name, err)
			}
		}
		return nil
	})
}

func (e *kafkaEngine) withAdmin(f func(sarama.ClusterAdmin) error) (err error) {
	a, err := sarama.NewClusterAdmin([]string{loopback(e.plain)}, adminConfig())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	return f(a)
}
