package handover

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// Key is the value of each key column of a row. Its JSON is a list of
//
//	{"kind":"int64","text":"42"}
//
// with "base64" in place of "text" for what is no UTF-8.
type Key []sqlkit.Value

// Chunk is what a snapshot's split reads: the rows of a table whose first key
// column is From or above, and below To.
type Chunk struct {
	Table    record.Name
	From, To *sqlkit.Value // nil: no bound
}

// stored is a value as JSON has it.
type stored struct {
	Kind   string  `json:"kind"`
	Text   string  `json:"text,omitempty"`
	Base64 *[]byte `json:"base64,omitempty"`
}

func store(v sqlkit.Value) stored {
	s := stored{Kind: v.Kind.String(), Text: v.Text}
	if v.Kind == record.Bytes || !utf8.ValidString(v.Text) {
		raw := []byte(v.Text)
		s.Text, s.Base64 = "", &raw
	}
	return s
}

func (s stored) value() (sqlkit.Value, error) {
	kind, ok := record.KindOf(s.Kind)
	if !ok {
		return sqlkit.Value{}, fmt.Errorf("a value of kind %q is none of a key", s.Kind)
	}
	v := sqlkit.Value{Kind: kind, Text: s.Text}
	if s.Base64 != nil {
		v.Text = string(*s.Base64)
	}
	return v, nil
}

// appendText appends a text that tells keys of a table apart byte by byte.
func (k Key) appendText(dst []byte) []byte {
	for _, v := range k {
		dst = append(binary.BigEndian.AppendUint32(dst, uint32(len(v.Text))), byte(v.Kind))
		dst = append(dst, v.Text...)
	}
	return dst
}

// MarshalJSON implements [json.Marshaler].
func (k Key) MarshalJSON() ([]byte, error) {
	all := make([]stored, len(k))
	for i, v := range k {
		all[i] = store(v)
	}
	return json.Marshal(all)
}

// UnmarshalJSON implements [json.Unmarshaler].
func (k *Key) UnmarshalJSON(raw []byte) error {
	var all []stored
	if err := json.Unmarshal(raw, &all); err != nil || all == nil {
		*k = nil
		return err
	}
	*k = make(Key, len(all))
	for i, s := range all {
		var err error
		if (*k)[i], err = s.value(); err != nil {
			return err
		}
	}
	return nil
}

// chunkJSON is a chunk as JSON has it.
type chunkJSON struct {
	Database string `json:"database,omitempty"`
	Schema   string `json:"schema,omitempty"`
	Table    string `json:"table"`
	From     Key    `json:"from,omitempty"` // one value
	To       Key    `json:"to,omitempty"`
}

// MarshalJSON implements [json.Marshaler].
func (c Chunk) MarshalJSON() ([]byte, error) {
	out := chunkJSON{Database: c.Table.Database, Schema: c.Table.Schema, Table: c.Table.Table}
	if c.From != nil {
		out.From = Key{*c.From}
	}
	if c.To != nil {
		out.To = Key{*c.To}
	}
	return json.Marshal(out)
}

// UnmarshalJSON implements [json.Unmarshaler].
func (c *Chunk) UnmarshalJSON(raw []byte) error {
	var in chunkJSON
	if err := json.Unmarshal(raw, &in); err != nil {
		return err
	}
	*c = Chunk{Table: record.Name{Database: in.Database, Schema: in.Schema, Table: in.Table}}
	if len(in.From) > 1 || len(in.To) > 1 {
		return fmt.Errorf("a chunk of table %s is bounded by more than its first key column", c.Table)
	}
	if len(in.From) == 1 {
		c.From = &in.From[0]
	}
	if len(in.To) == 1 {
		c.To = &in.To[0]
	}
	return nil
}
