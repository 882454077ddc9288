package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/registry"
	"github.com/datasync-io/datasync/core/kit/kafkakit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

var (
	_ plugin.Writer   = (*writer)(nil)
	_ plugin.Prober   = (*writer)(nil)
	_ plugin.Shaper   = (*writer)(nil)
	_ plugin.Comparer = (*writer)(nil)
	_ plugin.MetaUser = (*writer)(nil)
	_ plugin.Migrator = (*writer)(nil)
)

// Info describes the plugin.
func Info() plugin.WriterInfo {
	return plugin.WriterInfo{
		Name:    "kafka",
		Aliases: []string{"kafka09", "kafka10", "kafka11"},
		Doc:     "Writes messages into Kafka topics, one per row.",
		Config:  func() any { return defaults() },
		New: func(env plugin.Env, d *config.Decoder) (plugin.Writer, error) {
			c := defaults()
			if err := d.Decode(c); err != nil {
				return nil, err
			}
			if c.zone == nil {
				c.zone = env.Zone
			}
			w := &writer{env: env, config: c}
			if c.Semantic == exactlyOnce {
				return &ledgerWriter{w}, nil
			}
			return w, nil
		},
	}
}

type writer struct {
	env    plugin.Env
	config *Config

	mu     sync.Mutex
	client *kafkakit.Client // nil: not yet
	keeps  *kafkakit.Ledger // nil: not yet

	schemas *registry.Client // nil: not yet, or the format needs none

	naming sync.Mutex
	named  int   // transactional ids that the ledger has
	seen   int64 // how far the ledger was read when the job was claimed
}

// connection returns the client that all sinks share; making it dials nothing.
func (w *writer) connection() (*kafkakit.Client, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.client != nil {
		return w.client, nil
	}
	var err error
	w.client, err = kafkakit.NewClient(w.config.Producer.Connection, w.env.Log)
	return w.client, err
}

// topics lists the topics of the job, but for those that a table's name tells.
func (w *writer) topics() []string {
	names := []string{w.config.Topic, w.config.ChangeTopic, w.config.TransactionTopic}
	names = slices.AppendSeq(names, maps.Values(w.config.TableTopics))
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return name == "" || isPattern(name) })
}

// Probe implements [plugin.Prober].
func (w *writer) Probe(ctx context.Context) error {
	client, err := w.connection()
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range w.topics() {
		_, err := client.Topic(ctx, name)
		switch {
		case err == nil:
			err = client.CheckWrite(ctx, name)
		case w.config.CreateTopics && errclass.Of(err) == errclass.Config:
			err = nil // it will be created
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Shape implements [plugin.Shaper]: it checks that each table has its topic and
// its key columns.
func (w *writer) Shape(_ context.Context, schemas []*record.Schema) error {
	var errs []error
	for _, s := range schemas {
		_, err := w.config.topicOf(s.Name)
		errs = append(errs, err)
		_, _, err = w.config.keyOf(s)
		errs = append(errs, err)
	}
	return errclass.With(errclass.Config, errors.Join(errs...))
}

// Compare implements [plugin.Comparer]: Shape changes nothing.
func (w *writer) Compare(ctx context.Context, schemas []*record.Schema) error {
	return w.Shape(ctx, schemas)
}

// Open implements [plugin.Writer].
func (w *writer) Open(ctx context.Context, t plugin.Task) (plugin.Sink, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if w.config.Ordered && t.Of > 1 {
		return nil, errclass.With(errclass.Config, fmt.Errorf("dataCompelOrder needs one writer, this job has %d: set job.setting.speed.channel (or writerChannel) to 1", t.Of))
	}
	client, err := w.connection()
	if err != nil {
		return nil, err
	}
	s := &sink{writer: w, config: w.config, channel: t.Channel, targets: map[string]target{}, routes: map[*record.Schema]*route{}}
	if err := s.encode(t); err != nil {
		return nil, err
	}
	var topics []kafkakit.Topic
	for _, name := range w.topics() {
		topic, err := w.topic(ctx, name)
		if err != nil {
			return nil, err
		}
		topics = append(topics, topic)
	}
	if s.producer, err = w.producer(ctx, client, t); err != nil {
		return nil, err
	}
	for _, topic := range topics {
		s.addTopic(topic)
	}
	if t.Exact {
		ledger, err := w.ledger(ctx)
		if err != nil {
			return nil, errors.Join(err, s.Close())
		}
		return &exactSink{sink: s, job: t.Job, plan: t.Plan, ledger: ledger.Lane(s.producer), marks: map[string]record.Mark{}}, nil
	}
	return s, nil
}

// producer begins the producer of a channel.
func (w *writer) producer(ctx context.Context, client *kafkakit.Client, t plugin.Task) (*kafkakit.Producer, error) {
	set := w.config.Producer.Producer.Share(t.Of)
	if !t.Exact {
		return client.NewProducer(ctx, set, w.headers())
	}
	ledger, err := w.ledger(ctx)
	if err != nil {
		return nil, err
	}
	if err := w.register(ctx, ledger, t); err != nil {
		return nil, err
	}
	p, err := client.NewTransactional(ctx, set, w.headers(), transactionalID(t.Job, t.Channel))
	if err != nil {
		return nil, err
	}
	if err := w.current(ctx, ledger, t); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

func (w *writer) headers() []kafkakit.Header {
	var headers []kafkakit.Header
	for _, name := range slices.Sorted(maps.Keys(w.config.Headers)) {
		headers = append(headers, kafkakit.Header{Name: name, Value: w.config.Headers[name]})
	}
	return headers
}

// Close implements [plugin.Writer].
func (w *writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.schemas != nil {
		w.schemas.Close()
		w.schemas = nil
	}
	if w.client == nil {
		return nil
	}
	client := w.client
	w.client, w.keeps = nil, nil
	return client.Close()
}
