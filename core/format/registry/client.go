package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/sr"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
)

// Config is what a job file says of a registry.
type Config struct {
	// Addresses of the registry, such as https://registry:8081; the next one is asked where one does not answer.
	URL config.StringList `json:"url" alias:"urls"`
	// User of HTTP's basic authentication.
	User string `json:"username" alias:"user"`
	// Password of the user.
	Password config.Secret `json:"password"`
	// Bearer token, instead of user and password.
	Token config.Secret `json:"token"`
	// File of the certificates (PEM) that sign the registry's own; absent is the system's.
	CA string `json:"sslCa"`
	// File of the client's certificate (PEM).
	Certificate string `json:"sslCertificate"`
	// File of the certificate's key (PEM).
	Key config.Secret `json:"sslKey"`
	// Name that schemas are registered under: topic is the topic's name with -key or -value behind it, record the full name of the table, topic-record both.
	Subject string `json:"subject" enum:"topic,record,topic-record"`
	// false asks for schemas that somebody has registered and registers none.
	Register bool `json:"autoRegister"`
	// How long one answer may take.
	Timeout config.Duration `json:"timeout" unit:"ms" min:"1"`
}

// NewConfig returns the defaults.
func NewConfig() Config {
	const timeout = 30 * time.Second
	return Config{Subject: SubjectTopic, Register: true, Timeout: timeout}
}

// Strategies of names.
const (
	SubjectTopic       = "topic"
	SubjectRecord      = "record"
	SubjectTopicRecord = "topic-record"
)

// Validate implements [config.Validator].
func (c *Config) Validate() error {
	var errs []error
	for _, text := range c.URL {
		if u, err := url.Parse(text); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			errs = append(errs, config.Fieldf("url", "expected http://host:port or https://host:port, found %q", text))
		}
	}
	if c.Token.IsSet() && c.User != "" {
		errs = append(errs, config.Fieldf("token", "is given together with username; keep one"))
	}
	if (c.Certificate == "") != !c.Key.IsSet() {
		errs = append(errs, config.Fieldf("sslKey", "is needed together with sslCertificate"))
	}
	return errors.Join(errs...)
}

// SubjectOf names what a schema is registered under; part is key or value, table
// the table's full name.
func (c *Config) SubjectOf(topic, table, part string) string {
	switch c.Subject {
	case SubjectRecord:
		return table + "-" + part
	case SubjectTopicRecord:
		return topic + "-" + table + "-" + part
	default:
		return topic + "-" + part
	}
}

// Client is a registry.
type Client struct {
	config    Config
	inner     *sr.Client
	transport *http.Transport

	mu      sync.Mutex
	numbers map[subject]int
	schemas map[int]Schema
}

type subject struct{ name, text string }

// Schema is a schema's text and its type: AVRO or JSON.
type Schema struct{ Text, Type string }

// Types of schemas.
const (
	Avro = "AVRO"
	JSON = "JSON"
)

// New returns a client; it dials when it is first asked for something.
func New(c Config) (*Client, error) {
	if len(c.URL) == 0 {
		return nil, errclass.With(errclass.Config, errors.New("schemaRegistry.url is required: the address of the schema registry"))
	}
	secure, err := c.tls()
	if err != nil {
		return nil, errclass.With(errclass.Config, err)
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: secure, IdleConnTimeout: time.Minute}
	options := []sr.ClientOpt{sr.URLs(c.URL...), sr.UserAgent("datasync"), sr.HTTPClient(&http.Client{Transport: transport, Timeout: c.Timeout})}
	if c.User != "" {
		options = append(options, sr.BasicAuth(c.User, c.Password.Reveal()))
	}
	if c.Token.IsSet() {
		options = append(options, sr.BearerToken(c.Token.Reveal()))
	}
	inner, err := sr.NewClient(options...)
	if err != nil {
		return nil, errclass.With(errclass.Config, fmt.Errorf("preparing a client of the schema registry: %w", err))
	}
	return &Client{config: c, inner: inner, transport: transport, numbers: map[subject]int{}, schemas: map[int]Schema{}}, nil
}

