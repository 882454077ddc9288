package kafkakit

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"github.com/IBM/sarama"

	"github.com/datasync-io/datasync/core/errclass"
)

// Client knows a cluster's metadata: topics, partitions, leaders. It may be used
// by several goroutines; producers have connections of their own.
type Client struct {
	cluster sarama.Client
	at      Connection
	wire    *wire
	log     *slog.Logger

	mu     sync.Mutex
	limits map[string]int // by topic: batches of less than that, learnt from a refusal
}

// NewClient returns a client; it dials when it is first asked for something.
func NewClient(c Connection, log *slog.Logger) (*Client, error) {
	w := newWire(c.DialTimeout)
	cfg, err := c.saramaConfig(w)
	if err != nil {
		return nil, err
	}
	// Questions about metadata are answered at once or not at all.
	cfg.Net.ReadTimeout, cfg.Net.WriteTimeout, cfg.Metadata.Timeout = c.DialTimeout, c.DialTimeout, c.DialTimeout
	cluster, err := sarama.NewClient(c.Servers, cfg)
	if err != nil {
		return nil, c.explain("preparing a client of Kafka", err)
	}
	return &Client{cluster: cluster, at: c, wire: w, log: log, limits: map[string]int{}}, nil
}

// Close ends the client; its producers are closed before.
func (c *Client) Close() error { return c.cluster.Close() }

// saramaConfig maps the connection to sarama's settings; connections are made by w.
func (c *Connection) saramaConfig(w *wire) (*sarama.Config, error) {
	cfg := sarama.NewConfig()
	cfg.ClientID = c.ClientID
	cfg.Version = sarama.MaxVersion // clients and brokers agree on each request's version
	cfg.MetricRegistry = quiet{}
	cfg.Metadata.Full = false
	cfg.Metadata.AllowAutoTopicCreation = false
	cfg.Metadata.RefreshFrequency = c.MetadataMaxAge
	cfg.Net.MaxOpenRequests = maxInFlight
	cfg.Net.DialTimeout = c.DialTimeout
	cfg.Net.ReadTimeout = c.RequestTimeout
	cfg.Net.WriteTimeout = c.RequestTimeout
	cfg.Net.Proxy.Enable = true
	cfg.Net.Proxy.Dialer = w
	if c.usesTLS() {
		t, err := c.TLS.Config()
		if err != nil {
			return nil, err
		}
		w.tls = t
	}
	if c.usesSASL() {
		cfg.Net.SASL.Enable = true
		cfg.Net.SASL.Version = sarama.SASLHandshakeV1
		cfg.Net.SASL.Mechanism = sarama.SASLMechanism(c.Mechanism)
		cfg.Net.SASL.User, cfg.Net.SASL.Password = c.User, c.Password.Reveal()
		cfg.Net.SASL.SCRAMClientGeneratorFunc = newSCRAM(c.Mechanism)
	}
	return cfg, nil
}

// explain wraps err with what was being done and, where the cause has a
// remedy, says it in the same line.
func (c *Connection) explain(doing string, err error) error {
	return Classify(fmt.Errorf("%s: %w%s", doing, err, c.remedy(err)))
}

// Topic is what a producer needs to know of a topic.
type Topic struct {
	Name       string
	Partitions int
	MaxBytes   int // the largest record batch that the broker takes
}

// Topic asks for a topic; ctx bounds that. A topic that does not exist is an
// error of class Config, one that may not be described of class Permanent.
func (c *Client) Topic(ctx context.Context, name string) (Topic, error) {
	defer c.wire.bound(ctx)()
	partitions, err := c.cluster.Partitions(name)
	if err == nil && len(partitions) == 0 {
		err = sarama.ErrLeaderNotAvailable
	}
	if ctx.Err() != nil {
		return Topic{}, ctx.Err()
	}
	if err != nil {
		return Topic{}, c.topicError(name, err)
	}
	t := Topic{Name: name, Partitions: len(partitions), MaxBytes: defaultMaxBytes}
	if most, err := c.maxBytes(name); err == nil {
		t.MaxBytes = most
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if most, ok := c.limits[name]; ok {
		t.MaxBytes = min(t.MaxBytes, most)
	}
	return t, nil
}

// learn notes that a topic has refused a batch of that size: later producers
// make smaller ones.
func (c *Client) learn(topic string, size, records int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if records > 1 {
		size /= 2
	}
	c.limits[topic] = size - 1
}

func (c *Client) topicError(name string, err error) error {
	switch {
	case isCode(err, sarama.ErrUnknownTopicOrPartition), isCode(err, sarama.ErrInvalidTopic):
		return errclass.With(errclass.Config, fmt.Errorf("topic %q does not exist at %s%s; create it: kafka-topics.sh --bootstrap-server %s --create --topic %s --partitions 4",
			name, c.at.Bootstrap(), c.similar(name), c.at.Servers[0], name))
	case isCode(err, sarama.ErrTopicAuthorizationFailed):
		return c.at.topicDenied(name, "Describe", err)
	}
	return c.at.explain("asking for topic "+name, err)
}

// topicDenied names the ACL that is missing and the command that adds it.
func (c *Connection) topicDenied(topic, operation string, err error) error {
	return errclass.With(errclass.Permanent, fmt.Errorf("topic %q: %s lacks the ACL for %s; add it: kafka-acls.sh --bootstrap-server %s --add --allow-principal %s --operation %s --operation Describe --topic %s: %w",
		topic, c.principal(), operation, c.Servers[0], c.principal(), c.right, topic, err))
}

// principal is who we are to the broker's authorizer, as far as it is known here.
func (c *Connection) principal() string {
	switch {
	case c.usesSASL():
		return "User:" + c.User
	case c.usesTLS():
		return "User:CN=..."
	default:
		return "User:ANONYMOUS"
	}
}

// remedy is appended to the text of an error.
func (c *Connection) remedy(err error) string {
	switch {
	case isCode(err, sarama.ErrSASLAuthenticationFailed):
		return fmt.Sprintf("; check username and password of %s in sasl.jaas.config", c.User)
	case isCode(err, sarama.ErrInvalidRecord):
		return "; a topic whose cleanup.policy is compact takes no records without a key"
	case isCode(err, sarama.ErrUnsupportedSASLMechanism):
		return fmt.Sprintf("; the broker does not offer sasl.mechanism %s", c.Mechanism)
	case isCode(err, sarama.ErrClusterAuthorizationFailed):
		return fmt.Sprintf("; add the ACL: kafka-acls.sh --bootstrap-server %s --add --allow-principal %s --operation IdempotentWrite --cluster",
			c.Servers[0], c.principal())
	case strings.Contains(err.Error(), "first record does not look like a TLS handshake"):
		return "; the broker speaks no TLS at this port: check security.protocol"
	case classOf(err) == errclass.Config && c.usesTLS():
		return "; check ssl.truststore.* and the host names of bootstrap.servers"
	case networkFault(err) && !c.usesTLS() && !c.usesSASL():
		return "; check bootstrap.servers, and security.protocol if the broker asks for TLS or SASL"
	case networkFault(err):
		return "; check bootstrap.servers and security.protocol"
	}
	return ""
}
