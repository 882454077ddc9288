package debeziumfmt

import (
	"encoding/base64"
	"strconv"
	"time"

	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/record"
)

var (
	_ changefmt.Encoder    = (*Encoder)(nil)
	_ changefmt.Transactor = (*Encoder)(nil)
)

// Encoder writes change events as JSON.
type Encoder struct {
	options Options
	plans   changefmt.Plans[plan]
	now     int64 // nanoseconds since 1970
	scratch []byte
	row     record.Row // the first of a schema, while its plan is made
	tx      *changefmt.Transaction
	build   func(*record.Schema) *plan
}

// plan is what is known of a table before its second row.
type plan struct {
	types  []Type
	labels [][]byte // `"name":`
	source Source
	open   []byte // `{"before":`, behind the schema if there is one
	end    string // `}`, twice with a schema

	keyColumns []int
	keyOpen    []byte // `{` or `{"schema":...,"payload":{`
}

// NewEncoder returns an encoder.
func NewEncoder(o Options) *Encoder {
	e := &Encoder{options: o.complete()}
	e.build = e.newPlan
	return e
}

// Meta implements [changefmt.Encoder].
func (*Encoder) Meta() []string {
	return MetaNames()
}

// MetaNames are the metadata columns that a source tells of.
func MetaNames() []string {
	return []string{changefmt.Optime, changefmt.LSN, changefmt.GTID, changefmt.TxID, changefmt.Snapshot, changefmt.Server, changefmt.Thread, changefmt.RowNo}
}

// Grouping implements [changefmt.Encoder].
func (*Encoder) Grouping() changefmt.Grouping { return changefmt.Pairs }

// Begin implements [changefmt.Encoder].
func (e *Encoder) Begin(now time.Time) { e.now = now.UnixNano() }

// In implements [changefmt.Transactor].
func (e *Encoder) In(tx *changefmt.Transaction) { e.tx = tx }

func (e *Encoder) planOf(r record.Row) *plan {
	e.row = r
	return e.plans.Of(r.Schema(), e.build)
}

// AppendKey implements [changefmt.Encoder]: an object of the columns.
func (e *Encoder) AppendKey(dst []byte, r record.Row, columns []int) ([]byte, bool, error) {
	if len(columns) == 0 {
		return dst, false, nil
	}
	p := e.planOf(r)
	if len(p.keyColumns) != len(columns) || &p.keyColumns[0] != &columns[0] {
		p.keyColumns, p.keyOpen = columns, e.keyOpen(p, r.Schema(), columns)
	}
	start := len(dst)
	dst = append(dst, p.keyOpen...)
	var err error
	for i, c := range columns {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, p.labels[c]...)
		if dst, err = e.appendCell(dst, &p.types[c], r, c); err != nil {
			return dst[:start], false, err
		}
	}
	return append(append(dst, '}'), p.end[1:]...), true, nil
}

var opNames = [...]string{record.Insert: "c", record.UpdateBefore: "u", record.UpdateAfter: "u", record.Delete: "d"}

// OpName is what a message calls a change.
func OpName(op record.Op, snapshot bool) string {
	if snapshot && op == record.Insert {
		return "r"
	}
	return opNames[op]
}

// AppendValue implements [changefmt.Encoder].
func (e *Encoder) AppendValue(dst []byte, ev changefmt.Event) ([]byte, error) {
	row := ev.Row()
	p := e.planOf(row)
	start := len(dst)
	dst = append(dst, p.open...)
	var err error
	if dst, err = e.AppendImages(dst, ev); err != nil {
		return dst[:start], err
	}
	dst = append(dst, `,"source":`...)
	dst = p.source.append(dst, row, e.now)
	dst = appendTransaction(append(dst, `,"transaction":`...), e.tx)
	dst = append(append(dst, `,"op":"`...), OpName(ev.Op, p.source.Meta.InSnapshot(row))...)
	dst = strconv.AppendInt(append(dst, `","ts_ms":`...), floor(e.now, 1e6), 10)
	dst = strconv.AppendInt(append(dst, `,"ts_us":`...), floor(e.now, 1e3), 10)
	dst = strconv.AppendInt(append(dst, `,"ts_ns":`...), e.now, 10)
	return append(dst, p.end...), nil
}

// AppendImages appends the rows before and after an event: `null,"after":{...}`.
func (e *Encoder) AppendImages(dst []byte, ev changefmt.Event) (out []byte, err error) {
	p := e.planOf(ev.Row())
	if !ev.Before.Valid() {
		dst = append(dst, `null`...)
	} else if dst, err = e.appendBefore(dst, p, ev.Before); err != nil {
		return dst, err
	}
	if !ev.After.Valid() {
		return append(dst, `,"after":null`...), nil
	}
	return e.appendAfter(append(dst, `,"after":`...), p, &ev)
}

// AppendAfter appends the row as it is after an event.
func (e *Encoder) AppendAfter(dst []byte, ev changefmt.Event) (out []byte, err error) {
	return e.appendAfter(dst, e.planOf(ev.Row()), &ev)
}

