package kafka

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/kafkakit"
)

// Config is what a job file says in the writer's parameter.
type Config struct {
	// Topic that all rows are written to.
	Topic string `json:"topic"`
	// The topic as a list with one entry.
	Topics config.StringList `json:"topics"`
	// Topic of each table, by the table's name with or without its schema; instead of topic.
	TableTopics TableTopics `json:"tableIdToTopicMapping"`
	// Properties of Kafka's Java client; bootstrap.servers is required.
	Producer kafkakit.ProducerProperties `json:"producerSettings" alias:"consumerSettings"`
	// Brokers, where producerSettings has no bootstrap.servers.
	BrokerList string `json:"brokerList"`
	// Body of a message: flinkx writes what FlinkX does (texts by tableFields, else {"message":"1,a"}), json an object by column name with typed values.
	Format string `json:"format" enum:"flinkx,json"`
	// Names of the values in the flinkx format, by place; fewer names than columns are ignored.
	TableFields config.StringList `json:"tableFields"`
	// Columns that make the message key, by name, or by their name in tableFields; absent is the primary key.
	KeyColumns config.StringList `json:"partitionAssignColumns"`
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
	// Zone that the flinkx format writes instants in; absent is the job's.
	Zone string `json:"timezone"`

	zone *time.Location
}

const exactlyOnce = "exactly-once"

func defaults() *Config {
	return &Config{Producer: kafkakit.NewProducerProperties(), Format: "flinkx", Strategy: "hash-by-key", Semantic: exactlyOnce, LedgerTopic: "datasync_ledger"}
}

// Validate implements [config.Validator].
func (c *Config) Validate() error {
	c.Producer.SetServers(c.BrokerList)
	errs := []error{c.Producer.Check("producerSettings"), c.checkTopics()}
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
	return nil
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
