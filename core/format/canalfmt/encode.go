package canalfmt

import (
	"bytes"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/record"
)

var (
	_ changefmt.Encoder = (*Encoder)(nil)
	_ changefmt.Keyless = (*Encoder)(nil)
)

// Options refine the format.
type Options struct {
	Zone *time.Location // that instants are written in; nil: UTC
}

// Encoder writes flat messages.
type Encoder struct {
	zone  *changefmt.Zone
	plans changefmt.Plans[plan]
	now   int64
	id    int64
}

// plan is what is known of a table before its first row.
type plan struct {
	labels   [][]byte // `"name":`
	meta     changefmt.Meta
	database []byte     // `,"database":"shop","es":`
	sets     []bool     // it is a set
	members  [][]string // of enums and sets, nil for other columns
	types    []byte     // `,"isDdl":false,"mysqlType":{...},"old":`
	tail     []byte     // `,"pkNames":["id"],"sql":"","sqlType":{...},"table":"users","ts":`
}

// NewEncoder returns an encoder.
func NewEncoder(o Options) *Encoder { return &Encoder{zone: changefmt.NewZone(o.Zone)} }

// Meta implements [changefmt.Encoder].
func (*Encoder) Meta() []string { return []string{changefmt.Optime, changefmt.GTID} }

// Grouping implements [changefmt.Encoder].
func (*Encoder) Grouping() changefmt.Grouping { return changefmt.Links }

// Keyless implements [changefmt.Keyless].
func (*Encoder) Keyless() {}

// Begin implements [changefmt.Encoder].
func (e *Encoder) Begin(now time.Time) { e.now = now.UnixMilli() }

// AppendKey implements [changefmt.Encoder].
func (*Encoder) AppendKey(dst []byte, r record.Row, columns []int) ([]byte, bool, error) {
	return changefmt.AppendTextKey(dst, r, columns)
}

// AppendValue implements [changefmt.Encoder].
func (e *Encoder) AppendValue(dst []byte, ev changefmt.Event) ([]byte, error) {
	row := ev.Row()
	p := e.plans.Of(row.Schema(), newPlan)
	start := len(dst)
	var err error
	dst = append(dst, `{"data":[`...)
	if dst, err = e.appendRow(dst, p, &ev); err != nil {
		return dst[:start], err
	}
	dst = append(append(dst, ']'), p.database...)
	dst = strconv.AppendInt(dst, e.millis(p, row), 10)
	dst = append(dst, `,"gtid":`...)
	if dst, err = appendText(dst, p.meta.Text(row, p.meta.GTID), row, p.meta.GTID); err != nil {
		return dst[:start], err
	}
	e.id++
	dst = strconv.AppendInt(append(dst, `,"id":`...), e.id, 10)
	dst = append(dst, p.types...)
	if ev.Op != record.UpdateAfter {
		dst = append(dst, "null"...)
	} else if dst, err = e.appendOld(dst, p, &ev); err != nil {
		return dst[:start], err
	}
	dst = append(dst, p.tail...)
	dst = strconv.AppendInt(dst, e.now, 10)
	dst = append(dst, typeTails[ev.Op]...)
	return dst, nil
}

var typeTails = [...]string{
	record.Insert: `,"type":"INSERT"}`, record.UpdateBefore: `,"type":"UPDATE"}`,
	record.UpdateAfter: `,"type":"UPDATE"}`, record.Delete: `,"type":"DELETE"}`,
}

// millis is when the source committed the row, else now.
func (e *Encoder) millis(p *plan, r record.Row) int64 {
	if sec, nsec, ok := p.meta.Commit(r); ok {
		return changefmt.Millis(sec, nsec)
	}
	return e.now
}

func (e *Encoder) appendRow(dst []byte, p *plan, ev *changefmt.Event) ([]byte, error) {
	r := ev.Row()
	update := ev.Op == record.UpdateAfter
	open := len(dst)
	var err error
	for c, label := range p.labels {
		from := r
		if update {
			from = ev.Now(c)
		}
		kind := from.Kind(c)
		if kind == record.Absent {
			continue
		}
		dst = append(append(dst, ','), label...)
		if dst, err = e.appendCell(dst, p, from, c, kind); err != nil {
			return dst, err
		}
	}
	return changefmt.CloseObject(dst, open), nil
}

// appendOld appends what an update has changed.
func (e *Encoder) appendOld(dst []byte, p *plan, ev *changefmt.Event) ([]byte, error) {
	dst = append(dst, '[')
	open := len(dst)
	var err error
	if before := ev.Before; before.Valid() {
		for c, label := range p.labels {
			kind := before.Kind(c)
			if kind == record.Absent || ev.After.Kind(c) == record.Absent || changefmt.Same(before, ev.After, c) {
				continue
			}
			dst = append(append(dst, ','), label...)
			if dst, err = e.appendCell(dst, p, before, c, kind); err != nil {
				return dst, err
			}
		}
	}
	return append(changefmt.CloseObject(dst, open), ']'), nil
}

// appendCell appends a value; one of an enum or set as the number that the log
// of MySQL has for it.
func (e *Encoder) appendCell(dst []byte, p *plan, r record.Row, c int, kind record.Kind) ([]byte, error) {
	if members := p.members[c]; len(members) > 0 && kind == record.String {
		if n, known := number(members, p.sets[c], r.Bytes(c)); known {
			return append(strconv.AppendUint(append(dst, '"'), n, 10), '"'), nil
		}
	}
	return e.appendValue(dst, r, c, kind)
}

