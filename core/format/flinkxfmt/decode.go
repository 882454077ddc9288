package flinkxfmt

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

var _ changefmt.Decoder = (*Decoder)(nil)

// Decoder reads bodies of all shapes. All columns are of kind any: the format
// names no types. A message UPDATE_BEFORE gives nothing: the row as it is now
// follows in the next one.
type Decoder struct {
	meta   []string
	given  changefmt.Given
	parser *changefmt.Parser
	shapes changefmt.Shapes[layout]
	shape  []byte

	message message
	layout  *layout // of the message being read
}

type layout struct {
	schema      *record.Schema
	places      []place // of the columns' members, in the order of a message
	was, now    []gjson.Result
	hasWas, has bool
}

// place says where a member of a flat message goes.
type place struct {
	column int
	before bool
}

// NewDecoder returns a decoder of rows with these metadata columns; given are
// those whose type the messages do not tell.
func NewDecoder(meta []string, given ...record.Column) *Decoder {
	return &Decoder{meta: meta, given: given, parser: changefmt.NewParser()}
}

// message is a message's members.
type message struct {
	database, schema, table, lsn, opTime, key, kind, before, after, content gjson.Result
	rest                                                                    []gjson.Result // names and values of the others
	nested                                                                  bool
}

func (m *message) read(all *gjson.Result) {
	m.rest = m.rest[:0]
	all.ForEach(func(key, v gjson.Result) bool {
		switch key.Str {
		case "database":
			m.database = v
		case "schema":
			m.schema = v
		case "table":
			m.table = v
		case "ts", "lsn_sequence", "snapshot":
		case "lsn":
			m.lsn = v
		case "opTime":
			m.opTime = v
		case "primary_key":
			m.key = v
		case "type":
			m.kind = v
		case "content":
			m.content = v
			m.rest = append(m.rest, key, v)
		case "before", "after":
			if m.nested && key.Str == "before" {
				m.before = v
			} else if m.nested {
				m.after = v
			} else {
				m.rest = append(m.rest, key, v)
			}
		default:
			m.rest = append(m.rest, key, v)
		}
		return true
	})
}

var ops = map[string]record.Op{"INSERT": record.Insert, "UPDATE": record.UpdateAfter, "UPDATE_AFTER": record.UpdateAfter,
	"UPDATE_BEFORE": record.UpdateBefore, "DELETE": record.Delete}

// Decode implements [changefmt.Decoder].
func (d *Decoder) Decode(_ context.Context, in *changefmt.Message, b *record.Batch) (*record.Change, error) {
	if in.Value == nil {
		return nil, nil
	}
	all, err := jsonfmt.Parse(in.Value)
	if err != nil {
		return nil, err
	}
	m := &d.message
	*m = message{rest: m.rest[:0]}
	if inner := all.Get("message"); inner.IsObject() {
		m.nested, all = true, inner
	}
	m.read(&all)
	op, isRow := ops[strings.ToUpper(m.kind.Str)]
	switch {
	case m.kind.Type != gjson.String || m.table.Type != gjson.String:
		return nil, errclass.BadValue("", errclass.Conversion, `the message has no "type" and "table": it is no change of FlinkX`)
	case !isRow && m.content.Exists():
		return m.change(), nil
	case !isRow:
		return nil, errclass.BadValue("", errclass.Conversion, "unknown type %.20q", m.kind.Str)
	case op == record.UpdateBefore:
		return nil, nil
	}
	n := b.Len()
	if err := d.rows(m, op, in, b); err != nil {
		changefmt.Undo(b, n)
		return nil, err
	}
	return nil, nil
}

func (d *Decoder) rows(m *message, op record.Op, in *changefmt.Message, b *record.Batch) error {
	if m.nested {
		m.rest = m.rest[:0]
		m.flatten(&m.before, "before_")
		m.flatten(&m.after, "after_")
	}
	if err := d.use(m); err != nil {
		return err
	}
	l := d.layout
	clear(l.was)
	clear(l.now)
	l.hasWas, l.has = false, false
	for i, p := range l.places {
		if p.before {
			l.was[p.column], l.hasWas = m.rest[2*i+1], true
		} else {
			l.now[p.column], l.has = m.rest[2*i+1], true
		}
	}
	if op == record.Delete && !l.hasWas {
		l.was, l.now, l.hasWas, l.has = l.now, l.was, l.has, false // split
	}
	if op == record.Delete && !l.hasWas || op != record.Delete && !l.has {
		return errclass.BadValue("", errclass.Conversion, "a message of type %s lacks its row", m.kind.Str)
	}
	moved := l.hasWas && l.has && slices.ContainsFunc(l.schema.Key, func(k int) bool {
		return l.was[k].Exists() && l.now[k].Exists() && l.was[k].Raw != l.now[k].Raw
	})
	facts := changefmt.Facts{LSN: []byte(m.lsn.Str)}
	if ms, err := strconv.ParseInt(m.opTime.String(), 10, 64); err == nil && ms > 0 {
		facts.Committed = time.UnixMilli(ms).UTC()
	}
	return changefmt.Rows(b, l.schema, op, l.hasWas, moved, d, &facts, in)
}

