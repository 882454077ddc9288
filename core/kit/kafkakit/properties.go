package kafkakit

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"github.com/datasync-io/datasync/core/config"
)

// ProducerProperties are a job file's producerSettings: a producer's
// properties under the names of Kafka's Java client. Those that mean nothing
// here are noted once as having no effect.
type ProducerProperties struct {
	Connection Connection
	Producer   ProducerSettings

	jaas                            config.Secret
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

// SetServers is for job files that name the brokers elsewhere: it sets them
// where bootstrap.servers did not.
func (p *ProducerProperties) SetServers(list string) {
	if len(p.Connection.Servers) == 0 {
		p.Connection.Servers = commaList(list)
	}
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
	n := d.Node()
	if n.Kind() != config.ObjectKind {
		return n.Errorf("expected an object of the Java client's properties, found %s", n.Kind())
	}
	var errs []error
	for _, m := range n.Members() {
		if m.Node.Unset() && (m.Name != identification || m.Node.Kind() != config.StringKind) {
			continue
		}
		why, none := withoutEffect[m.Name]
		set, known := settable[m.Name]
		switch {
		case known:
			text, err := propertyText(m.Node)
			if err == nil {
				err = set(p, text)
			}
			if err != nil {
				errs = append(errs, m.Node.Errorf("%v", err))
			}
		case none:
			d.Notes().Inform(m.Node.Errorf("has no effect: %s", why))
		default:
			d.Notes().Warn(m.Node.Errorf("has no effect: %s", unknownProperty(m.Name)))
		}
	}
	return errors.Join(errs...)
}

// DescribeConfig implements [config.Described].
func (p *ProducerProperties) DescribeConfig() (string, []config.Key) {
	var keys []config.Key
	for _, name := range slices.Sorted(maps.Keys(settable)) {
		keys = append(keys, config.Key{Name: name, Type: "text"})
	}
	return "properties of Kafka's Java client", keys
}

// propertyText returns a property as Java's Properties would hold it; a list
// stands for its elements parted by commas.
func propertyText(n *config.Node) (string, error) {
	switch n.Kind() {
	case config.ListKind:
		var parts []string
		for _, item := range n.Items() {
			parts = append(parts, item.Text())
		}
		return strings.Join(parts, ","), nil
	case config.ObjectKind:
		return "", fmt.Errorf("expected a text, found %s", n.Kind())
	default:
		return n.Text(), nil
	}
}

func unknownProperty(name string) string {
	names := append(slices.Collect(maps.Keys(settable)), slices.Collect(maps.Keys(withoutEffect))...)
	slices.Sort(names)
	if near := config.Nearest(name, names); near != "" {
		return fmt.Sprintf("unknown property, did you mean %q?", near)
	}
	return "unknown property"
}

// settable are the properties that mean something here.
var settable = map[string]func(p *ProducerProperties, text string) error{
	"bootstrap.servers": func(p *ProducerProperties, s string) error {
		p.Connection.Servers = commaList(s)
		return nil
	},
	"client.id": func(p *ProducerProperties, s string) error { return setText(&p.Connection.ClientID, s) },
	"security.protocol": func(p *ProducerProperties, s string) error {
		return setOneOf(&p.Connection.Protocol, s, "PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
	},
	"sasl.mechanism": func(p *ProducerProperties, s string) error {
		return setText(&p.Connection.Mechanism, strings.ToUpper(s))
	},
	"sasl.jaas.config": func(p *ProducerProperties, s string) error {
		p.jaas = config.NewSecret(s)
		return nil
	},
	"request.timeout.ms":                 func(p *ProducerProperties, s string) error { return setMillis(&p.Connection.RequestTimeout, s) },
	"socket.connection.setup.timeout.ms": func(p *ProducerProperties, s string) error { return setMillis(&p.Connection.DialTimeout, s) },
	"metadata.max.age.ms":                func(p *ProducerProperties, s string) error { return setMillis(&p.Connection.MetadataMaxAge, s) },
	"retry.backoff.ms":                   func(p *ProducerProperties, s string) error { return setMillis(&p.Connection.RetryBackoff, s) },
	"retry.backoff.max.ms":               func(p *ProducerProperties, s string) error { return setMillis(&p.Connection.RetryBackoffMax, s) },
	"delivery.timeout.ms":                func(p *ProducerProperties, s string) error { return setMillis(&p.Producer.DeliveryTimeout, s) },
	"acks":                               setAcks,
	"enable.idempotence":                 setIdempotence,
	"compression.type":                   setCodec,
	"compression.gzip.level":             setLevel(sarama.CompressionGZIP),
	"compression.zstd.level":             setLevel(sarama.CompressionZSTD),
	"batch.size": func(p *ProducerProperties, s string) error {
		return setInt(&p.Producer.BatchBytes, s, minBatch, maxBatch)
	},
	"max.in.flight.requests.per.connection": func(p *ProducerProperties, s string) error {
		p.inFlightGiven = true
		return setInt(&p.Producer.InFlight, s, 1, maxInFlight)
	},
	"ssl.truststore.type":            func(p *ProducerProperties, s string) error { return setStore(&p.Connection.TLS.Trust.Type, s) },
	"ssl.truststore.location":        func(p *ProducerProperties, s string) error { return setText(&p.Connection.TLS.Trust.Location, s) },
	"ssl.truststore.password":        func(p *ProducerProperties, s string) error { return setSecret(&p.Connection.TLS.Trust.Password, s) },
	"ssl.truststore.certificates":    func(p *ProducerProperties, s string) error { return setText(&p.Connection.TLS.Trust.Certificates, s) },
	"ssl.keystore.type":              func(p *ProducerProperties, s string) error { return setStore(&p.Connection.TLS.Key.Type, s) },
	"ssl.keystore.location":          func(p *ProducerProperties, s string) error { return setText(&p.Connection.TLS.Key.Location, s) },
	"ssl.keystore.password":          func(p *ProducerProperties, s string) error { return setSecret(&p.Connection.TLS.Key.Password, s) },
	"ssl.keystore.certificate.chain": func(p *ProducerProperties, s string) error { return setText(&p.Connection.TLS.Key.Certificates, s) },
	"ssl.keystore.key":               func(p *ProducerProperties, s string) error { return setSecret(&p.Connection.TLS.PrivateKey, s) },
	"ssl.key.password":               func(p *ProducerProperties, s string) error { return setSecret(&p.Connection.TLS.KeyPassword, s) },
	identification:                   setIdentification,
}

func setText(dst *string, s string) error {
	*dst = strings.TrimSpace(s)
	return nil
}

func setSecret(dst *config.Secret, s string) error {
	*dst = config.NewSecret(s)
	return nil
}

func setOneOf(dst *string, s string, allowed ...string) error {
	for _, a := range allowed {
		if strings.EqualFold(a, strings.TrimSpace(s)) {
			*dst = a
			return nil
		}
	}
	return fmt.Errorf("expected one of %s, found %q", strings.Join(allowed, ", "), s)
}

func setStore(dst *string, s string) error { return setOneOf(dst, s, storePEM, storeJKS, storePKCS12) }

func setInt(dst *int, s string, least, most int) error {
	v, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil || v < least || v > most {
		return fmt.Errorf("expected a whole number from %d to %d, found %q", least, most, s)
	}
	*dst = v
	return nil
}

func setMillis(dst *time.Duration, s string) error {
	const day = 24 * 60 * 60 * 1000
	var ms int
	if err := setInt(&ms, s, 1, 24*day); err != nil {
		return fmt.Errorf("%w (milliseconds)", err)
	}
	*dst = time.Duration(ms) * time.Millisecond
	return nil
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

// identification is the one property whose empty text is a value: do not look
// at the host name.
const identification = "ssl.endpoint.identification.algorithm"

func setIdentification(p *ProducerProperties, s string) error {
	var word string
	if err := setOneOf(&word, s, "https", "", "none"); err != nil {
		return err
	}
	p.Connection.TLS.AnyHost = word != "https"
	return nil
}

func commaList(s string) []string {
	var list []string
	for _, part := range strings.Split(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}

// withoutEffect are properties of the Java client that mean nothing here, and why.
var withoutEffect = map[string]string{
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
	"interceptor.classes":                      "Java classes are not run",
	"metric.reporters":                         "Java classes are not run",
	"metrics.num.samples":                      "there are other metrics",
	"metrics.recording.level":                  "there are other metrics",
	"metrics.sample.window.ms":                 "there are other metrics",
	"enable.metrics.push":                      "there are other metrics",
	"transactional.id":                         "records are not sent in transactions",
	"transaction.timeout.ms":                   "records are not sent in transactions",
	"compression.lz4.level":                    "lz4 has one level here",
	"send.buffer.bytes":                        "the operating system decides",
	"receive.buffer.bytes":                     "the operating system decides",
	"reconnect.backoff.ms":                     "retry.backoff.ms decides",
	"reconnect.backoff.max.ms":                 "retry.backoff.max.ms decides",
	"socket.connection.setup.timeout.max.ms":   "socket.connection.setup.timeout.ms decides",
	"connections.max.idle.ms":                  "connections last as long as their channel",
	"metadata.max.idle.ms":                     "the topics of a job are few",
	"metadata.recovery.strategy":               "the bootstrap servers are always asked again",
	"client.dns.lookup":                        "the system's resolver decides",
	"ssl.protocol":                             "TLS 1.2 and 1.3 are spoken",
	"ssl.enabled.protocols":                    "TLS 1.2 and 1.3 are spoken",
	"ssl.cipher.suites":                        "Go's choice is used",
	"ssl.provider":                             "Java classes are not run",
	"ssl.engine.factory.class":                 "Java classes are not run",
	"ssl.keymanager.algorithm":                 "Java classes are not run",
	"ssl.trustmanager.algorithm":               "Java classes are not run",
	"ssl.secure.random.implementation":         "Java classes are not run",
	"security.providers":                       "Java classes are not run",
	"sasl.client.callback.handler.class":       "Java classes are not run",
	"sasl.login.class":                         "Java classes are not run",
	"sasl.login.callback.handler.class":        "Java classes are not run",
	"sasl.kerberos.service.name":               "GSSAPI is not spoken",
	"zookeeper.connect":                        "brokers are found by bootstrap.servers",
}
