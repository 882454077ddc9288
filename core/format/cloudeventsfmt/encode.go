package cloudeventsfmt

import (
	"bytes"
	"strconv"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/debeziumfmt"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/record"
)

var (
	_ changefmt.Encoder = (*Encoder)(nil)
	_ changefmt.Headed  = (*Encoder)(nil)
)

// Options refine the format.
type Options struct {
	debeziumfmt.Options      // Schemas means nothing
	Binary              bool // attributes are headers
}

// Encoder writes events.
type Encoder struct {
	options Options
	inner   *debeziumfmt.Encoder
	plans   changefmt.Plans[plan]
	now     int64
	first   record.Row
	build   func(*record.Schema) *plan
	place   []byte // of the event before
	row     int    // its number there

	attributes []attribute // of the event
	values     []byte      // theirs, one behind the other
}

// plan is what is known of a table before its second row.
type plan struct {
	meta                    changefmt.Meta
	table                   record.Name
	connector, source, kind string
}

// NewEncoder returns an encoder.
func NewEncoder(o Options) *Encoder {
	o.Schemas = false
	if o.Name == "" {
		o.Name = "datasync"
	}
	e := &Encoder{options: o, inner: debeziumfmt.NewEncoder(o.Options)}
	e.build = e.newPlan
	return e
}

// Meta implements [changefmt.Encoder].
func (e *Encoder) Meta() []string { return e.inner.Meta() }

// Grouping implements [changefmt.Encoder].
func (e *Encoder) Grouping() changefmt.Grouping { return e.inner.Grouping() }

// Begin implements [changefmt.Encoder].
func (e *Encoder) Begin(now time.Time) {
	e.now = now.UnixMilli()
	e.inner.Begin(now)
}

// AppendKey implements [changefmt.Encoder].
func (e *Encoder) AppendKey(dst []byte, r record.Row, columns []int) ([]byte, bool, error) {
	return e.inner.AppendKey(dst, r, columns)
}

// AppendChange implements [changefmt.Encoder]: Debezium's event as it is.
func (e *Encoder) AppendChange(dst []byte, c *record.Change) (out []byte, key int, ok bool) {
	return e.inner.AppendChange(dst, c)
}

// AppendValue implements [changefmt.Encoder].
func (e *Encoder) AppendValue(dst []byte, ev changefmt.Event) ([]byte, error) {
	start := len(dst)
	var err error
	if e.options.Binary {
		dst, err = e.inner.AppendImages(append(dst, `{"before":`...), ev)
	} else {
		e.gather(&ev)
		from := 0
		for i, a := range e.attributes {
			dst = append(append(append(dst, "{,"[min(i, 1)], '"'), a.name...), '"', ':')
			var ok bool
			if dst, ok = jsonfmt.AppendString(dst, e.values[from:a.end]); !ok {
				return dst[:start], errclass.BadValue("", errclass.Encoding, "the attribute %s is not valid UTF-8", a.name)
			}
			from = a.end
		}
		dst, err = e.inner.AppendImages(append(dst, `,"data":{"before":`...), ev)
		dst = append(dst, '}')
	}
	if err != nil {
		return dst[:start], err
	}
	return append(dst, '}'), nil
}

// AppendHeaders implements [changefmt.Headed].
func (e *Encoder) AppendHeaders(dst []changefmt.Header, ev changefmt.Event) []changefmt.Header {
	if !e.options.Binary {
		return dst
	}
	e.gather(&ev)
	from := 0
	for _, a := range e.attributes {
		dst = append(dst, changefmt.Header{Name: headerNames[a.name], Value: e.values[from:a.end]})
		from = a.end
	}
	return dst
}

// headerNames are the names of attributes as headers.
var headerNames = func() map[string]string {
	m := map[string]string{"datacontenttype": "content-type"}
	for _, name := range []string{"id", "source", "specversion", "type", "time", attrOp, attrConnector, attrName, attrMillis,
		attrSnapshot, attrDB, attrSchema, attrTable, attrPlace, attrGTID, attrTxID} {
		m[name] = "ce_" + name
	}
	return m
}()

