package kafkakit

import (
	"errors"

	"github.com/IBM/sarama"

	"github.com/datasync-io/datasync/core/config"
)

// ProducerProperties are a job file's producerSettings: a producer's
// properties under the names of Kafka's Java client. Those that mean nothing
// here are noted once as having no effect.
type ProducerProperties struct {
	access
	Producer ProducerSettings

	levels                          map[sarama.CompressionCodec]int
	idempotenceGiven, inFlightGiven bool
}

// NewProducerProperties returns the defaults: the Java client's, but for
// client.id, batch.size (see [ProducerSettings.Share]) and three requests in flight.
func NewProducerProperties() ProducerProperties {
	var p ProducerProperties
	p.defaults()
	return p
}

// Check reports what the properties say against each other, each fault under
// its key within the given one. Call it once all is set.
func (p *ProducerProperties) Check(key string) error {
	errs := p.check()
	for i, err := range errs {
		errs[i] = config.Field(key, err)
	}
	return errors.Join(errs...)
}

// UnmarshalConfig implements [config.Unmarshaler].
func (p *ProducerProperties) UnmarshalConfig(d *config.Decoder) error {
	return decodeProperties(d, p.setter, append(propertyNames(producerProperties), propertyNames(connectionProperties)...), noEffectForProducers)
}

// setter returns what takes a property in; nil: it means nothing here.
func (p *ProducerProperties) setter(name string) func(text string) error {
	if set := connectionProperties[name]; set != nil {
		return func(text string) error { return set(&p.access, text) }
	}
	if set := producerProperties[name]; set != nil {
		return func(text string) error { return set(p, text) }
	}
	return nil
}

// DescribeConfig implements [config.Described].
func (p *ProducerProperties) DescribeConfig() (string, []config.Key) {
	return describeProperties(append(propertyNames(producerProperties), propertyNames(connectionProperties)...))
}

func setAcks(p *ProducerProperties, s string) error {
	var word string
	if err := setOneOf(&word, s, "all", "-1", "0", "1"); err != nil {
		return err
	}
	switch word {
	case "0":
		p.Producer.Acks = sarama.NoResponse
	case "1":
		p.Producer.Acks = sarama.WaitForLocal
	default:
		p.Producer.Acks = sarama.WaitForAll
	}
	return nil
}

func setIdempotence(p *ProducerProperties, s string) error {
	var word string
	if err := setOneOf(&word, s, "true", "false"); err != nil {
		return err
	}
	p.Producer.Idempotent, p.idempotenceGiven = word == "true", true
	return nil
}

func setCodec(p *ProducerProperties, s string) error {
	var word string
	if err := setOneOf(&word, s, "none", "gzip", "snappy", "lz4", "zstd"); err != nil {
		return err
	}
	return p.Producer.Codec.UnmarshalText([]byte(word))
}

// setLevel returns the setter of a codec's level, which counts only if that
// codec is chosen: levels are looked at in the end.
func setLevel(codec sarama.CompressionCodec) func(*ProducerProperties, string) error {
	return func(p *ProducerProperties, s string) error {
		most := 9
		if codec == sarama.CompressionZSTD {
			most = 22
		}
		var level int
		if err := setInt(&level, s, 1, most); err != nil {
			return err
		}
		p.levels[codec] = level
		return nil
	}
}

// producerProperties are those that mean something to producers alone.
var producerProperties = map[string]func(p *ProducerProperties, text string) error{
	"delivery.timeout.ms":    func(p *ProducerProperties, s string) error { return setMillis(&p.Producer.DeliveryTimeout, s) },
	"acks":                   setAcks,
	"enable.idempotence":     setIdempotence,
	"compression.type":       setCodec,
	"compression.gzip.level": setLevel(sarama.CompressionGZIP),
	"compression.zstd.level": setLevel(sarama.CompressionZSTD),
	"batch.size": func(p *ProducerProperties, s string) error {
		return setInt(&p.Producer.BatchBytes, s, minBatch, maxBatch)
	},
	"max.in.flight.requests.per.connection": func(p *ProducerProperties, s string) error {
		p.inFlightGiven = true
		return setInt(&p.Producer.InFlight, s, 1, maxInFlight)
	},
}

// noEffectForProducers are properties of the Java client that mean nothing here,
// and why; see noEffect.
var noEffectForProducers = map[string]string{
	"key.serializer":   "keys are written as text",
	"value.serializer": "values are written in the job's format",
	"key.deserializer": "nothing is read", "value.deserializer": "nothing is read",
	"group.id": "nothing is read", "auto.offset.reset": "nothing is read", "enable.auto.commit": "nothing is read", "auto.commit.interval.ms": "nothing is read",
	"linger.ms":               "a batch is sent when it is full or none is on its way",
	"buffer.memory":           "batch.size and max.in.flight.requests.per.connection decide",
	"max.block.ms":            "delivery.timeout.ms decides",
	"retries":                 "delivery.timeout.ms decides",
	"max.request.size":        "the topic's max.message.bytes decides",
	"partitioner.class":       "the partition is murmur2 of the key, without a key the channel's",
	"partitioner.ignore.keys": "use partitionAssignColumns",
	"partitioner.adaptive.partitioning.enable": "rows without a key stay in their channel's partition",
	"partitioner.availability.timeout.ms":      "rows without a key stay in their channel's partition",
	"transactional.id":                         "records are not sent in transactions",
	"transaction.timeout.ms":                   "records are not sent in transactions",
	"compression.lz4.level":                    "lz4 has one level here",
}
