package canalfmt

import (
	"context"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/record"
)

var _ changefmt.Decoder = (*Decoder)(nil)

// Decoder reads flat messages. Kinds are those of mysqlType; without one all
// columns are of kind any.
type Decoder struct {
	zone   *time.Location
	meta   []string
	parser *changefmt.Parser
	shapes changefmt.Shapes[layout]
	shape  []byte
	bytes  []byte

	layout *layout // of the message being read
	known  bool    // its old has something
}

// layout is how rows of a shape are filled.
type layout struct {
	schema   *record.Schema
	how      []convert.Func
	members  [][]string // of enums and sets, nil for other columns
	sets     []bool     // it is a set
	now, old *changefmt.Object
}

// NewDecoder returns a decoder of rows with these metadata columns.
func NewDecoder(o Options, meta []string) *Decoder {
	return &Decoder{zone: o.Zone, meta: meta, parser: changefmt.NewParser()}
}

// message is a flat message's members.
type message struct {
	data, database, schema, es, gtid, isDDL, mysqlType, old, pkNames, sql, table, kind gjson.Result
}

func read(value []byte) (m message, err error) {
	all, err := jsonfmt.Parse(value)
	if err != nil {
		return m, err
	}
	all.ForEach(func(key, v gjson.Result) bool {
		switch key.Str {
		case "data":
			m.data = v
		case "database":
			m.database = v
		case "schema":
			m.schema = v
		case "es":
			m.es = v
		case "gtid":
			m.gtid = v
		case "isDdl":
			m.isDDL = v
		case "mysqlType":
			m.mysqlType = v
		case "old":
			m.old = v
		case "pkNames":
			m.pkNames = v
		case "sql":
			m.sql = v
		case "table":
			m.table = v
		case "type":
			m.kind = v
		}
		return true
	})
	if m.kind.Type != gjson.String {
		return m, errclass.BadValue("", errclass.Conversion, `the message has no "type": it is no flat message of Canal`)
	}
	return m, nil
}

var ops = map[string]record.Op{"INSERT": record.Insert, "UPDATE": record.UpdateAfter, "DELETE": record.Delete}

// Decode implements [changefmt.Decoder].
func (d *Decoder) Decode(_ context.Context, in *changefmt.Message, b *record.Batch) (*record.Change, error) {
	if in.Value == nil {
		return nil, nil
	}
	m, err := read(in.Value)
	if err != nil {
		return nil, err
	}
	if m.isDDL.Bool() {
		return m.change(), nil
	}
	op, known := ops[strings.ToUpper(m.kind.Str)]
	if !known {
		return nil, nil // a statement that changes no table, the mark of a transaction
	}
	n := b.Len()
	if err := d.rows(&m, op, in, b); err != nil {
		changefmt.Undo(b, n)
		return nil, err
	}
	return nil, nil
}

func (d *Decoder) rows(m *message, op record.Op, in *changefmt.Message, b *record.Batch) error {
	rows := m.data.Array()
	if len(rows) == 0 {
		return errclass.BadValue("", errclass.Conversion, `the message has no "data"`)
	}
	if err := d.use(m, &rows[0]); err != nil {
		return err
	}
	facts := changefmt.Facts{GTID: []byte(m.gtid.Str), Committed: millis(m.es.Int())}
	old := m.old.Array()
	for i := range rows {
		if strange := d.layout.now.Read(&rows[i]); strange != "" {
			return errclass.BadValue(strange, errclass.Other, "the column is not in mysqlType")
		}
		moved := false
		d.known = false
		if op == record.UpdateAfter && i < len(old) && old[i].IsObject() {
			if strange := d.layout.old.Read(&old[i]); strange != "" {
				return errclass.BadValue(strange, errclass.Other, "the column is not in mysqlType")
			}
			moved = d.compare()
		}
		if err := changefmt.Rows(b, d.layout.schema, op, d.known, moved, d, &facts, in); err != nil {
			return err
		}
	}
	return nil
}

// compare tells whether old has another key, and notes whether it has anything.
func (d *Decoder) compare() (moved bool) {
	l := d.layout
	for c := range l.old.Values {
		d.known = d.known || l.old.Values[c].Exists()
	}
	for _, k := range l.schema.Key {
		if v := &l.old.Values[k]; v.Exists() && v.Raw != l.now.Values[k].Raw {
			moved = true
		}
	}
	return moved
}

// use finds the layout of a message.
func (d *Decoder) use(m *message, first *gjson.Result) (err error) {
	shape := d.shape[:0]
	for _, v := range []*gjson.Result{&m.database, &m.schema, &m.table, &m.pkNames, &m.mysqlType} {
		shape = append(append(shape, v.Raw...), 0xff)
	}
	if !m.mysqlType.IsObject() {
		shape = changefmt.Fold(shape, first)
	}
	d.shape = shape
	d.layout, err = d.shapes.Of(shape, func() (*layout, error) { return d.newLayout(m, first) })
	return err
}

