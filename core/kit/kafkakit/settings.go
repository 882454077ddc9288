package kafkakit

import (
	"fmt"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"github.com/datasync-io/datasync/core/config"
)

// Connection is how to reach a cluster. The zero value of a field is what the
// Java client takes as default, except where [NewProducerProperties] says so.
type Connection struct {
	Servers   []string // host:port
	ClientID  string
	Protocol  string // PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL; "": PLAINTEXT
	Mechanism string // of SASL
	User      string
	Password  config.Secret
	TLS       TLS

	DialTimeout     time.Duration
	RequestTimeout  time.Duration // for one answer
	MetadataMaxAge  time.Duration
	RetryBackoff    time.Duration
	RetryBackoffMax time.Duration

	right string // on topics that the client needs: "Write" or "Read"
}

// usesSASL and usesTLS read the security protocol.
func (c *Connection) usesSASL() bool { return strings.HasPrefix(c.Protocol, "SASL_") }
func (c *Connection) usesTLS() bool  { return strings.HasSuffix(c.Protocol, "SSL") }

// Bootstrap is the server list as people write it.
func (c *Connection) Bootstrap() string { return strings.Join(c.Servers, ",") }

// ProducerSettings say how records are sent.
type ProducerSettings struct {
	Acks            sarama.RequiredAcks
	Idempotent      bool
	Codec           sarama.CompressionCodec
	Level           int           // of compression
	BatchBytes      int           // a request is sent when it has so many bytes; 0: see Share
	InFlight        int           // requests without answer, at most 5
	DeliveryTimeout time.Duration // how long a batch is sent again before the producer gives up
}

const (
	maxInFlight = 5 // a broker remembers that many batches of a producer and partition
	minBatch    = 1 << 10
	maxBatch    = 1 << 20
)

// Requests of all producers of a job together, and of each at most and at
// least. Large requests save the broker's processor, a fifth from 256 to 512
// KiB, and nothing beyond that. Memory is what several channels have in common:
// each holds what it gathers and the requests on their way.
const (
	sharedBatch = 2 << 20
	fullBatch   = 512 << 10
	leastBatch  = 128 << 10
)

// Share gives one of that many producers its size of requests, unless a size
// was asked for.
func (s ProducerSettings) Share(producers int) ProducerSettings {
	if s.BatchBytes == 0 {
		s.BatchBytes = min(max(sharedBatch/max(producers, 1), leastBatch), fullBatch)
	}
	return s
}

// defaultInFlight requests keep a broker busy while the next one is filled;
// more only take memory.
const defaultInFlight = 3

// newConnection returns the defaults of a client that needs that right on topics.
func newConnection(right string) Connection {
	return Connection{
		ClientID: "datasync", Protocol: "PLAINTEXT", Mechanism: "GSSAPI",
		DialTimeout: 10 * time.Second, RequestTimeout: 30 * time.Second, MetadataMaxAge: 5 * time.Minute,
		RetryBackoff: 100 * time.Millisecond, RetryBackoffMax: time.Second,
		right: right,
	}
}

func (p *ProducerProperties) defaults() {
	p.levels = map[sarama.CompressionCodec]int{}
	p.Connection = newConnection("Write")
	p.Producer = ProducerSettings{
		Acks: sarama.WaitForAll, Idempotent: true, Level: sarama.CompressionLevelDefault,
		InFlight: defaultInFlight, DeliveryTimeout: 2 * time.Minute,
	}
}

// check reports what the properties say against each other.
func (p *ProducerProperties) check() []error {
	errs := p.checkAccess()
	bad := func(key, format string, args ...any) { errs = append(errs, config.Fieldf(key, format, args...)) }
	if p.idempotenceGiven && p.Producer.Idempotent && p.Producer.Acks != sarama.WaitForAll {
		bad("acks", `expected "all": enable.idempotence needs it`)
	}
	if !p.idempotenceGiven && p.Producer.Acks != sarama.WaitForAll {
		p.Producer.Idempotent = false
	}
	if !p.Producer.Idempotent && !p.inFlightGiven {
		p.Producer.InFlight = 1 // a batch that is sent again would overtake
	}
	if level, ok := p.levels[p.Producer.Codec]; ok {
		p.Producer.Level = level
	}
	if p.Producer.DeliveryTimeout < p.Connection.RequestTimeout {
		bad("delivery.timeout.ms", "expected at least request.timeout.ms, %d", p.Connection.RequestTimeout.Milliseconds())
	}
	return errs
}

// checkAccess reports what is wrong with how brokers are to be reached.
func (a *access) checkAccess() (errs []error) {
	if len(a.Connection.Servers) == 0 {
		errs = append(errs, config.Fieldf("bootstrap.servers", "is required: host:port of one or more brokers, parted by commas"))
	}
	errs = append(errs, a.checkLogin()...)
	return append(errs, a.Connection.TLS.check()...)
}

// logins lists the login modules of the mechanisms that are there.
var logins = map[string]string{
	sarama.SASLTypePlaintext:   "PlainLoginModule",
	sarama.SASLTypeSCRAMSHA256: "ScramLoginModule",
	sarama.SASLTypeSCRAMSHA512: "ScramLoginModule",
}

func (a *access) checkLogin() []error {
	c := &a.Connection
	if !c.usesSASL() {
		return nil
	}
	want, ok := logins[c.Mechanism]
	if !ok {
		return []error{config.Fieldf("sasl.mechanism", "expected PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512, found %s (Java's default is GSSAPI)", c.Mechanism)}
	}
	if !a.jaas.IsSet() {
		return []error{config.Fieldf("sasl.jaas.config", "is required with security.protocol %s: org.apache.kafka.common.security.%s required username=\"...\" password=\"...\";",
			c.Protocol, modulePackage[want]+want)}
	}
	l, err := parseLogin(a.jaas)
	if err == nil && l.module != want {
		err = fmt.Errorf("expected %s for sasl.mechanism %s, found %s", want, c.Mechanism, l.module)
	}
	if err == nil && (l.options["username"] == "" || l.options["password"] == "") {
		err = fmt.Errorf("expected username and password for %s", l.module)
	}
	if err != nil {
		return []error{config.Field("sasl.jaas.config", err)}
	}
	c.User, c.Password = l.options["username"], config.NewSecret(l.options["password"])
	return nil
}

var modulePackage = map[string]string{"PlainLoginModule": "plain.", "ScramLoginModule": "scram."}
