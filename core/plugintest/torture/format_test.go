package torture

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"time"
)

// op is what a message says has been done.
type op int

const (
	create op = iota
	update
	remove
)

// event is what a message says.
type event struct {
	table         string
	op            op
	before, after map[string]any // nil: it does not say
}

// format is how events are spelled in messages.
type format struct {
	name    string
	options map[string]any
	decode  func(value []byte) (*event, error)
	text    func(k *kind, v any) (string, error) // what a value comes to, in the words of a kind's show
}

var (
	debezium = &format{name: "debezium-json", options: map[string]any{"decimals": "string", "unsigned": "long", "binary": "hex"},
		decode: decodeDebezium, text: (*kind).text}
	canal = &format{name: "canal-json", options: map[string]any{}, decode: decodeCanal, text: (*kind).flat}
)

func decode(value []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(value))
	d.UseNumber()
	return d.Decode(into)
}

func decodeDebezium(value []byte) (*event, error) {
	var m struct {
		Before, After map[string]any
		Op            string
		Source        struct{ Table string }
	}
	if err := decode(value, &m); err != nil {
		return nil, err
	}
	done, known := map[string]op{"c": create, "r": create, "u": update, "d": remove}[m.Op]
	if !known {
		return nil, fmt.Errorf("unknown op %q", m.Op)
	}
	return &event{m.Source.Table, done, m.Before, m.After}, nil
}

// decodeCanal reads one row: old has what an update changed, as it was.
func decodeCanal(value []byte) (*event, error) {
	var m struct {
		Table, Type string
		Data, Old   []map[string]any
	}
	if err := decode(value, &m); err != nil {
		return nil, err
	}
	if len(m.Data) != 1 {
		return nil, fmt.Errorf("%d rows in a message", len(m.Data))
	}
	row := m.Data[0]
	switch m.Type {
	case "INSERT":
		return &event{m.Table, create, nil, row}, nil
	case "DELETE":
		return &event{m.Table, remove, row, nil}, nil
	case "UPDATE":
		if len(m.Old) != 1 {
			return nil, fmt.Errorf("%d rows before an update", len(m.Old))
		}
		before := maps.Clone(row)
		maps.Copy(before, m.Old[0])
		return &event{m.Table, update, before, row}, nil
	}
	return nil, fmt.Errorf("unknown type %q", m.Type)
}

// flat takes a value as MySQL's text.
func (k *kind) flat(v any) (string, error) {
	s, ok := v.(string)
	if !ok {
		return "", fmt.Errorf("%v (%T) is no text", v, v)
	}
	layout := map[*kind]string{local: clock, instant: clock, times: hours}[k]
	switch {
	case layout != "":
		at, err := time.Parse(layout, s)
		return at.Format(layout), err
	case k == blob:
		b := make([]byte, 0, len(s))
		for _, r := range s { // a character for each byte
			b = append(b, byte(r))
		}
		return hex.EncodeToString(b), nil
	case k.parse != nil:
		s = k.parse(s)
	}
	return s, nil
}
