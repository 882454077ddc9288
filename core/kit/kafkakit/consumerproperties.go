package kafkakit

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/IBM/sarama"

	"github.com/datasync-io/datasync/core/config"
)

// ConsumerSettings say how records are read.
type ConsumerSettings struct {
	Uncommitted bool          // also records of transactions that have no end yet, or were taken back
	Reset       string        // where to begin when there is no offset, or it is gone: "earliest", "latest", "none"; "": not said
	FetchBytes  int           // of one answer; 0: see Share
	PartBytes   int           // of one partition in it
	MinBytes    int           // that an answer waits for
	MaxWait     time.Duration // that it waits for them
}

// Answers of all consumers of a job together, and of each at most and at least.
// A consumer holds two of each broker: one that is read and one that waits.
const (
	sharedFetch = 8 << 20
	fullFetch   = 4 << 20
	leastFetch  = 512 << 10
)

// Share gives one of that many consumers its size of answers, unless a size was
// asked for.
func (s ConsumerSettings) Share(consumers int) ConsumerSettings {
	if s.FetchBytes == 0 {
		s.FetchBytes = min(max(sharedFetch/max(consumers, 1), leastFetch), fullFetch)
	}
	s.PartBytes = min(s.PartBytes, s.FetchBytes)
	return s
}

// ConsumerProperties are a job file's consumerSettings: a consumer's properties
// under the names of Kafka's Java client. Those that mean nothing here are noted
// once as having no effect.
type ConsumerProperties struct {
	access
	Consumer ConsumerSettings
	Group    string // group.id; "": not said
}

// NewConsumerProperties returns the defaults: the Java client's, but for
// client.id, isolation.level (read_committed) and fetch.max.bytes (see
// [ConsumerSettings.Share]).
func NewConsumerProperties() ConsumerProperties {
	return ConsumerProperties{
		access:   access{Connection: newConnection("Read")},
		Consumer: ConsumerSettings{PartBytes: 1 << 20, MinBytes: 1, MaxWait: 500 * time.Millisecond},
	}
}

// Check reports what the properties say against each other, each fault under
// its key within the given one. Call it once all is set.
func (p *ConsumerProperties) Check(key string) error {
	errs := p.checkAccess()
	for i, err := range errs {
		errs[i] = config.Field(key, err)
	}
	return errors.Join(errs...)
}

// UnmarshalConfig implements [config.Unmarshaler].
func (p *ConsumerProperties) UnmarshalConfig(d *config.Decoder) error {
	return decodeProperties(d, p.setter, append(propertyNames(consumerProperties), propertyNames(connectionProperties)...), noEffectForConsumers)
}

// setter returns what takes a property in; nil: it means nothing here.
func (p *ConsumerProperties) setter(name string) func(text string) error {
	if set := connectionProperties[name]; set != nil {
		return func(text string) error { return set(&p.access, text) }
	}
	if set := consumerProperties[name]; set != nil {
		return func(text string) error { return set(p, text) }
	}
	return nil
}

// DescribeConfig implements [config.Described].
func (p *ConsumerProperties) DescribeConfig() (string, []config.Key) {
	return describeProperties(append(propertyNames(consumerProperties), propertyNames(connectionProperties)...))
}

// consumerProperties are those that mean something to consumers alone.
var consumerProperties = map[string]func(p *ConsumerProperties, text string) error{
	"group.id": func(p *ConsumerProperties, s string) error { return setText(&p.Group, s) },
	"auto.offset.reset": func(p *ConsumerProperties, s string) error {
		return setOneOf(&p.Consumer.Reset, s, "earliest", "latest", "none")
	},
	"isolation.level": func(p *ConsumerProperties, s string) error {
		var word string
		if err := setOneOf(&word, s, "read_committed", "read_uncommitted"); err != nil {
			return err
		}
		p.Consumer.Uncommitted = word == "read_uncommitted"
		return nil
	},
	"fetch.max.bytes": func(p *ConsumerProperties, s string) error {
		return setInt(&p.Consumer.FetchBytes, s, 1<<10, math.MaxInt32)
	},
	"max.partition.fetch.bytes": func(p *ConsumerProperties, s string) error {
		return setInt(&p.Consumer.PartBytes, s, 1<<10, math.MaxInt32)
	},
	"fetch.min.bytes": func(p *ConsumerProperties, s string) error {
		return setInt(&p.Consumer.MinBytes, s, 1, math.MaxInt32)
	},
	"fetch.max.wait.ms": func(p *ConsumerProperties, s string) error {
		const most = 10 * time.Second // a request that waits holds up the end of the job
		if err := setMillis(&p.Consumer.MaxWait, s); err != nil || p.Consumer.MaxWait <= most {
			return err
		}
		return fmt.Errorf("expected at most %d, found %q", most.Milliseconds(), s)
	},
}

// isolation is the level as requests have it.
func (s *ConsumerSettings) isolation() sarama.IsolationLevel {
	if s.Uncommitted {
		return sarama.ReadUncommitted
	}
	return sarama.ReadCommitted
}

const (
	noMembership = "partitions are dealt to the job's channels, not by a group's members"
	noCommits    = "offsets are committed after each checkpoint"
)

// noEffectForConsumers are properties of the Java client that mean nothing here,
// and why; see noEffect.
var noEffectForConsumers = map[string]string{
	"key.deserializer": "keys are bytes", "value.deserializer": "the job says what values are",
	"key.serializer": "nothing is written", "value.serializer": "nothing is written", "acks": "nothing is written",
	"enable.auto.commit": noCommits, "auto.commit.enable": noCommits, "auto.commit.interval.ms": noCommits,
	"session.timeout.ms": noMembership, "heartbeat.interval.ms": noMembership, "group.instance.id": noMembership, "group.protocol": noMembership,
	"group.remote.assignor": noMembership, "partition.assignment.strategy": noMembership, "max.poll.interval.ms": noMembership,
	"max.poll.records": "the engine sizes batches by bytes", "default.api.timeout.ms": "request.timeout.ms decides",
	"allow.auto.create.topics": "a topic that is not there is an error", "exclude.internal.topics": "topics are named by the job",
	"client.rack": "the leaders of partitions are read from",
	"check.crcs":  "checksums are always looked at",
}