// Names of attributes beside those of CloudEvents.
const (
	attrOp        = "iodebeziumop"
	attrConnector = "iodebeziumconnector"
	attrName      = "iodebeziumname"
	attrMillis    = "iodebeziumtsms"
	attrSnapshot  = "iodebeziumsnapshot"
	attrDB        = "iodebeziumdb"
	attrSchema    = "iodebeziumschema"
	attrTable     = "iodebeziumtable"
	attrPlace     = "iodebeziumat"
	attrGTID      = "iodebeziumgtid"
	attrTxID      = "iodebeziumtxid"
)

// attribute is one of an event; its value ends there in the encoder's values.
type attribute struct {
	name string
	end  int
}

// end ends the value that v was appended to as the attribute called name.
func (e *Encoder) end(name string, v []byte) {
	e.values = v
	e.attributes = append(e.attributes, attribute{name, len(v)})
}

// gather makes the attributes of an event.
func (e *Encoder) gather(ev *changefmt.Event) {
	r := ev.Row()
	e.first = r
	p := e.plans.Of(r.Schema(), e.build)
	sec, nsec, ok := p.meta.Commit(r)
	ms := e.now
	if ok {
		ms = changefmt.Millis(sec, nsec)
	} else {
		sec, nsec = ms/1000, uint32(ms%1000)*1_000_000
	}
	lsn := p.meta.Text(r, p.meta.LSN)
	e.values, e.attributes = e.values[:0], e.attributes[:0]
	e.end("id", e.id(e.values, lsn, p, r))
	e.end("source", append(e.values, p.source...))
	e.end("specversion", append(e.values, "1.0"...))
	e.end("type", append(e.values, p.kind...))
	e.end("time", append(record.AppendDatetime(e.values, sec, nsec, 3, 'T'), 'Z'))
	e.end("datacontenttype", append(e.values, "application/json"...))
	e.end(attrOp, append(e.values, debeziumfmt.OpName(ev.Op, p.meta.InSnapshot(r))...))
	e.end(attrConnector, append(e.values, p.connector...))
	e.end(attrName, append(e.values, e.options.Name...))
	e.end(attrMillis, strconv.AppendInt(e.values, ms, 10))
	e.end(attrSnapshot, strconv.AppendBool(e.values, p.meta.InSnapshot(r)))
	e.end(attrDB, append(e.values, p.table.Database...))
	if p.table.Schema != "" {
		e.end(attrSchema, append(e.values, p.table.Schema...))
	}
	e.end(attrTable, append(e.values, p.table.Table...))
	e.optional(attrPlace, lsn)
	e.optional(attrGTID, p.meta.Text(r, p.meta.GTID))
	e.optional(attrTxID, p.meta.Text(r, p.meta.TxID))
}

func (e *Encoder) optional(name string, value []byte) {
	if len(value) > 0 {
		e.end(name, append(e.values, value...))
	}
}

// id is unique among the events of a source, and the same again where an event
// comes again; without a place in a log it is of this encoder and its time.
func (e *Encoder) id(dst, lsn []byte, p *plan, r record.Row) []byte {
	if n, known := p.meta.Number(r, p.meta.RowNo); known && len(lsn) > 0 {
		dst = append(append(append(dst, "name:"...), e.options.Name...), ";at:"...)
		dst = strconv.AppendInt(append(append(dst, lsn...), ";row:"...), n+1, 10)
		if r.Linked() { // behind the delete of the same change
			dst = append(dst, ";moved"...)
		}
		return dst
	}
	if !bytes.Equal(e.place, lsn) {
		e.place, e.row = append(e.place[:0], lsn...), 0
	}
	e.row++
	dst = append(append(append(dst, "name:"...), e.options.Name...), ";at:"...)
	if len(lsn) > 0 {
		dst = append(dst, lsn...)
	} else {
		dst = strconv.AppendInt(dst, e.now, 10)
	}
	return strconv.AppendInt(append(dst, ";row:"...), int64(e.row), 10)
}

func (e *Encoder) newPlan(s *record.Schema) *plan {
	p := &plan{meta: changefmt.MetaOf(s), table: s.Name, connector: e.options.Connector}
	if p.connector == "" {
		p.connector = debeziumfmt.ConnectorOf(debeziumfmt.SystemOf("", s, p.meta.Text(e.first, p.meta.LSN)))
	}
	p.source = "/debezium/" + p.connector + "/" + e.options.Name
	p.kind = "io.debezium.connector." + p.connector + ".DataChangeEvent"
	return p
}
