package maxwellfmt

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/record"
)

// Decoder reads messages. All columns are of kind any: the format names no
// types. Key columns are those of primary_key_columns, else of the message's key.
type Decoder struct {
	meta   []string
	given  changefmt.Given
	parser *changefmt.Parser
	shapes changefmt.Shapes[layout]
	shape  []byte

	layout *layout // of the message being read
	known  bool    // it has old
}

type layout struct {
	schema   *record.Schema
	now, old *changefmt.Object
}

// NewDecoder returns a decoder of rows with these metadata columns; given are
// those whose type the messages do not tell.
func NewDecoder(meta []string, given ...record.Column) *Decoder {
	return &Decoder{meta: meta, given: given, parser: changefmt.NewParser()}
}

// message is a message's members.
type message struct {
	database, schema, table, kind, ts, xid, position, gtid, keys, data, old gjson.Result
}

func (m *message) name() record.Name {
	return record.Name{Database: strings.Clone(m.database.Str), Schema: strings.Clone(m.schema.Str), Table: strings.Clone(m.table.Str)}
}

func (m *message) read(all *gjson.Result) {
	all.ForEach(func(key, v gjson.Result) bool {
		switch key.Str {
		case "database":
			m.database = v
		case "schema":
			m.schema = v
		case "table":
			m.table = v
		case "type":
			m.kind = v
		case "ts":
			m.ts = v
		case "xid":
			m.xid = v
		case "position":
			m.position = v
		case "gtid":
			m.gtid = v
		case "primary_key_columns":
			m.keys = v
		case "data":
			m.data = v
		case "old":
			m.old = v
		}
		return true
	})
}

var ops = map[string]record.Op{"insert": record.Insert, "bootstrap-insert": record.Insert, "update": record.UpdateAfter, "delete": record.Delete}

// Decode implements [changefmt.Decoder].
func (d *Decoder) Decode(_ context.Context, in *changefmt.Message, b *record.Batch) (*record.Change, error) {
	if in.Value == nil {
		return nil, nil
	}
	all, err := jsonfmt.Parse(in.Value)
	if err != nil {
		return nil, err
	}
	var m message
	m.read(&all)
	op, isRow := ops[m.kind.Str]
	switch {
	case m.kind.Type != gjson.String:
		return nil, errclass.BadValue("", errclass.Conversion, `the message has no "type": it is none of Maxwell's`)
	case !isRow:
		return m.readChange(&all), nil // also bootstrap-start and -complete, which tell of nothing
	case !m.data.IsObject():
		return nil, errclass.BadValue("", errclass.Conversion, `the message has no "data"`)
	}
	n := b.Len()
	if err := d.rows(&m, op, in, b); err != nil {
		changefmt.Undo(b, n)
		return nil, err
	}
	return nil, nil
}

func (d *Decoder) rows(m *message, op record.Op, in *changefmt.Message, b *record.Batch) error {
	if err := d.use(m, in.Key); err != nil {
		return err
	}
	l := d.layout
	d.known = op == record.UpdateAfter && m.old.IsObject()
	l.now.Read(&m.data)
	moved := false
	if d.known {
		if strange := l.old.Read(&m.old); strange != "" {
			return errclass.BadValue(strings.Clone(strange), errclass.Other, "the column is in old but not in data")
		}
		moved = slices.ContainsFunc(l.schema.Key, func(k int) bool {
			return l.old.Values[k].Exists() && l.old.Values[k].Raw != l.now.Values[k].Raw
		})
	}
	facts := changefmt.Facts{GTID: []byte(m.gtid.Str), TxID: []byte(m.xid.String()), LSN: place(m.position.Str),
		Snapshot: strings.HasPrefix(m.kind.Str, "bootstrap"), Origin: true}
	if sec := m.ts.Int(); sec > 0 {
		facts.Committed = time.Unix(sec, 0).UTC()
	}
	return changefmt.Rows(b, l.schema, op, d.known, moved, d, &facts, in)
}

// place is the text of _lsn of a position, which is file:offset for MySQL.
func place(position string) []byte {
	file, offset, ok := strings.Cut(position, ":")
	if pos, err := strconv.ParseUint(offset, 10, 63); ok && err == nil {
		return changefmt.AppendPlace(nil, changefmt.Place{System: changefmt.MySQL, File: []byte(file), Pos: int64(pos)})
	}
	return []byte(position)
}

func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// use finds the layout of a message.
func (d *Decoder) use(m *message, key []byte) (err error) {
	shape := d.shape[:0]
	for _, v := range []*gjson.Result{&m.database, &m.schema, &m.table, &m.keys} {
		shape = append(append(shape, v.Raw...), 0xff)
	}
	shape = append(changefmt.Fold(shape, &m.data), 0xff)
	var names gjson.Result
	if !m.keys.IsArray() && len(key) > 0 && key[0] == '{' {
		if names, err = jsonfmt.Parse(key); err != nil {
			return err
		}
		shape = changefmt.Fold(shape, &names)
	}
	d.shape = shape
	d.layout, err = d.shapes.Of(shape, func() (*layout, error) { return d.newLayout(m, &names), nil })
	return err
}

func (d *Decoder) newLayout(m *message, keyNames *gjson.Result) *layout {
	names := changefmt.Members(&m.data)
	columns := make([]record.Column, len(names))
	for c, name := range names {
		columns[c] = d.given.Column(name)
	}
	var key []int
	add := func(name string) {
		if c := slices.Index(names, name); c >= 0 {
			key = append(key, c)
		}
	}
	for _, v := range m.keys.Array() {
		add(v.Str)
	}
	for _, name := range changefmt.Members(keyNames) {
		if column, ok := strings.CutPrefix(name, "pk."); ok {
			add(column)
		}
	}
	return &layout{schema: changefmt.NewSchema(m.name(), columns, key, d.meta), now: changefmt.NewObject(names), old: changefmt.NewObject(names)}
}

// Fill implements [changefmt.Filler].
func (d *Decoder) Fill(b *record.Batch, before bool) error {
	l := d.layout
	for c := range l.now.Values {
		v := &l.now.Values[c]
		if before && d.known && l.old.Values[c].Exists() {
			v = &l.old.Values[c]
		}
		if err := d.parser.AppendGiven(b, v, &l.schema.Columns[c]); err != nil {
			return err
		}
	}
	return nil
}
