package torture

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"

	"github.com/IBM/sarama"

	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/plugintest/topics"
)

// topicTarget is a topic of change events as Debezium writes them.
type topicTarget struct {
	t      testing.TB
	addr   string
	topic  string
	tables []*table

	seen []int // messages of each partition that holds has looked at
}

func newTopic(t testing.TB, kafka servers.KafkaServer) *topicTarget {
	t.Helper()
	return &topicTarget{t: t, addr: kafka.Addr(), topic: kafka.Topic(t, partitions)}
}

const partitions = 3

func (k *topicTarget) label() string                         { return "kafka" }
func (k *topicTarget) prepare(_ testing.TB, tables []*table) { k.tables = tables }
func (k *topicTarget) disturbed() *database                  { return nil }

func (k *topicTarget) writer([]*table) map[string]any {
	return map[string]any{"name": "kafkawriter", "parameter": map[string]any{
		"topic": k.topic, "format": "debezium-json", "semantic": "exactly-once",
		"formatOptions":    map[string]any{"decimals": "string", "unsigned": "long", "binary": "hex"},
		"producerSettings": map[string]any{"bootstrap.servers": k.addr},
	}}
}

// holds looks for the row among the messages that are new.
func (k *topicTarget) holds(id int) (bool, error) {
	found := false
	all := topics.Read(k.t, k.addr, k.topic)
	if k.seen == nil {
		k.seen = make([]int, len(all))
	}
	for p, messages := range all {
		for _, m := range messages[min(k.seen[p], len(messages)):] {
			var key map[string]any
			if err := json.Unmarshal(m.Key, &key); err != nil && len(m.Key) > 0 {
				return false, err
			}
			found = found || key["id"] == float64(id)
		}
		k.seen[p] = len(messages)
	}
	return found, nil
}

// event is what a message says.
type event struct {
	Before, After map[string]any
	Op            string
	Source        struct{ Table string }
}

// replay is a table as messages make it.
type replay struct {
	table *table
	rows  map[string]map[string]*string // by key
	loose contents                      // rows without a key
}

// contents replays the topic, partition by partition: a key is always in the
// same one, and in order.
func (k *topicTarget) contents(t *table) (contents, error) {
	r := &replay{table: t, rows: map[string]map[string]*string{}, loose: contents{}}
	for p, messages := range topics.Read(k.t, k.addr, k.topic) {
		for _, m := range messages {
			if err := r.message(m); err != nil {
				return nil, fmt.Errorf("partition %d, offset %d: %w: %.2000s", p, m.Offset, err, m.Value)
			}
		}
	}
	for _, row := range r.rows {
		r.loose.add(row, 1)
	}
	return r.loose, nil
}

func (r *replay) message(m *sarama.ConsumerMessage) error {
	var e event
	d := json.NewDecoder(bytes.NewReader(m.Value))
	d.UseNumber()
	if err := d.Decode(&e); err != nil {
		return err
	}
	if e.Source.Table != r.table.name {
		return nil
	}
	if r.table.keys == 0 {
		return r.unkeyed(&e)
	}
	switch e.Op {
	case "c", "r":
		return r.put(e.After, false)
	case "u":
		return r.put(e.After, true)
	case "d":
		key, err := r.key(e.Before)
		if err != nil {
			return err
		}
		if r.rows[key] == nil {
			return fmt.Errorf("a row is deleted that is not there")
		}
		delete(r.rows, key)
		return nil
	}
	return fmt.Errorf("unknown op %q", e.Op)
}

// put takes a row in: one that is new, or one that is there, whose values stay
// where the message says nothing of them.
func (r *replay) put(values map[string]any, there bool) error {
	key, err := r.key(values)
	if err != nil {
		return err
	}
	old := r.rows[key]
	if (old != nil) != there {
		return fmt.Errorf("the row is there: %v, and the event says %v", old != nil, there)
	}
	row, err := r.row(values)
	if err != nil {
		return err
	}
	for name, v := range old {
		if _, said := row[name]; !said {
			row[name] = v
		}
	}
	r.rows[key] = row
	return nil
}

func (r *replay) unkeyed(e *event) error {
	for n, values := range map[int]map[string]any{-1: e.Before, 1: e.After} {
		if values == nil {
			continue
		}
		row, err := r.row(values)
		if err != nil {
			return err
		}
		r.loose.add(row, n)
	}
	return nil
}

// row reads the values that a message has.
func (r *replay) row(values map[string]any) (map[string]*string, error) {
	row := map[string]*string{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		i := slices.IndexFunc(r.table.columns, func(c column) bool { return c.name == name })
		if i < 0 {
			return nil, fmt.Errorf("the table has no column %s", name)
		}
		switch v := values[name]; v {
		case nil:
			row[name] = nil
		case "__debezium_unavailable_value":
		default:
			text, err := r.table.columns[i].kind.text(v)
			if err != nil {
				return nil, fmt.Errorf("column %s: %w", name, err)
			}
			row[name] = &text
		}
	}
	return row, nil
}

func (r *replay) key(values map[string]any) (string, error) {
	key := ""
	for _, c := range r.table.columns[:r.table.keys] {
		if values[c.name] == nil {
			return "", fmt.Errorf("the key lacks %s", c.name)
		}
		key += strconv.Quote(fmt.Sprint(values[c.name]))
	}
	return key, nil
}
