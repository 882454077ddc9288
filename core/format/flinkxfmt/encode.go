package flinkxfmt

import (
	"slices"
	"strconv"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/record"
)

var _ changefmt.Encoder = (*Encoder)(nil)

// Shape is how the rows before and after a change stand in a body.
type Shape uint8

const (
	Paving Shape = iota // before_ and after_ before the names of columns
	Nested              // two objects
	Split               // a message each, with the columns' own names
)

// Options refine the format.
type Options struct {
	Shape  Shape
	Zone   *time.Location // that instants are written in; nil: UTC
	Worker int            // tells encoders that write at the same time apart, in ts: 0 to 1023
}

// Encoder writes bodies.
type Encoder struct {
	options Options
	zone    *changefmt.Zone
	plans   changefmt.Plans[plan]
	ts      int64 // of the message before, or the least of the next one
}

// plan is what is known of a table before its first row.
type plan struct {
	before, after [][]byte // `,"name":`, with their prefixes
	meta          changefmt.Meta
	names         []byte // `"database":null,"schema":"shop","table":"users","ts":`
	key           []byte // `,"primary_key":"id","type":"`
	collision     string // a column whose name is a header's, in shape Split
}

// headers are the names of a message's own members.
var headers = []string{"database", "schema", "table", "ts", "lsn", "opTime", "primary_key", "type"}

// NewEncoder returns an encoder.
func NewEncoder(o Options) *Encoder {
	return &Encoder{options: o, zone: changefmt.NewZone(o.Zone)}
}

// Meta implements [changefmt.Encoder].
func (*Encoder) Meta() []string { return []string{changefmt.Optime, changefmt.LSN} }

// Grouping implements [changefmt.Encoder].
func (e *Encoder) Grouping() changefmt.Grouping {
	if e.options.Shape == Split {
		return changefmt.Alone
	}
	return changefmt.Links
}

const (
	clockBits  = 22 // below the milliseconds
	workerBits = 12 // below the worker: the sequence
	sequences  = 1<<workerBits - 1
)

// Begin implements [changefmt.Encoder].
func (e *Encoder) Begin(now time.Time) {
	e.ts = max(e.ts, now.UnixMilli()<<clockBits|int64(e.options.Worker&0x3ff)<<workerBits)
}

// next is the ts of a message. When a millisecond has no more, it is of the next one.
func (e *Encoder) next() int64 {
	if e.ts&sequences == sequences {
		e.ts = (e.ts>>clockBits+1)<<clockBits | int64(e.options.Worker&0x3ff)<<workerBits
	}
	e.ts++
	return e.ts
}

// AppendKey implements [changefmt.Encoder].
func (*Encoder) AppendKey(dst []byte, r record.Row, columns []int) ([]byte, bool, error) {
	return changefmt.AppendTextKey(dst, r, columns)
}

var typeNames = [...]string{record.Insert: "INSERT", record.UpdateBefore: "UPDATE_BEFORE", record.UpdateAfter: "UPDATE", record.Delete: "DELETE"}

// AppendValue implements [changefmt.Encoder].
func (e *Encoder) AppendValue(dst []byte, ev changefmt.Event) (out []byte, err error) {
	row := ev.Row()
	p := e.plans.Of(row.Schema(), e.newPlan)
	if p.collision != "" {
		return dst, errclass.BadValue(p.collision, errclass.Other, "the column has the name of a header, of which a split message can hold one; set pavingData instead of split")
	}
	start := len(dst)
	if e.options.Shape == Nested {
		dst = append(dst, `{"message":`...)
	}
	dst = strconv.AppendInt(append(dst, p.names...), e.next(), 10)
	if lsn := p.meta.Text(row, p.meta.LSN); len(lsn) > 0 {
		dst, _ = jsonfmt.AppendString(append(dst, `,"lsn":`...), lsn)
	}
	if sec, nsec, ok := p.meta.Commit(row); ok {
		dst = strconv.AppendInt(append(dst, `,"opTime":"`...), changefmt.Millis(sec, nsec), 10)
		dst = append(dst, '"')
	}
	dst = append(append(dst, p.key...), typeNames[ev.Op]...)
	if e.options.Shape == Split && ev.Op == record.UpdateAfter {
		dst = append(dst, "_AFTER"...)
	}
	dst = append(dst, '"')
	if e.options.Shape == Nested {
		dst, err = e.appendNested(dst, p, &ev)
	} else {
		dst, err = e.appendFlat(dst, p, &ev)
	}
	if err != nil {
		return dst[:start], err
	}
	return append(dst, '}'), nil
}