// number is the place of a value in an enum, from 1, or the bits of one of a set;
// false: it is none of it.
func number(members []string, set bool, value []byte) (n uint64, known bool) {
	if !set {
		for i, m := range members {
			if m == string(value) {
				return uint64(i) + 1, true
			}
		}
		return 0, len(value) == 0 // what MySQL keeps for a value that it did not know
	}
	for len(value) > 0 {
		one, rest, _ := bytes.Cut(value, []byte{','})
		bit := -1
		for i, m := range members {
			if m == string(one) {
				bit = i
			}
		}
		if bit < 0 {
			return 0, false
		}
		n |= 1 << bit
		value = rest
	}
	return n, true
}

func (e *Encoder) appendValue(dst []byte, r record.Row, c int, kind record.Kind) ([]byte, error) {
	switch kind {
	case record.Null:
		return append(dst, "null"...), nil
	case record.Int64:
		return append(strconv.AppendInt(append(dst, '"'), r.Int64(c), 10), '"'), nil
	case record.String, record.JSON, record.UUID, record.Decimal:
		return appendText(dst, r.Bytes(c), r, c)
	case record.Bool:
		if r.Bool(c) {
			return append(dst, `"1"`...), nil
		}
		return append(dst, `"0"`...), nil
	case record.Bytes:
		return appendLatin(dst, r.Bytes(c)), nil
	case record.Float64:
		if out, ok := jsonfmt.AppendShort(append(dst, '"'), r.Float64(c)); ok {
			return append(out, '"'), nil
		}
	}
	return append(e.zone.AppendClock(append(dst, '"'), r, c), '"'), nil
}

func appendText(dst, text []byte, r record.Row, c int) ([]byte, error) {
	dst, ok := jsonfmt.AppendString(dst, text)
	if !ok {
		return dst, changefmt.NotUTF8(r, c)
	}
	return dst, nil
}

const hex = "0123456789abcdef"

// appendLatin appends a character for each byte.
func appendLatin(dst, b []byte) []byte {
	dst = append(dst, '"')
	for _, v := range b {
		switch {
		case v == '"' || v == '\\':
			dst = append(dst, '\\', v)
		case v < 0x20 || v == 0x7f:
			dst = append(dst, '\\', 'u', '0', '0', hex[v>>4], hex[v&0xf])
		default:
			dst = utf8.AppendRune(dst, rune(v))
		}
	}
	return append(dst, '"')
}

func newPlan(s *record.Schema) *plan {
	p := &plan{meta: changefmt.MetaOf(s)}
	p.database = append(appendNames(append([]byte(nil), ','), s.Name), `,"es":`...)
	types, numbers := []byte(nil), []byte(nil)
	for c := range s.Columns[:s.Data] {
		label := changefmt.Label(s.Columns[c].Name)
		p.labels = append(p.labels, label)
		p.members = append(p.members, changefmt.EnumMembers(s.Columns[c].Native))
		p.sets = append(p.sets, changefmt.BaseType(s.Columns[c].Native) == "set")
		text, number := typeOf(&s.Columns[c])
		types = jsonfmt.AppendText(append(append(types, ','), label...), text)
		numbers = strconv.AppendInt(append(append(numbers, ','), label...), int64(number), 10)
	}
	p.types = append(append([]byte(`,"isDdl":false,"mysqlType":`), changefmt.CloseObject(types, 0)...), `,"old":`...)
	p.tail = append(p.tail, `,"pkNames":`...)
	if len(s.Key) == 0 {
		p.tail = append(p.tail, "null"...)
	} else {
		for i, k := range s.Key {
			p.tail = jsonfmt.AppendText(append(p.tail, "[,"[min(i, 1)]), s.Columns[k].Name)
		}
		p.tail = append(p.tail, ']')
	}
	p.tail = append(append(p.tail, `,"sql":"","sqlType":`...), changefmt.CloseObject(numbers, 0)...)
	p.tail = jsonfmt.AppendText(append(p.tail, `,"table":`...), s.Name.Table)
	p.tail = append(p.tail, `,"ts":`...)
	return p
}

// appendNames appends the database, and the schema where a database has schemas.
func appendNames(dst []byte, n record.Name) []byte {
	dst = append(dst, `"database":`...)
	switch {
	case n.Database == "":
		return jsonfmt.AppendText(dst, n.Schema)
	case n.Schema == "":
		return jsonfmt.AppendText(dst, n.Database)
	}
	dst = jsonfmt.AppendText(dst, n.Database)
	return jsonfmt.AppendText(append(dst, `,"schema":`...), n.Schema)
}

// AppendChange implements [changefmt.Encoder].
func (e *Encoder) AppendChange(dst []byte, c *record.Change) (out []byte, key int, ok bool) {
	es := e.now
	if !c.At.IsZero() {
		es = c.At.UnixMilli()
	}
	e.id++
	dst = appendNames(append(dst, `{"data":null,`...), c.Name)
	dst = strconv.AppendInt(append(dst, `,"es":`...), es, 10)
	dst = strconv.AppendInt(append(dst, `,"gtid":"","id":`...), e.id, 10)
	dst = append(dst, `,"isDdl":true,"mysqlType":null,"old":null,"pkNames":null,"sql":`...)
	dst = jsonfmt.AppendText(dst, c.SQL)
	dst = jsonfmt.AppendText(append(dst, `,"sqlType":null,"table":`...), c.Name.Table)
	dst = strconv.AppendInt(append(dst, `,"ts":`...), e.now, 10)
	dst = append(append(append(dst, `,"type":"`...), changefmt.EventName(c)...), `"}`...)
	return dst, -1, true
}
