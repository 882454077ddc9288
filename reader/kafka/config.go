package kafka

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/format/msgfmt"
	"github.com/datasync-io/datasync/core/format/registry"
	"github.com/datasync-io/datasync/core/kit/filekit"
	"github.com/datasync-io/datasync/core/kit/kafkakit"
)

// Config is what a job file says in the reader's parameter.
type Config struct {
	// Topics to read, parted by commas.
	Topic string `json:"topic"`
	// The topics as a list.
	Topics config.StringList `json:"topics"`
	// Where a job without a position begins: group-offsets is what the consumer group has committed, else as auto.offset.reset says (absent is latest).
	Mode string `json:"mode" enum:"group-offsets,earliest-offset,latest-offset,timestamp,specific-offsets"`
	// In mode timestamp: the first message that is not older, in milliseconds since 1970.
	Timestamp *int64 `json:"timestamp"`
	// In mode specific-offsets: partition:0,offset:42;partition:1,offset:300, with several topics topic:t,partition:0,offset:1;... Partitions that are not named begin as with group-offsets. Other modes ignore it.
	Offset string `json:"offset"`
	// Where the job ends: unbounded is never, latest-offset is where the partitions end when a run begins. The next run goes on there.
	Bounded string `json:"boundedMode" alias:"scan.bounded.mode" enum:"unbounded,latest-offset"`
	// Consumer group that is told how far the job is; it wins over group.id of consumerSettings.
	Group string `json:"groupId"`
	// What messages are: text (or plain) is one column message, json an object whose members are columns.
	Codec string `json:"codec" enum:"text,plain,json"`
	// What messages are, beside codec's words: flinkx, canal-json, debezium-json, maxwell-json, cloudevents, avro and json-schema are changes, as the kafka writer and the tools of these names write them.
	Format string `json:"format" enum:"text,plain,json,flinkx,canal-json,debezium-json,maxwell-json,cloudevents,avro,json-schema"`
	// The same in other words: default is codec, or a format's name. ticdc and ogg are refused: let these tools write canal-json or another format that is read.
	Deserialization string `json:"deserialization"`
	// Settings of the format.
	FormatOptions msgfmt.Config `json:"formatOptions"`
	// Schema registry of the formats avro and json-schema.
	Registry registry.Config `json:"schemaRegistry"`
	// Encoding of texts and JSON.
	Encoding string `json:"encoding"`
	// Leave messages out that have nothing but blanks.
	BlankIgnore bool `json:"blankIgnore"`
	// JSON without column and keyColumns: add a column message with the whole text, where the object has none.
	AddMessage bool `json:"addMessage"`
	// JSON: the columns, by the names of members; "*" or absent are all that a message has. message is the whole text where the object has no such member. In debezium-json and cloudevents: what these messages do not say themselves. In maxwell-json and flinkx: the binary columns, such as blob, which are texts there.
	Column config.List[Column] `json:"column"`
	// JSON: columns that make a key. Messages are then rows as they are now (upserts), and one without value deletes the row of its message key.
	KeyColumns config.StringList `json:"keyColumns"`
	// Properties of Kafka's Java client; bootstrap.servers is required. isolation.level is read_committed where it is absent.
	Consumer kafkakit.ConsumerProperties `json:"consumerSettings"`
	// One flat row per change, before_x and after_x; a shape of the writer's output.
	PavingData *bool `json:"pavingData"`
	// An update is two rows; a shape of the writer's output.
	Split *bool `json:"split" alias:"splitUpdate"`
	// Zone of wall clocks in canal-json, maxwell-json and columns without a zone; absent is the job's.
	Zone string `json:"timezone"`

	topics  []string
	offsets map[kafkakit.TopicPartition]int64
	charset *filekit.Charset
	zone    *time.Location
}

// Modes of beginning.
const (
	modeGroup     = "group-offsets"
	modeEarliest  = "earliest-offset"
	modeLatest    = "latest-offset"
	modeTimestamp = "timestamp"
	modeSpecific  = "specific-offsets"
)

// Formats beside those of package msgfmt.
const (
	formatText  = "text"
	formatPlain = "plain"
)

