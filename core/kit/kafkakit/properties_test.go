package kafkakit

import (
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"github.com/datasync-io/datasync/core/config"
)

// read decodes producerSettings as a plugin's config struct does.
func read(t *testing.T, text string) (ProducerProperties, *config.Notes, error) {
	t.Helper()
	d, err := config.Inline(`{"producerSettings":` + text + `}`)
	if err != nil {
		t.Fatal(err)
	}
	c := struct {
		Producer ProducerProperties `json:"producerSettings"`
	}{NewProducerProperties()}
	err = d.Decode(&c)
	if err == nil {
		err = c.Producer.Check("producerSettings")
	}
	return c.Producer, d.Notes(), err
}

func TestProperties(t *testing.T) {
	p, notes, err := read(t, `{"bootstrap.servers":"a:1, b:2","acks":"-1","compression.type":"zstd","compression.zstd.level":"7","compression.gzip.level":1,
		"batch.size":65536,"max.in.flight.requests.per.connection":"5","delivery.timeout.ms":60000,"client.id":"me","linger.ms":5,
		"security.protocol":"sasl_ssl","sasl.mechanism":"SCRAM-SHA-512","ssl.endpoint.identification.algorithm":"",
		"sasl.jaas.config":"org.apache.kafka.common.security.scram.ScramLoginModule required username=\"u\" password=\"p\";",
		"retries":"","compresion.type":"gzip"}`)
	if err != nil {
		t.Fatal(err)
	}
	c, s := p.Connection, p.Producer
	if c.Bootstrap() != "a:1,b:2" || c.ClientID != "me" || c.Protocol != "SASL_SSL" || c.User != "u" || c.Password.Reveal() != "p" || !c.TLS.AnyHost {
		t.Errorf("got connection %+v", c)
	}
	if want := (ProducerSettings{Acks: sarama.WaitForAll, Idempotent: true, Codec: sarama.CompressionZSTD, Level: 7, BatchBytes: 65536, InFlight: 5, DeliveryTimeout: time.Minute}); s != want {
		t.Errorf("got settings %+v, want %+v", s, want)
	}
	var texts []string
	for _, n := range notes.All() {
		texts = append(texts, n.Path+": "+n.Msg)
	}
	all := strings.Join(texts, "\n")
	if len(texts) != 2 || !strings.Contains(all, `linger.ms`) || !strings.Contains(all, `did you mean "compression.type"?`) {
		t.Errorf("got notes:\n%s", all)
	}
}

func TestAcks(t *testing.T) {
	for _, tt := range []struct {
		text       string
		acks       sarama.RequiredAcks
		idempotent bool
		inFlight   int
	}{
		{`{"bootstrap.servers":["a:1","b:2"]}`, sarama.WaitForAll, true, defaultInFlight},
		{`{"bootstrap.servers":"a:1","acks":1}`, sarama.WaitForLocal, false, 1},
		{`{"bootstrap.servers":"a:1","acks":"0","max.in.flight.requests.per.connection":2}`, sarama.NoResponse, false, 2},
		{`{"bootstrap.servers":"a:1","enable.idempotence":false}`, sarama.WaitForAll, false, 1},
	} {
		p, _, err := read(t, tt.text)
		if s := p.Producer; err != nil || s.Acks != tt.acks || s.Idempotent != tt.idempotent || s.InFlight != tt.inFlight {
			t.Errorf("%s: got %+v, %v", tt.text, s, err)
		}
	}
}

func TestWrongProperties(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{`{}`, `bootstrap.servers: is required`},
		{`"a:1"`, `expected an object of the Java client's properties, found a text`},
		{`{"bootstrap.servers":"a:1","acks":2}`, `expected one of all, -1, 0, 1, found "2"`},
		{`{"bootstrap.servers":"a:1","acks":1,"enable.idempotence":true}`, `expected "all"`},
		{`{"bootstrap.servers":"a:1","compression.type":"rar"}`, `expected one of none, gzip, snappy, lz4, zstd, found "rar"`},
		{`{"bootstrap.servers":"a:1","batch.size":"big"}`, `expected a whole number from 1024 to 1048576, found "big"`},
		{`{"bootstrap.servers":"a:1","delivery.timeout.ms":1000}`, `expected at least request.timeout.ms`},
		{`{"bootstrap.servers":"a:1","security.protocol":"SASL_PLAINTEXT"}`, `expected PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512, found GSSAPI`},
		{`{"bootstrap.servers":"a:1","security.protocol":"SASL_PLAINTEXT","sasl.mechanism":"PLAIN"}`, `PlainLoginModule required username`},
		{`{"bootstrap.servers":"a:1","security.protocol":"SASL_PLAINTEXT","sasl.mechanism":"PLAIN","sasl.jaas.config":"x.ScramLoginModule required username=\"a\" password=\"s3cret\";"}`,
			`expected PlainLoginModule for sasl.mechanism PLAIN, found ScramLoginModule`},
		{`{"bootstrap.servers":"a:1","ssl.keystore.certificate.chain":"x"}`, `ssl.keystore.key`},
		{`{"bootstrap.servers":"a:1","ssl.truststore.location":"x","ssl.truststore.certificates":"y"}`, `keep one`},
	} {
		_, _, err := read(t, tt.text)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s:\n got %v\nwant %s", tt.text, err, tt.want)
		}
	}
}

func TestShareOfBatchBytes(t *testing.T) {
	for _, tt := range []struct{ given, producers, want int }{
		{0, 0, 512 << 10}, {0, 1, 512 << 10}, {0, 2, 512 << 10}, {0, 4, 512 << 10}, {0, 8, 256 << 10}, {0, 100, 128 << 10},
		{65536, 1, 65536}, {1 << 20, 8, 1 << 20},
	} {
		if got := (ProducerSettings{BatchBytes: tt.given}).Share(tt.producers).BatchBytes; got != tt.want {
			t.Errorf("%d given, %d producers: %d, want %d", tt.given, tt.producers, got, tt.want)
		}
	}
}
