package kafka

import (
	"errors"
	"unsafe"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/msgfmt"
	"github.com/datasync-io/datasync/core/format/registry"
	"github.com/datasync-io/datasync/core/kit/kafkakit"
	"github.com/datasync-io/datasync/core/plugin"
)

// registry returns the client of the schema registry that all sinks share; nil
// where the format needs none.
func (w *writer) registry() (*registry.Client, error) {
	if !msgfmt.NeedsRegistry(w.config.Format) {
		return nil, nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.schemas != nil {
		return w.schemas, nil
	}
	var err error
	w.schemas, err = registry.New(w.config.Registry)
	return w.schemas, err
}

// encoder makes the encoder of a channel.
func (w *writer) encoder(channel int, schemas *registry.Client) (changefmt.Encoder, error) {
	s := msgfmt.Settings{Format: w.config.Format, Config: w.config.FormatOptions, Zone: w.config.zone, Registry: schemas,
		Changes: w.config.isChanges(), Shape: w.config.shape(), Worker: channel}
	if s.Format == msgfmt.FlinkX {
		s.Names = w.config.TableFields
	}
	return msgfmt.NewEncoder(s)
}

// Meta implements [plugin.MetaUser].
func (w *writer) Meta() []string {
	e, err := w.encoder(0, nil)
	if err != nil {
		return nil // Open says why
	}
	return e.Meta()
}

// encode sets how the sink writes.
func (s *sink) encode(t plugin.Task) error {
	schemas, err := s.writer.registry()
	if err != nil {
		return err
	}
	if s.encoder, err = s.writer.encoder(t.Channel, schemas); err != nil {
		return err
	}
	if u, ok := s.encoder.(changefmt.Upserter); ok {
		s.upserts = u.Upserts()
	}
	_, s.keyless = s.encoder.(changefmt.Keyless)
	if headed, ok := s.encoder.(changefmt.Headed); ok && s.config.FormatOptions.Mode == "binary" {
		s.headed = headed
		s.headers.all = s.writer.headers()
		s.headers.fixed = len(s.headers.all)
	}
	if c, ok := s.encoder.(changefmt.Committer); ok && t.Of <= 1 { // more channels have parts of transactions
		s.commits.encoder = c
	}
	if s.config.TransactionTopic != "" {
		if t.Of > 1 {
			return errclass.With(errclass.Config, errors.New("transactionTopic needs one channel that writes, as no other sees whole transactions: set job.setting.speed.writerChannel to 1"))
		}
		transactor, ok := s.encoder.(changefmt.Transactor)
		if !ok {
			return errclass.With(errclass.Config, errors.New("transactionTopic: format "+s.config.Format+" knows no transactions"))
		}
		s.boundaries = &boundaries{encoder: transactor, system: s.config.FormatOptions.Connector, topic: s.config.TransactionTopic, tables: map[string]int64{}}
	}
	return nil
}

// headers are those of a message that has its own.
type headers struct {
	fixed  int // so many are of every message
	all    []kafkakit.Header
	values []changefmt.Header
	text   []byte
}

// of returns the headers of an event's message, until the next call.
func (h *headers) of(e changefmt.Headed, ev changefmt.Event) []byte {
	h.values = e.AppendHeaders(h.values[:0], ev)
	h.all = h.all[:h.fixed]
	for _, v := range h.values {
		h.all = append(h.all, kafkakit.Header{Name: v.Name, Value: unsafe.String(unsafe.SliceData(v.Value), len(v.Value))}) // read during this call alone
	}
	h.text = kafkakit.AppendHeaders(h.text[:0], h.all)
	return h.text
}
