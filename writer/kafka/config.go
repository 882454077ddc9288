package kafka

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/format/flinkxfmt"
	"github.com/datasync-io/datasync/core/format/msgfmt"
	"github.com/datasync-io/datasync/core/format/registry"
	"github.com/datasync-io/datasync/core/kit/kafkakit"
)

// Config is what a job file says in the writer's parameter.
type Config struct {
	// Topic that all rows are written to; ${database}, ${schema} and ${table} stand for the parts of a table's name (${schema} is the database of a system without schemas).
	Topic string `json:"topic"`
	// The topic as a list with one entry.
	Topics config.StringList `json:"topics"`
	// Topic of each table, by the table's name with or without its schema; instead of topic. It may have the parts of a name as topic does.
	TableTopics TableTopics `json:"tableIdToTopicMapping"`
	// Properties of Kafka's Java client; bootstrap.servers is required.
	Producer kafkakit.ProducerProperties `json:"producerSettings" alias:"consumerSettings"`
	// Brokers, where producerSettings has no bootstrap.servers.
	BrokerList string `json:"brokerList"`
	// Body of a message: flinkx writes what FlinkX does (texts by tableFields, else {"message":"1,a"}; changes as pavingData and split say), json an object by column name with typed values; the others write changes as Canal, Debezium, Maxwell and CloudEvents do, avro and json-schema with a schema registry.
	Format string `json:"format" enum:"flinkx,json,canal-json,debezium-json,maxwell-json,cloudevents,avro,json-schema"`
	// Settings of the format.
	FormatOptions msgfmt.Config `json:"formatOptions"`
	// Schema registry of the formats avro and json-schema.
	Registry registry.Config `json:"schemaRegistry"`
	// Changes in format flinkx: true writes before_ and after_ before the columns' names, false two objects before and after; absent is true.
	Paving *bool `json:"pavingData"`
	// Changes in format flinkx: an update is two messages, UPDATE_BEFORE and UPDATE_AFTER, with the columns' own names; pavingData means nothing then.
	Split bool `json:"split"`
	// The same as split, but pavingData counts where it is true.
	SplitUpdate bool `json:"splitUpdate"`
	// A delete is followed by a message of its key without value, so that compacted topics forget the key.
	Tombstones bool `json:"tombstones" alias:"tombstonesOnDelete"`
	// Topic that schema changes are written to; absent is the table's own.
	ChangeTopic string `json:"schemaChangeTopic"`
	// Topic that the begin and end of each transaction of the source are written to, as Debezium does, and then events tell their place in it; needs one channel that writes, and debezium-json, avro or json-schema.
	TransactionTopic string `json:"transactionTopic"`
	// Topics that are not there are created.
	CreateTopics bool `json:"createTopics"`
	// Partitions of a topic that is created; absent is the brokers' default.
	Partitions int `json:"topicPartitions" min:"1"`
	// Replicas of a topic that is created; absent is the brokers' default.
	Replication int `json:"topicReplication" min:"1"`
	// Configuration of a topic that is created, such as cleanup.policy.
	TopicConfig map[string]string `json:"topicConfig"`
	// Names of the values in the flinkx format, by place; fewer names than columns are ignored.
	TableFields config.StringList `json:"tableFields"`
	// Columns that make the message key, by name, or by their name in tableFields; absent is the primary key.
	KeyColumns config.StringList `json:"partitionAssignColumns"`
	// Columns that make the key of the messages of some tables, instead of partitionAssignColumns and the primary key; an update that changes them is a delete under the old key and an insert under the new one.
	MessageKeys []MessageKey `json:"messageKeys"`
	// Partition of a row: hash-by-key is murmur2 of the key, all-to-zero puts everything into partition 0.
	Strategy string `json:"partitionStrategy" enum:"hash-by-key,all-to-zero"`
	// Strict order over all rows: refuses to run with more than one channel.
	Ordered bool `json:"dataCompelOrder"`
	// exactly-once commits rows and positions in one transaction, for consumers that set isolation.level to read_committed; at-least-once does without transactions. The connector's words none and at-least-once of other tools mean the latter.
	Semantic string `json:"semantic" enum:"exactly-once,at-least-once,none"`
	// Compacted topic that keeps the positions of all jobs; it is created if it is not there.
	LedgerTopic string `json:"ledgerTopic"`
	// Headers that every message carries.
	Headers map[string]string `json:"headers"`
	// Zone that flinkx, canal-json and maxwell-json write instants in; absent is the job's.
	Zone string `json:"timezone"`

	zone *time.Location
}

const (
	exactlyOnce = "exactly-once"
	allToZero   = "all-to-zero"
)

