package torture

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"

	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/plugintest/topics"
)

// topicTarget is a topic of change events.
type topicTarget struct {
	t      testing.TB
	addr   string // past the proxy
	via    string // through it, where there is one
	topic  string
	format *format
	broker *victim // nil: others use it too

	seen []int // messages of each partition that holds has looked at
}

func newTopic(t testing.TB, f *format) *topicTarget {
	t.Helper()
	kafka := servers.Kafka(t)
	return &topicTarget{t: t, addr: kafka.Addr(), via: kafka.Addr(), topic: kafka.Topic(t, partitions), format: f}
}

// newBroker is a topic of a broker of its own.
func newBroker(t testing.TB, f *format) *topicTarget {
	t.Helper()
	kafka := servers.StartKafka(t, servers.WithProxy())
	return &topicTarget{t: t, addr: kafka.Addr(), via: kafka.ProxyAddr(), topic: kafka.Topic(t, partitions), format: f,
		broker: &victim{kafka.Server, newGate(), true}}
}

const partitions = 3

func (k *topicTarget) label() string                { return "kafka" }
func (k *topicTarget) prepare(testing.TB, []*table) {}
func (k *topicTarget) disturbed() *victim           { return k.broker }

func (k *topicTarget) writer([]*table) map[string]any {
	return map[string]any{"name": "kafkawriter", "parameter": map[string]any{
		"topic": k.topic, "format": k.format.name, "semantic": "exactly-once", "formatOptions": k.format.options,
		"producerSettings": map[string]any{"bootstrap.servers": k.via},
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
			e, err := k.format.decode(m.Value)
			if err != nil {
				return false, err
			}
			found = found || e.table == "wide" && fmt.Sprint(e.after["id"]) == strconv.Itoa(id)
		}
		k.seen[p] = len(messages)
	}
	return found, nil
}

// replay is a table as messages make it.
type replay struct {
	table *table
	text  func(k *kind, v any) (string, error) // of a message's value
	rows  map[string]map[string]*string        // by key
	loose contents                             // rows without a key
}

// contents replays the topic, partition by partition: a key is always in the
// same one, and in order.
func (k *topicTarget) contents(t *table) (contents, error) {
	r := &replay{table: t, text: k.format.text, rows: map[string]map[string]*string{}, loose: contents{}}
	for p, messages := range topics.ReadEnded(k.t, k.addr, k.topic) {
		for _, m := range messages {
			e, err := k.format.decode(m.Value)
			if err == nil && e.table == t.name {
				err = r.event(e)
			}
			if err != nil {
				return nil, fmt.Errorf("partition %d, offset %d: %w: %.2000s", p, m.Offset, err, m.Value)
			}
		}
	}
	for _, row := range r.rows {
		r.loose.add(row, 1)
	}
	return r.loose, nil
}

func (r *replay) event(e *event) error {
	if r.table.keys == 0 {
		return r.unkeyed(e)
	}
	switch e.op {
	case create:
		return r.put(e.after, false)
	case update:
		if e.before != nil {
			from, err := r.key(e.before)
			to, errTo := r.key(e.after)
			if err != nil || errTo != nil {
				return errors.Join(err, errTo)
			}
			if from != to {
				if err := r.take(e.before); err != nil {
					return err
				}
				return r.put(e.after, false)
			}
		}
		return r.put(e.after, true)
	}
	return r.take(e.before)
}

// take takes a row away.
func (r *replay) take(values map[string]any) error {
	key, err := r.key(values)
	if err != nil {
		return err
	}
	if r.rows[key] == nil {
		return fmt.Errorf("a row is deleted that is not there")
	}
	delete(r.rows, key)
	return nil
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
	for n, values := range map[int]map[string]any{-1: e.before, 1: e.after} {
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
			text, err := r.text(r.table.columns[i].kind, v)
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
