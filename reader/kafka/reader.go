package kafka

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/format/msgfmt"
	"github.com/datasync-io/datasync/core/format/registry"
	"github.com/datasync-io/datasync/core/kit/kafkakit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

var (
	_ plugin.Splitter  = (*reader)(nil)
	_ plugin.Resumer   = (*reader)(nil)
	_ plugin.Describer = (*shaped)(nil)
	_ plugin.Lister    = (*reader)(nil)
	_ plugin.Prober    = (*reader)(nil)
)

// Info describes the plugin.
func Info() plugin.ReaderInfo {
	return plugin.ReaderInfo{
		Name:    "kafka",
		Aliases: []string{"kafka09", "kafka10", "kafka11"},
		Doc:     "Reads messages of Kafka topics: texts, JSON objects, or changes in the formats of Canal, Debezium, Maxwell, FlinkX and others.",
		Config:  func() any { return defaults() },
		New: func(env plugin.Env, d *config.Decoder) (plugin.Reader, error) {
			c := defaults()
			if err := d.Decode(c); err != nil {
				return nil, err
			}
			r, err := newReader(env, c)
			if err != nil || r.Columns() == nil {
				return r, err
			}
			return &shaped{r}, nil
		},
	}
}

type reader struct {
	env    plugin.Env
	config *Config
	zone   *time.Location

	mu      sync.Mutex
	client  *kafkakit.Client // nil: not yet
	schemas *registry.Client // nil: not yet, or the format needs none
	unheard bool             // the group may not be told how far the job is
}

func newReader(env plugin.Env, c *Config) (*reader, error) {
	r := &reader{env: env, config: c, zone: c.zone}
	if r.zone == nil {
		r.zone = env.Zone
	}
	if c.isText() { // types and constants are the job file's fault
		if _, err := r.newDecoder(); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// connection returns the client that all sources share; making it dials nothing.
func (r *reader) connection() (*kafkakit.Client, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.client != nil {
		return r.client, nil
	}
	var err error
	r.client, err = kafkakit.NewClient(r.config.Consumer.Connection, r.env.Log)
	return r.client, err
}

// registry returns the schema registry's client; nil where the format needs none.
func (r *reader) registry() (*registry.Client, error) {
	if !msgfmt.NeedsRegistry(r.config.Format) {
		return nil, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.schemas != nil {
		return r.schemas, nil
	}
	var err error
	r.schemas, err = registry.New(r.config.Registry)
	return r.schemas, err
}

// Probe implements [plugin.Prober].
func (r *reader) Probe(ctx context.Context) error {
	client, err := r.connection()
	if err != nil {
		return err
	}
	var errs []error
	var list []kafkakit.TopicPartition
	for _, topic := range r.config.topics {
		n, _, err := client.Partitions(ctx, topic)
		if err == nil {
			err = client.CheckRead(ctx, topic)
		}
		errs = append(errs, err)
		for i := range n {
			list = append(list, kafkakit.TopicPartition{Topic: topic, ID: int32(i)})
		}
	}
	if r.config.Mode == modeGroup && len(list) > 0 {
		_, err := client.GroupOffsets(ctx, r.config.Group, list)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Columns implements [plugin.Lister].
func (r *reader) Columns() []string {
	switch {
	case !r.config.isText():
		return nil
	case len(r.config.Column) > 0:
		var names []string
		for i := range r.config.Column {
			names = append(names, r.config.Column[i].Name)
		}
		return names
	case r.config.Format == formatText:
		return []string{messageColumn}
	}
	return nil
}

// shaped is a reader of texts or listed columns: these are known before the
// first message.
type shaped struct{ *reader }

// Describe implements [plugin.Describer].
func (r *shaped) Describe(context.Context) ([]*record.Schema, error) {
	d, err := r.texts()
	if err != nil {
		return nil, err
	}
	var schemas []*record.Schema
	for _, topic := range r.config.topics {
		schemas = append(schemas, d.schemaOf(topic))
	}
	return schemas, nil
}

// Close implements [plugin.Reader].
func (r *reader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.schemas != nil {
		r.schemas.Close()
		r.schemas = nil
	}
	if r.client == nil {
		return nil
	}
	client := r.client
	r.client = nil
	return client.Close()
}