func defaults() *Config {
	return &Config{Producer: kafkakit.NewProducerProperties(), Format: "flinkx", Strategy: "hash-by-key", FormatOptions: msgfmt.NewConfig(), Registry: registry.NewConfig(), Semantic: exactlyOnce, LedgerTopic: "datasync_ledger"}
}

// Validate implements [config.Validator].
func (c *Config) Validate() error {
	c.Producer.SetServers(c.BrokerList)
	errs := []error{c.Producer.Check("producerSettings"), c.checkTopics(), c.checkFormat(), c.checkMessageKeys()}
	if c.Format == "json" && len(c.TableFields) > 0 && len(c.KeyColumns) == 0 {
		errs = append(errs, config.Fieldf("tableFields", "means nothing in format json, which takes the columns' own names"))
	}
	if c.Zone != "" {
		zone, err := time.LoadLocation(c.Zone)
		if err != nil {
			errs = append(errs, config.Fieldf("timezone", "expected a zone such as Europe/Berlin or UTC, found %q", c.Zone))
		}
		c.zone = zone
	}
	for name := range c.Headers {
		if name == "" {
			errs = append(errs, config.Fieldf("headers", "a header needs a name"))
		}
	}
	return errors.Join(errs...)
}

func (c *Config) checkFormat() error {
	if msgfmt.NeedsRegistry(c.Format) && len(c.Registry.URL) == 0 {
		return config.Fieldf("schemaRegistry", "is required by format %s: {\"url\": \"http://host:8081\"}", c.Format)
	}
	if c.Tombstones && c.Format == msgfmt.Canal {
		return config.Fieldf("tombstones", "means nothing in format %s, whose messages have no key", c.Format)
	}
	if c.TransactionTopic != "" && !slices.Contains([]string{msgfmt.Debezium, msgfmt.Avro, msgfmt.JSONSchema}, c.Format) {
		return config.Fieldf("transactionTopic", "format %s knows no transactions: take debezium-json, avro or json-schema", c.Format)
	}
	if err := c.FormatOptions.Check(c.Format); err != nil {
		return fmt.Errorf("formatOptions: %w", err)
	}
	return nil
}

// shape is how changes are written in format flinkx.
func (c *Config) shape() flinkxfmt.Shape {
	switch {
	case c.Split, c.SplitUpdate && (c.Paving == nil || !*c.Paving):
		return flinkxfmt.Split
	case c.Paving != nil && !*c.Paving:
		return flinkxfmt.Nested
	}
	return flinkxfmt.Paving
}

// isChanges tells that the job file speaks of changes.
func (c *Config) isChanges() bool { return c.Paving != nil || c.Split || c.SplitUpdate }

func (c *Config) checkTopics() error {
	switch {
	case len(c.Topics) > 1:
		return config.Fieldf("topics", "expected one topic, found %d: rows go to one, or by table with tableIdToTopicMapping", len(c.Topics))
	case len(c.Topics) == 1 && c.Topic != "" && c.Topic != c.Topics[0]:
		return config.Fieldf("topics", "names another topic than topic; keep one")
	case len(c.Topics) == 1:
		c.Topic = c.Topics[0]
	}
	switch {
	case c.Topic == "" && len(c.TableTopics) == 0:
		return config.Fieldf("topic", "is required: the topic to write to")
	case c.Topic != "" && len(c.TableTopics) > 0:
		return config.Fieldf("tableIdToTopicMapping", "is given together with topic; keep one")
	}
	for _, topic := range slices.Sorted(maps.Values(c.TableTopics)) {
		if err := checkPattern("tableIdToTopicMapping", topic); err != nil {
			return err
		}
	}
	return errors.Join(checkPattern("topic", c.Topic), checkPattern("schemaChangeTopic", c.ChangeTopic))
}

// NoEffect names the parameters that job files carry from other writers.
func (*Config) NoEffect() map[string]string {
	return map[string]string{
		"column":             "all columns of the reader are written",
		"encoding":           "bodies are UTF-8",
		"batchSize":          "requests go by bytes: producerSettings' batch.size",
		"flushIntervalMills": "rows are sent as they come and acknowledged at every checkpoint",
		"writeMode":          "there is one way to write",
	}
}

// TableTopics maps tables to topics. In a file it is an object, or a text that
// holds one.
type TableTopics map[string]string

// UnmarshalConfig implements [config.Unmarshaler].
func (t *TableTopics) UnmarshalConfig(d *config.Decoder) error {
	n := d.Node()
	if n.Kind() != config.StringKind {
		return d.Decode((*map[string]string)(t))
	}
	if err := json.Unmarshal([]byte(n.Text()), (*map[string]string)(t)); err != nil {
		return n.Errorf("expected an object of table and topic names, found %.60q", n.Text())
	}
	return nil
}