func (e *Encoder) appendFlat(dst []byte, p *plan, ev *changefmt.Event) (out []byte, err error) {
	if ev.Before.Valid() {
		if dst, err = e.appendRow(dst, p.before, ev, true); err != nil {
			return dst, err
		}
	}
	if ev.After.Valid() {
		return e.appendRow(dst, p.after, ev, false)
	}
	return dst, nil
}

func (e *Encoder) appendNested(dst []byte, p *plan, ev *changefmt.Event) (out []byte, err error) {
	dst = append(dst, `,"before":`...)
	open := len(dst)
	if ev.Before.Valid() {
		if dst, err = e.appendRow(dst, p.before, ev, true); err != nil {
			return dst, err
		}
	}
	dst = append(changefmt.CloseObject(dst, open), `,"after":`...)
	open = len(dst)
	if ev.After.Valid() {
		if dst, err = e.appendRow(dst, p.after, ev, false); err != nil {
			return dst, err
		}
	}
	return append(changefmt.CloseObject(dst, open), '}'), nil
}

// appendRow appends the members of a row, each with a comma before it.
func (e *Encoder) appendRow(dst []byte, labels [][]byte, ev *changefmt.Event, before bool) (out []byte, err error) {
	for c, label := range labels {
		r := ev.Before
		if !before {
			r = ev.Now(c)
		}
		kind := r.Kind(c)
		if kind == record.Absent {
			continue
		}
		if dst, err = e.appendValue(append(dst, label...), r, c, kind); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func (e *Encoder) appendValue(dst []byte, r record.Row, c int, kind record.Kind) ([]byte, error) {
	switch kind {
	case record.Date, record.Time, record.Datetime, record.Timestamp, record.Interval:
		return append(e.zone.AppendClock(append(dst, '"'), r, c), '"'), nil
	case record.JSON:
		dst, ok := jsonfmt.AppendString(dst, r.Bytes(c))
		if !ok {
			return dst, changefmt.NotUTF8(r, c)
		}
		return dst, nil
	}
	return jsonfmt.AppendValue(dst, r, c)
}

func (e *Encoder) newPlan(s *record.Schema) *plan {
	p := &plan{meta: changefmt.MetaOf(s), names: append(appendNames([]byte{'{'}, s.Name), `,"ts":`...)}
	before, after := "before_", "after_"
	if e.options.Shape != Paving {
		before, after = "", ""
	}
	for c := range s.Columns[:s.Data] {
		name := s.Columns[c].Name
		p.before = append(p.before, append([]byte{','}, changefmt.Label(before+name)...))
		p.after = append(p.after, append([]byte{','}, changefmt.Label(after+name)...))
		if e.options.Shape == Split && slices.Contains(headers, name) {
			p.collision = name
		}
	}
	list := ""
	for i, k := range s.Key {
		if i > 0 {
			list += ","
		}
		list += s.Columns[k].Name
	}
	p.key = append(jsonfmt.AppendText([]byte(`,"primary_key":`), list), `,"type":"`...)
	return p
}

// appendNames appends a table's names; a database without schemas is the schema.
func appendNames(dst []byte, n record.Name) []byte {
	dst = append(dst, `"database":`...)
	if n.Schema == "" || n.Database == "" {
		dst = append(dst, "null"...)
		n.Schema += n.Database
	} else {
		dst = jsonfmt.AppendText(dst, n.Database)
	}
	dst = jsonfmt.AppendText(append(dst, `,"schema":`...), n.Schema)
	return jsonfmt.AppendText(append(dst, `,"table":`...), n.Table)
}

// AppendChange implements [changefmt.Encoder]: the headers of a DdlRowData.
func (*Encoder) AppendChange(dst []byte, c *record.Change) (out []byte, key int, ok bool) {
	dst = appendNames(append(dst, '{'), c.Name)
	name, end := changefmt.EventName(c), `,"lsn_sequence":"0"}`
	if c.Snapshot {
		name, end = "CREATE_TABLE", `,"lsn_sequence":"0","snapshot":true}`
	}
	dst = append(append(append(dst, `,"type":"`...), name...), `","content":`...)
	dst = jsonfmt.AppendText(dst, c.SQL)
	dst = jsonfmt.AppendText(append(dst, `,"lsn":`...), c.LSN)
	return append(dst, end...), -1, true
}
