package kafka

import (
	"context"
	"errors"
	"time"

	"github.com/datasync-io/datasync/core/record"
)

// Migrate implements [plugin.Migrator]: the change becomes an event of the
// format, in partition 0 of schemaChangeTopic or of the table's topic. A change
// that is told again is written again; sinks that commit positions with their
// rows take changes in themselves. Formats without such events, whose later
// messages tell by themselves, write none.
func (w *writer) Migrate(ctx context.Context, c *record.Change) error {
	schemas, err := w.registry()
	if err != nil {
		return err
	}
	e, err := w.encoder(0, schemas)
	if err != nil {
		return err
	}
	e.Begin(time.Now())
	if _, _, ok := e.AppendChange(nil, c); !ok {
		w.silent(c)
		return nil
	}
	name, err := w.changeTopic(c)
	if err != nil {
		return err
	}
	topic, err := w.topic(ctx, name)
	if err != nil {
		return err
	}
	client, err := w.connection()
	if err != nil {
		return err
	}
	p, err := client.NewProducer(ctx, w.config.Producer.Producer.Share(1), w.headers())
	if err != nil {
		return err
	}
	lane := p.Lane(topic, 0)
	buf := p.Buffer()
	start := len(buf)
	buf, key, _ := e.AppendChange(buf, c)
	err = p.Take(ctx, buf, key, len(buf)-start-max(key, 0), lane)
	if err == nil {
		err = p.Flush(ctx)
	}
	return errors.Join(err, p.Close())
}
