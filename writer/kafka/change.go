package kafka

import (
	"context"
	"time"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

var _ plugin.Changer = (*exactSink)(nil)

// Change implements [plugin.Changer]: the event of the change is in the
// transaction of the next position, so that it is there once, behind the rows
// of its partition that came before it.
func (s *exactSink) Change(ctx context.Context, c *record.Change) error {
	s.encoder.Begin(time.Now())
	if _, _, ok := s.encoder.AppendChange(nil, c); !ok {
		s.writer.silent(c)
		return nil
	}
	to, err := s.changeTopic(ctx, c)
	if err != nil {
		return err
	}
	if !s.tail { // the position before the change is not to be committed with it
		if err := s.Flush(ctx); err != nil {
			return err
		}
	}
	buf := s.producer.Buffer()
	start := len(buf)
	buf, key, _ := s.encoder.AppendChange(buf, c)
	s.tail = true
	return noRow(s.producer.Take(ctx, buf, key, len(buf)-start-max(key, 0), to.first))
}

// changeTopic returns where the event of a change goes.
func (s *exactSink) changeTopic(ctx context.Context, c *record.Change) (target, error) {
	name, err := s.writer.changeTopic(c)
	if err != nil {
		return target{}, err
	}
	if _, known := s.targets[name]; !known {
		found, err := s.writer.topic(ctx, name)
		if err != nil {
			return target{}, err
		}
		s.addTopic(found)
	}
	return s.targets[name], nil
}

// silent says that a change has no event.
func (w *writer) silent(c *record.Change) {
	w.env.Log.Info("the format has no events for schema changes; the next messages have the new columns", "table", c.Name.String(), "format", w.config.Format)
}

// changeTopic names the topic of the event of a change.
func (w *writer) changeTopic(c *record.Change) (string, error) {
	if name := expand(w.config.ChangeTopic, c.Name); name != "" {
		return name, nil
	}
	name, err := w.config.topicOf(c.Name)
	if err != nil {
		return "", &plugin.TableError{Table: c.Name, Err: err}
	}
	return name, nil
}
