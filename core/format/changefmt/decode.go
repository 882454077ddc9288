package changefmt

import (
	"slices"
	"time"

	"github.com/tidwall/gjson"

	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/record"
)

// MaxSchemas is how many shapes of rows a decoder remembers.
const MaxSchemas = 1024

// Shapes keeps what a decoder has made of each shape of messages: P holds a
// schema, and how to fill its rows.
type Shapes[P any] struct {
	last string
	plan *P
	all  map[string]*P
}

// Of returns what was made for shape, a text that spells all that the schema
// depends on; build makes it when it is not there.
func (s *Shapes[P]) Of(shape []byte, build func() (*P, error)) (*P, error) {
	if s.plan != nil && string(shape) == s.last {
		return s.plan, nil
	}
	plan := s.all[string(shape)]
	name := string(shape)
	if plan == nil {
		var err error
		if plan, err = build(); err != nil {
			return nil, err
		}
		if s.all == nil || len(s.all) >= MaxSchemas {
			s.all = map[string]*P{}
		}
		s.all[name] = plan
	}
	s.last, s.plan = name, plan
	return plan, nil
}

// NewSchema returns a schema of these data columns and the wanted metadata columns.
func NewSchema(name record.Name, data []record.Column, key []int, meta []string) *record.Schema {
	s := record.NewSchema(name, data, key...)
	for _, m := range record.Meta {
		if slices.Contains(meta, m.Name) {
			s.Columns = append(s.Columns, record.Column{Name: m.Name, Kind: m.Kind, Nullable: true})
		}
	}
	return s
}

// Facts is what a message tells beside a row.
type Facts struct {
	Committed        time.Time // zero: unknown
	LSN, GTID, TxID  []byte    // empty: unknown
	Snapshot, Origin bool      // Origin: it is known whether the row is of a snapshot
}

// appendMeta appends the cells of the metadata columns of s.
func appendMeta(b *record.Batch, s *record.Schema, f *Facts, m *Message) {
	for c := s.Data; c < len(s.Columns); c++ {
		switch s.Columns[c].Name {
		case "_ts":
			appendTime(b, time.Now())
		case Optime:
			appendTime(b, f.Committed)
		case LSN:
			appendText(b, f.LSN)
		case GTID:
			appendText(b, f.GTID)
		case TxID:
			appendText(b, f.TxID)
		case Snapshot:
			if f.Origin {
				b.Bool(f.Snapshot)
			} else {
				b.Null()
			}
		default:
			appendOfMessage(b, s.Columns[c].Name, m)
		}
	}
}

func appendOfMessage(b *record.Batch, name string, m *Message) {
	switch {
	case name == "_offset":
		b.Int64(m.Offset)
	case name == "_partition":
		b.Int64(int64(m.Partition))
	case name == "_key" && m.Key != nil:
		b.Bytes(m.Key)
	case name == "_headers" && len(m.Headers) > 0:
		buf := b.Buffer()
		for i, h := range m.Headers {
			buf = jsonfmt.AppendText(append(buf, "{,"[min(i, 1)]), h.Name)
			buf = jsonfmt.AppendText(append(buf, ':'), string(h.Value))
		}
		b.Take(record.JSON, append(buf, '}'))
	default:
		b.Null()
	}
}

func appendTime(b *record.Batch, t time.Time) {
	if t.IsZero() {
		b.Null()
		return
	}
	b.Timestamp(t.Unix(), uint32(t.Nanosecond()))
}

func appendText(b *record.Batch, v []byte) {
	if len(v) == 0 {
		b.Null()
		return
	}
	b.String(v)
}

// Filler appends the data cells of the row before or after an event.
type Filler interface {
	Fill(b *record.Batch, before bool) error
}