func (e *Encoder) appendBefore(dst []byte, p *plan, r record.Row) (out []byte, err error) {
	open := len(dst)
	for c := range p.types {
		if r.Kind(c) == record.Absent {
			continue
		}
		dst = append(append(dst, ','), p.labels[c]...)
		if dst, err = e.appendCell(dst, &p.types[c], r, c); err != nil {
			return dst, err
		}
	}
	return changefmt.CloseObject(dst, open), nil
}

// Unavailable stands for a text or binary value that the change says nothing
// about.
const Unavailable = "__debezium_unavailable_value"

func (e *Encoder) appendAfter(dst []byte, p *plan, ev *changefmt.Event) (out []byte, err error) {
	open := len(dst)
	for c := range p.types {
		t := &p.types[c]
		r := ev.Now(c)
		if r.Kind(c) == record.Absent {
			dst = t.appendUnavailable(dst, p.labels[c])
			continue
		}
		dst = append(append(dst, ','), p.labels[c]...)
		if dst, err = e.appendCell(dst, t, r, c); err != nil {
			return dst, err
		}
	}
	return changefmt.CloseObject(dst, open), nil
}

// Placeable tells that Unavailable can stand for a value of the type.
func (t *Type) Placeable() bool {
	return t.form == plain && (t.Wire == String && t.Logical != nameUUID || t.Wire == Bytes)
}

func (t *Type) appendUnavailable(dst, label []byte) []byte {
	if !t.Placeable() {
		return dst
	}
	dst = append(append(append(dst, ','), label...), '"')
	if t.Wire == Bytes {
		dst = base64.StdEncoding.AppendEncode(dst, []byte(Unavailable))
	} else {
		dst = append(dst, Unavailable...)
	}
	return append(dst, '"')
}

// appendCell appends a value that is not absent.
func (e *Encoder) appendCell(dst []byte, t *Type, r record.Row, c int) ([]byte, error) {
	if r.Kind(c) <= record.Null {
		return append(dst, "null"...), nil
	}
	switch t.Wire {
	case Int16, Int32, Int64:
		if t.form == unsigned {
			return strconv.AppendUint(dst, r.Uint64(c), 10), nil
		}
		v, err := t.Int64(r, c)
		return strconv.AppendInt(dst, v, 10), err
	case String:
		if !t.fromOutside() {
			return append(t.AppendText(append(dst, '"'), r, c), '"'), nil
		}
		dst, ok := jsonfmt.AppendString(dst, r.Bytes(c))
		if !ok {
			return dst, changefmt.NotUTF8(r, c)
		}
		return dst, nil
	case Bytes:
		var err error
		if e.scratch, err = t.AppendBytes(e.scratch[:0], r, c); err != nil {
			return dst, err
		}
		return append(base64.StdEncoding.AppendEncode(append(dst, '"'), e.scratch), '"'), nil
	case Variable:
		raw, scale, err := t.AppendVariable(e.scratch[:0], r, c)
		if e.scratch = raw; err != nil {
			return dst, err
		}
		dst = strconv.AppendInt(append(dst, `{"scale":`...), int64(scale), 10)
		dst = base64.StdEncoding.AppendEncode(append(dst, `,"value":"`...), raw)
		return append(dst, '"', '}'), nil
	case Geometry, Point:
		return t.appendShape(dst, r, c)
	default: // truth values, floats, numbers and what is mixed: as JSON has them
		return jsonfmt.AppendValue(dst, r, c)
	}
}

func (e *Encoder) newPlan(s *record.Schema) *plan {
	p := &plan{types: Types(s.Columns[:s.Data], e.options), end: "}"}
	for c := range p.types {
		p.labels = append(p.labels, changefmt.Label(p.types[c].Column.Name))
	}
	p.source = NewSource(s, e.row, e.options)
	if e.options.Schemas {
		p.open = append(e.appendEnvelopeSchema([]byte(`{"schema":`), p, s), `,"payload":`...)
		p.end = "}}"
	}
	p.open = append(p.open, `{"before":`...)
	return p
}

// keyOpen is what stands before a key's columns.
func (e *Encoder) keyOpen(p *plan, s *record.Schema, columns []int) []byte {
	if !e.options.Schemas {
		return []byte{'{'}
	}
	dst := []byte(`{"schema":{"type":"struct","fields":[`)
	for i, c := range columns {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = p.types[c].appendField(dst)
	}
	dst = jsonfmt.AppendText(append(dst, `],"optional":false,"name":`...), e.options.FullName(s.Name, p.source.System)+".Key")
	return append(dst, `},"payload":{`...)
}

func appendTransaction(dst []byte, tx *changefmt.Transaction) []byte {
	if tx == nil || len(tx.ID) == 0 {
		return append(dst, "null"...)
	}
	dst, _ = jsonfmt.AppendString(append(dst, `{"id":`...), tx.ID)
	dst = strconv.AppendInt(append(dst, `,"total_order":`...), tx.Total, 10)
	dst = strconv.AppendInt(append(dst, `,"data_collection_order":`...), tx.OfTable, 10)
	return append(dst, '}')
}
