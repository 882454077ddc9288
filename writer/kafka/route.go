package kafka

import (
	"fmt"
	"slices"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/kafkakit"
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

func (s *sink) use(schema *record.Schema) (*route, error) {
	if schema == s.schema {
		return s.route, nil
	}
	r := s.routes[schema]
	if r == nil {
		topic, err := s.config.topicOf(schema)
		if err != nil {
			return nil, err
		}
		r = &route{target: s.targets[topic]}
		if r.key, err = s.config.keyOf(schema); err != nil {
			return nil, err
		}
		if len(s.routes) >= maxRoutes {
			clear(s.routes)
		}
		s.routes[schema] = r
	}
	s.schema, s.route = schema, r
	return r, nil
}

// topicOf returns the topic of a table.
func (c *Config) topicOf(s *record.Schema) (string, error) {
	if c.Topic != "" {
		return c.Topic, nil
	}
	for _, name := range []string{s.Name.String(), record.Name{Schema: s.Name.Schema, Table: s.Name.Table}.String(),
		record.Name{Database: s.Name.Database, Table: s.Name.Table}.String(), s.Name.Table} {
		if topic, ok := c.TableTopics[name]; ok {
			return topic, nil
		}
	}
	return "", errclass.With(errclass.Config, fmt.Errorf("table %s has no topic: add it to tableIdToTopicMapping", s.Name))
}

// keyOf returns the columns that make the key of a table's rows.
func (c *Config) keyOf(s *record.Schema) ([]int, error) {
	if len(c.KeyColumns) == 0 {
		return s.Key, nil
	}
	var key []int
	for _, name := range c.KeyColumns {
		column := slices.Index(c.TableFields, name)
		if len(c.TableFields) < s.Data || column >= s.Data {
			column = -1
		}
		if column < 0 {
			column = s.Index(name)
		}
		if column < 0 {
			return nil, errclass.With(errclass.Config, fmt.Errorf("partitionAssignColumns: table %s has no column %q, and tableFields does not name it", s.Name, name))
		}
		key = append(key, column)
	}
	return key, nil
}