// Rows appends the rows of one event: op is Insert, UpdateAfter or Delete; before
// tells that an update's row as it was is known, moved that it has another key.
// After an error the caller takes the rows back.
func Rows(b *record.Batch, s *record.Schema, op record.Op, before, moved bool, fill Filler, f *Facts, m *Message) error {
	if s.Data == 0 {
		return errclass.BadValue("", errclass.Conversion, "the message tells of a row without columns")
	}
	var first record.Op
	switch {
	case op == record.UpdateAfter && before && moved:
		first, op = record.Delete, record.Insert
	case op == record.UpdateAfter && before:
		first = record.UpdateBefore
	default:
		return row(b, s, op, op == record.Delete, fill, f, m)
	}
	if err := row(b, s, first, true, fill, f, m); err != nil {
		return err
	}
	if err := row(b, s, op, false, fill, f, m); err != nil {
		return err
	}
	if moved {
		b.Link()
	}
	return nil
}

func row(b *record.Batch, s *record.Schema, op record.Op, before bool, fill Filler, f *Facts, m *Message) error {
	b.Begin(s, op)
	if err := fill.Fill(b, before); err != nil {
		return err
	}
	appendMeta(b, s, f, m)
	return nil
}

// Parser makes cells of a column's kind from JSON values.
type Parser struct {
	scratch record.Batch
	schema  *record.Schema
}

// NewParser returns a parser.
func NewParser() *Parser {
	return &Parser{schema: record.NewSchema(record.Name{}, []record.Column{{Name: "value", Kind: record.Any, Nullable: true}})}
}

// Conversion returns how values become cells of a column; wall clocks without a
// zone are of this one. nil, for a column of kind any: as they are.
func (p *Parser) Conversion(to record.Column, zone *time.Location) (convert.Func, error) {
	if to.Kind == record.Any {
		return nil, nil
	}
	return convert.Plan(p.schema.Columns[0], to, convert.Options{Zone: zone})
}

// Append appends v, which may be missing, as a cell of column name.
func (p *Parser) Append(b *record.Batch, v *gjson.Result, name string, how convert.Func) error {
	switch {
	case !v.Exists():
		b.Absent()
		return nil
	case how == nil || v.Type == gjson.Null:
		return jsonfmt.AppendCell(b, v, name)
	}
	p.scratch.Reset("")
	p.scratch.Begin(p.schema, record.Insert)
	if err := jsonfmt.AppendCell(&p.scratch, v, name); err != nil {
		return err
	}
	return how(b, p.scratch.Row(0), 0)
}

// AppendString appends a text as a cell of column name.
func (p *Parser) AppendString(b *record.Batch, text []byte, how convert.Func) error {
	if how == nil {
		b.String(text)
		return nil
	}
	p.scratch.Reset("")
	p.scratch.Begin(p.schema, record.Insert)
	p.scratch.String(text)
	return how(b, p.scratch.Row(0), 0)
}

// Object is the members of a JSON object, by a table's columns.
type Object struct {
	index  map[string]int
	names  []string
	Values []gjson.Result // by column; the zero Result: missing
}

// NewObject returns an object of these names, without values.
func NewObject(names []string) *Object {
	o := &Object{index: map[string]int{}, names: names, Values: make([]gjson.Result, len(names))}
	for i, name := range names {
		o.index[name] = i
	}
	return o
}

// Read takes the values of v; strange is a member that is no column, "" if
// there is none.
func (o *Object) Read(v *gjson.Result) (strange string) {
	clear(o.Values)
	next := 0
	v.ForEach(func(key, value gjson.Result) bool {
		i := next
		if i >= len(o.names) || o.names[i] != key.Str {
			var known bool
			if i, known = o.index[key.Str]; !known {
				strange = key.Str
				return true
			}
		}
		o.Values[i] = value
		next = i + 1
		return true
	})
	return strange
}

// Members returns the names of an object's members, in order.
func Members(v *gjson.Result) (names []string) {
	v.ForEach(func(key, _ gjson.Result) bool {
		names = append(names, string([]byte(key.Str))) // key.Str lies in the message
		return true
	})
	return names
}

// Fold appends the rest of a shape: names of members, each closed by a byte that
// is in no name.
func Fold(shape []byte, v *gjson.Result) []byte {
	v.ForEach(func(key, _ gjson.Result) bool {
		shape = append(append(shape, key.Str...), 0xff)
		return true
	})
	return shape
}