func defaults() *Config {
	return &Config{Mode: modeGroup, Bounded: "unbounded", AddMessage: true, Consumer: kafkakit.NewConsumerProperties(),
		FormatOptions: msgfmt.NewConfig(), Registry: registry.NewConfig()}
}

// NoEffect names the parameters that mean nothing here.
func (*Config) NoEffect() map[string]string {
	return map[string]string{
		"tableSchema": "the messages tell their tables' columns", "deserializationProperties": "formatOptions has the settings of formats",
		"filter":                    "all tables of a topic are read; nameMapping and transformSql choose among them",
		"nullReplaceNotExistsField": "what a change does not say is absent, not NULL",
	}
}

// bounded tells that runs end.
func (c *Config) bounded() bool { return c.Bounded == modeLatest }

// Validate implements [config.Validator].
func (c *Config) Validate() error {
	errs := []error{c.Consumer.Check("consumerSettings"), c.checkTopics(), c.checkFormat(), c.checkStart(), c.checkColumns()}
	switch {
	case c.Group != "":
	case c.Consumer.Group != "":
		c.Group = c.Consumer.Group
	default:
		c.Group = "default"
	}
	var err error
	if c.charset, err = filekit.CharsetOf(c.Encoding); err != nil {
		errs = append(errs, config.Field("encoding", err))
	}
	if c.Zone != "" {
		if c.zone, err = time.LoadLocation(c.Zone); err != nil {
			errs = append(errs, config.Fieldf("timezone", "expected a zone such as Europe/Berlin or UTC, found %q", c.Zone))
		}
	}
	return errors.Join(errs...)
}

func (c *Config) checkTopics() error {
	for _, name := range append(strings.Split(c.Topic, ","), c.Topics...) {
		if name = strings.TrimSpace(name); name != "" && !slices.Contains(c.topics, name) {
			c.topics = append(c.topics, name)
		}
	}
	if len(c.topics) == 0 {
		return config.Fieldf("topic", "is required: the topics to read, parted by commas")
	}
	return nil
}

// checkFormat settles which of codec, format and deserialization counts.
func (c *Config) checkFormat() error {
	said := c.Format
	if d := strings.ToLower(c.Deserialization); d != "" && d != "default" {
		switch {
		case slices.Contains(c.formats(), d) && (said == "" || said == d):
			said = d
		case slices.Contains(c.formats(), d):
			return config.Fieldf("deserialization", "is %s and format %s: keep one", d, said)
		default:
			return config.Fieldf("deserialization", "%s is not read: let its tool write one of %s", c.Deserialization, strings.Join(c.formats(), ", "))
		}
	}
	if said == "" {
		said = c.Codec
	}
	switch said {
	case formatPlain, "":
		said = formatText
	}
	c.Format = said
	if msgfmt.NeedsRegistry(c.Format) && len(c.Registry.URL) == 0 {
		return config.Fieldf("schemaRegistry", "is required by format %s: {\"url\": \"http://host:8081\"}", c.Format)
	}
	if err := c.FormatOptions.Check(c.Format); err != nil {
		return fmt.Errorf("formatOptions: %w", err)
	}
	return nil
}

func (*Config) formats() []string {
	return []string{formatText, msgfmt.JSON, msgfmt.FlinkX, msgfmt.Canal, msgfmt.Debezium, msgfmt.Maxwell, msgfmt.CloudEvent, msgfmt.Avro, msgfmt.JSONSchema}
}

// isText tells that messages are texts or plain objects, no changes.
func (c *Config) isText() bool { return c.Format == formatText || c.Format == msgfmt.JSON }

func (c *Config) checkStart() error {
	switch c.Mode {
	case modeTimestamp:
		if c.Timestamp == nil || *c.Timestamp < 0 {
			return config.Fieldf("timestamp", "is required by mode timestamp: milliseconds since 1970")
		}
	case modeSpecific:
		var err error
		if c.offsets, err = parseOffsets(c.Offset, c.topics); err != nil {
			return config.Field("offset", err)
		}
	}
	return nil
}
