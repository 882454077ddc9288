package kafka

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/kit/kafkakit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// target is a topic as a sink's producer knows it.
type target struct {
	first      int // the producer's lane of partition 0; the others follow
	partitions int
}

// route is where rows of one schema go.
type route struct {
	target
	key []int // columns of the key; none: no key
	own bool  // they are those of messageKeys, and not the primary key
}

func (s *sink) addTopic(t kafkakit.Topic) {
	for p := range t.Partitions {
		lane := s.producer.Lane(t, int32(p))
		if p == 0 {
			s.targets[t.Name] = target{first: lane, partitions: t.Partitions}
		}
	}
}

// maxRoutes bounds what a sink remembers of schemas that come and go.
const maxRoutes = 1024

// use returns the route of a table. A topic that only the table's name tells is
// asked for, and a format with a registry told of the table, at its first row.
func (s *sink) use(ctx context.Context, schema *record.Schema) (*route, error) {
	if schema == s.schema {
		return s.route, nil
	}
	r := s.routes[schema]
	if r == nil {
		var err error
		if r, err = s.newRoute(ctx, schema); err != nil {
			return nil, s.config.alone(schema.Name, err)
		}
	}
	s.schema, s.route = schema, r
	return r, nil
}

// alone makes an error that will not pass one of a single table, where other
// tables' messages go elsewhere.
func (c *Config) alone(table record.Name, err error) error {
	if class := errclass.Of(err); class != errclass.Config && class != errclass.Permanent {
		return err
	}
	if len(c.TableTopics) == 0 && !strings.Contains(c.Topic, "${") {
		return err
	}
	return &plugin.TableError{Table: table, Err: err}
}

func (s *sink) newRoute(ctx context.Context, schema *record.Schema) (*route, error) {
	topic, err := s.config.topicOf(schema.Name)
	if err != nil {
		return nil, err
	}
	if _, known := s.targets[topic]; !known {
		found, err := s.writer.topic(ctx, topic)
		if err != nil {
			return nil, err
		}
		s.addTopic(found)
	}
	r := &route{target: s.targets[topic]}
	if r.key, r.own, err = s.config.keyOf(schema); err != nil {
		return nil, err
	}
	registrar, registers := s.encoder.(changefmt.Registrar)
	if len(s.routes) >= maxRoutes {
		clear(s.routes)
		if registers {
			registrar.Forget()
		}
	}
	if registers {
		if err := registrar.Register(ctx, topic, schema, r.key); err != nil {
			return nil, err
		}
	}
	s.routes[schema] = r
	return r, nil
}

// topicOf returns the topic of a table.
func (c *Config) topicOf(n record.Name) (string, error) {
	if c.Topic != "" {
		return expand(c.Topic, n), nil
	}
	for _, name := range []string{n.String(), record.Name{Schema: n.Schema, Table: n.Table}.String(),
		record.Name{Database: n.Database, Table: n.Table}.String(), n.Table} {
		if topic, ok := c.TableTopics[name]; ok {
			return expand(topic, n), nil
		}
	}
	return "", errclass.With(errclass.Config, fmt.Errorf("no topic is named for table %s: add it to tableIdToTopicMapping", n))
}

// keyOf returns the columns that make the key of a table's messages; own tells
// that they are those of messageKeys, and not the primary key.
func (c *Config) keyOf(s *record.Schema) (key []int, own bool, err error) {
	if key, named, err := c.messageKey(s); named {
		return key, !slices.Equal(key, s.Key), err
	}
	if len(c.KeyColumns) == 0 {
		return s.Key, false, nil
	}
	for _, name := range c.KeyColumns {
		column := slices.Index(c.TableFields, name)
		if len(c.TableFields) < s.Data || column >= s.Data {
			column = -1
		}
		if column < 0 {
			column = s.Index(name)
		}
		if column < 0 {
			return nil, false, errclass.With(errclass.Config, fmt.Errorf("partitionAssignColumns: table %s has no column %q, and tableFields does not name it", s.Name, name))
		}
		key = append(key, column)
	}
	return key, false, nil
}