func (d *Decoder) newLayout(m *message, first *gjson.Result) (*layout, error) {
	var columns []record.Column
	var names []string
	if m.mysqlType.IsObject() {
		m.mysqlType.ForEach(func(name, native gjson.Result) bool {
			columns = append(columns, columnOf(strings.Clone(name.Str), strings.Clone(native.Str)))
			return true
		})
	} else {
		for _, name := range changefmt.Members(first) {
			columns = append(columns, record.Column{Name: name, Kind: record.Any, Nullable: true})
		}
	}
	l := &layout{how: make([]convert.Func, len(columns))}
	for c := range columns {
		names = append(names, columns[c].Name)
		l.members = append(l.members, changefmt.EnumMembers(columns[c].Native))
		l.sets = append(l.sets, changefmt.BaseType(columns[c].Native) == "set")
		var err error
		if l.how[c], err = d.parser.Conversion(columns[c], d.zone); err != nil {
			return nil, err
		}
	}
	var key []int
	for _, v := range m.pkNames.Array() {
		for c, name := range names {
			if name == v.Str {
				key = append(key, c)
				columns[c].Nullable = false
			}
		}
	}
	l.schema = changefmt.NewSchema(m.name(), columns, key, d.meta)
	l.now, l.old = changefmt.NewObject(names), changefmt.NewObject(names)
	return l, nil
}

func (m *message) name() record.Name {
	return record.Name{Database: strings.Clone(m.database.Str), Schema: strings.Clone(m.schema.Str), Table: strings.Clone(m.table.Str)}
}

// Fill implements [changefmt.Filler].
func (d *Decoder) Fill(b *record.Batch, before bool) error {
	l := d.layout
	for c := range l.how {
		v := &l.now.Values[c]
		if before && d.known && l.old.Values[c].Exists() {
			v = &l.old.Values[c]
		}
		if err := d.appendValue(b, v, c); err != nil {
			return err
		}
	}
	return nil
}

func (d *Decoder) appendValue(b *record.Batch, v *gjson.Result, c int) error {
	column := &d.layout.schema.Columns[c]
	if v.Type != gjson.String {
		return d.parser.Append(b, v, column.Name, d.layout.how[c])
	}
	switch column.Kind {
	case record.String:
		if members := d.layout.members[c]; len(members) > 0 {
			b.Take(record.String, appendMembers(b.Buffer(), members, d.layout.sets[c], v.Str))
			return nil
		}
	case record.Bytes:
		return d.appendLatin(b, v.Str, column.Name)
	case record.Bool:
		if v.Str == "1" || v.Str == "0" {
			b.Bool(v.Str == "1")
			return nil
		}
	}
	return d.parser.Append(b, v, column.Name, d.layout.how[c])
}

// appendMembers appends the text of an enum's place, from 1, or of a set's bits,
// as Canal has them; other tools write the text itself.
func appendMembers(dst []byte, members []string, set bool, text string) []byte {
	n, err := strconv.ParseUint(text, 10, 64)
	switch {
	case err != nil || !set && n > uint64(len(members)) || set && n>>(len(members)) != 0:
		return append(dst, text...)
	case !set && n == 0:
		return dst
	case !set:
		return append(dst, members[n-1]...)
	}
	comma := false
	for i, m := range members {
		if n>>i&1 == 0 {
			continue
		}
		if comma {
			dst = append(dst, ',')
		}
		dst, comma = append(dst, m...), true
	}
	return dst
}

// appendLatin appends a byte for each character.
func (d *Decoder) appendLatin(b *record.Batch, text, name string) error {
	if text == "" {
		b.Bytes(nil)
		return nil
	}
	out := d.bytes[:0]
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if r > 0xff {
			return errclass.BadValue(name, errclass.Encoding, "the binary value holds the character %q, which stands for no byte", r)
		}
		out = append(out, byte(r))
		i += size
	}
	d.bytes = out
	b.Bytes(out)
	return nil
}

var changeKinds = map[string]record.ChangeKind{"CREATE": record.Create, "ALTER": record.Alter, "ERASE": record.Drop,
	"DROP": record.Drop, "RENAME": record.Rename, "TRUNCATE": record.Truncate, "CINDEX": record.Alter, "DINDEX": record.Alter}

func (m *message) change() *record.Change {
	return &record.Change{Kind: changeKinds[strings.ToUpper(m.kind.Str)], Name: m.name(), SQL: strings.Clone(m.sql.Str), At: millis(m.es.Int())}
}

func millis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