// flatten makes members of a nested side, with the prefix that a paved one has.
func (m *message) flatten(side *gjson.Result, prefix string) {
	side.ForEach(func(key, v gjson.Result) bool {
		key.Str = prefix + key.Str
		m.rest = append(m.rest, key, v)
		return true
	})
}

// paved tells that all members have a prefix.
func (m *message) paved() bool {
	for i := 0; i < len(m.rest); i += 2 {
		if name := m.rest[i].Str; !strings.HasPrefix(name, "before_") && !strings.HasPrefix(name, "after_") {
			return false
		}
	}
	return true
}

// use finds the layout of a message.
func (d *Decoder) use(m *message) (err error) {
	shape := d.shape[:0]
	for _, v := range []*gjson.Result{&m.database, &m.schema, &m.table, &m.key} {
		shape = append(append(shape, v.Raw...), 0xff)
	}
	for i := 0; i < len(m.rest); i += 2 {
		shape = append(append(shape, m.rest[i].Str...), 0xff)
	}
	d.shape = shape
	d.layout, err = d.shapes.Of(shape, func() (*layout, error) { return d.newLayout(m) })
	return err
}

func (d *Decoder) newLayout(m *message) (*layout, error) {
	paved := m.paved()
	l := &layout{}
	var names []string
	var columns []record.Column
	for i := 0; i < len(m.rest); i += 2 {
		name, before := m.rest[i].Str, false
		if paved {
			if name, before = strings.CutPrefix(m.rest[i].Str, "before_"); !before {
				name = strings.TrimPrefix(name, "after_")
			}
		}
		c := slices.Index(names, name)
		if c < 0 {
			c = len(names)
			names = append(names, strings.Clone(name))
			columns = append(columns, d.given.Column(names[c]))
		}
		p := place{column: c, before: before}
		if slices.Contains(l.places, p) {
			return nil, errclass.BadValue(names[c], errclass.Duplicate, "the member is there twice")
		}
		l.places = append(l.places, p)
	}
	var key []int
	if m.key.Str != "" {
		for name := range strings.SplitSeq(m.key.Str, ",") {
			if c := slices.Index(names, name); c >= 0 {
				key = append(key, c)
			}
		}
	}
	l.schema = changefmt.NewSchema(m.name(), columns, key, d.meta)
	l.was, l.now = make([]gjson.Result, len(names)), make([]gjson.Result, len(names))
	return l, nil
}

func (m *message) name() record.Name {
	n := record.Name{Database: strings.Clone(m.database.Str), Schema: strings.Clone(m.schema.Str), Table: strings.Clone(m.table.Str)}
	if n.Database == "" {
		n.Database, n.Schema = n.Schema, ""
	}
	return n
}

// Fill implements [changefmt.Filler].
func (d *Decoder) Fill(b *record.Batch, before bool) error {
	values := d.layout.now
	if before {
		values = d.layout.was
	}
	for c := range values {
		if err := d.parser.AppendGiven(b, &values[c], &d.layout.schema.Columns[c]); err != nil {
			return err
		}
	}
	return nil
}

var changeKinds = map[string]record.ChangeKind{"CREATE": record.Create, "CREATE_TABLE": record.Create, "ALTER": record.Alter,
	"ERASE": record.Drop, "DROP_TABLE": record.Drop, "RENAME": record.Rename, "TRUNCATE": record.Truncate, "CINDEX": record.Alter, "DINDEX": record.Alter}

func (m *message) change() *record.Change {
	return &record.Change{Kind: changeKinds[strings.ToUpper(m.kind.Str)], Name: m.name(), SQL: strings.Clone(m.content.Str), LSN: strings.Clone(m.lsn.Str)}
}