func (c *Config) tls() (*tls.Config, error) {
	secure := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CA != "" {
		data, err := os.ReadFile(c.CA)
		if err != nil {
			return nil, fmt.Errorf("reading sslCa: %w", err)
		}
		secure.RootCAs = x509.NewCertPool()
		if !secure.RootCAs.AppendCertsFromPEM(data) {
			return nil, fmt.Errorf("reading sslCa: %s holds no PEM certificate", c.CA)
		}
	}
	if c.Certificate != "" {
		pair, err := tls.LoadX509KeyPair(c.Certificate, c.Key.Reveal())
		if err != nil {
			return nil, fmt.Errorf("reading sslCertificate: %w", err)
		}
		secure.Certificates = []tls.Certificate{pair}
	}
	return secure, nil
}

// Config returns how the client was made.
func (c *Client) Config() *Config { return &c.config }

// Register returns the number of a schema under a subject, and registers it
// where it is not there yet.
func (c *Client) Register(ctx context.Context, name string, s Schema) (int, error) {
	c.mu.Lock()
	n, known := c.numbers[subject{name, s.Text}]
	c.mu.Unlock()
	if known {
		return n, nil
	}
	schema := sr.Schema{Schema: s.Text}
	if s.Type == JSON {
		schema.Type = sr.TypeJSON
	}
	ask, doing := c.inner.CreateSchema, "registering a schema of subject "+name
	if !c.config.Register {
		ask, doing = c.inner.LookupSchema, "looking for the schema of subject "+name
	}
	found, err := ask(ctx, name, schema)
	if err != nil {
		return 0, c.explain(ctx, doing, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.numbers[subject{name, s.Text}] = found.ID
	return found.ID, nil
}

// Schema returns the schema of a number.
func (c *Client) Schema(ctx context.Context, number int) (Schema, error) {
	c.mu.Lock()
	s, known := c.schemas[number]
	c.mu.Unlock()
	if known {
		return s, nil
	}
	doing := fmt.Sprintf("asking for schema %d", number)
	found, err := c.inner.SchemaByID(ctx, number)
	var answer *sr.ResponseError
	switch {
	case errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound:
		return s, errclass.With(errclass.Data, fmt.Errorf("%s: the registry at %s knows none", doing, c.addresses()))
	case err != nil:
		return s, c.explain(ctx, doing, err)
	}
	s = Schema{Text: found.Schema, Type: found.Type.String()}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.schemas[number] = s
	return s, nil
}

// addresses are the registry's, without secrets.
func (c *Client) addresses() string {
	var list []string
	for _, text := range c.config.URL {
		if u, err := url.Parse(text); err == nil {
			list = append(list, u.Redacted())
		}
	}
	return strings.Join(list, ", ")
}

// explain classifies an error and says the remedy.
func (c *Client) explain(ctx context.Context, doing string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var answer *sr.ResponseError
	if !errors.As(err, &answer) {
		class := errclass.Transient
		var cert *tls.CertificateVerificationError
		if errors.As(err, &cert) {
			class = errclass.Config
		}
		return errclass.With(class, fmt.Errorf("%s at %s: %w; check schemaRegistry.url", doing, c.addresses(), err))
	}
	remedy, class := "", errclass.Config
	switch code := answer.StatusCode; {
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		remedy = "; check schemaRegistry.username and password"
	case code == http.StatusConflict:
		remedy = "; the table has changed in a way that the subject's compatibility forbids: set it to NONE, or register under another subject"
	case code == http.StatusNotFound && !c.config.Register:
		remedy = "; register it, or set schemaRegistry.autoRegister"
	case code == http.StatusTooManyRequests || code >= 500:
		class = errclass.Transient
	}
	return errclass.With(class, fmt.Errorf("%s at %s: status %d: %s%s", doing, c.addresses(), answer.StatusCode, answer.Message, remedy))
}

// Close ends idle connections.
func (c *Client) Close() { c.transport.CloseIdleConnections() }
