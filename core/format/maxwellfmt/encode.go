package maxwellfmt

import (
	"strconv"
	"time"

	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/record"
)

var _ changefmt.Encoder = (*Encoder)(nil)

// Options refine the format.
type Options struct {
	Zone         *time.Location // that instants are written in; nil: UTC
	DecimalTexts bool           // decimals are texts
}

// Encoder writes messages.
type Encoder struct {
	options Options
	zone    *changefmt.Zone
	plans   changefmt.Plans[plan]
	now     int64
}

// plan is what is known of a table before its first row.
type plan struct {
	labels [][]byte // `"name":`
	pk     [][]byte // `,"pk.name":`
	meta   changefmt.Meta
	names  []byte // `"database":"shop","table":"users"`
	keys   []byte // `,"primary_key_columns":[...]`, behind which data follows
}

// NewEncoder returns an encoder.
func NewEncoder(o Options) *Encoder { return &Encoder{options: o, zone: changefmt.NewZone(o.Zone)} }

// Meta implements [changefmt.Encoder].
func (*Encoder) Meta() []string {
	return []string{changefmt.Optime, changefmt.LSN, changefmt.GTID, changefmt.TxID, changefmt.Snapshot}
}

// Grouping implements [changefmt.Encoder].
func (*Encoder) Grouping() changefmt.Grouping { return changefmt.Links }

// Begin implements [changefmt.Encoder].
func (e *Encoder) Begin(now time.Time) { e.now = now.Unix() }

// AppendKey implements [changefmt.Encoder].
func (e *Encoder) AppendKey(dst []byte, r record.Row, columns []int) ([]byte, bool, error) {
	if len(columns) == 0 {
		return dst, false, nil
	}
	p := e.plans.Of(r.Schema(), newPlan)
	start := len(dst)
	dst = append(append(dst, '{'), p.names...)
	var err error
	for _, c := range columns {
		dst = append(dst, p.pk[c]...)
		if dst, err = e.appendValue(dst, r, c, r.Kind(c)); err != nil {
			return dst[:start], false, err
		}
	}
	return append(dst, '}'), true, nil
}

var typeNames = [...]string{record.Insert: "insert", record.UpdateBefore: "update", record.UpdateAfter: "update", record.Delete: "delete"}

// AppendValue implements [changefmt.Encoder].
func (e *Encoder) AppendValue(dst []byte, ev changefmt.Event) ([]byte, error) {
	row := ev.Row()
	p := e.plans.Of(row.Schema(), newPlan)
	start := len(dst)
	kind := typeNames[ev.Op]
	if ev.Op == record.Insert && p.meta.InSnapshot(row) {
		kind = "bootstrap-insert"
	}
	dst = append(append(dst, '{'), p.names...)
	dst = append(append(append(dst, `,"type":"`...), kind...), `","ts":`...)
	now := e.now
	if sec, _, ok := p.meta.Commit(row); ok {
		now = sec
	}
	dst = strconv.AppendInt(dst, now, 10)
	dst = p.appendPlace(dst, row)
	dst = append(dst, p.keys...)
	var err error
	if dst, err = e.appendData(append(dst, `,"data":`...), p, &ev); err != nil {
		return dst[:start], err
	}
	if ev.Op == record.UpdateAfter && ev.Before.Valid() {
		if dst, err = e.appendOld(append(dst, `,"old":`...), p, &ev); err != nil {
			return dst[:start], err
		}
	}
	return append(dst, '}'), nil
}

// appendPlace appends where the change stands in the source's log.
func (p *plan) appendPlace(dst []byte, r record.Row) []byte {
	if xid := p.meta.Text(r, p.meta.TxID); len(xid) > 0 {
		dst = append(dst, `,"xid":`...)
		if isWhole(xid) {
			dst = append(dst, xid...)
		} else {
			dst = jsonfmt.AppendText(dst, string(xid))
		}
	}
	if lsn := p.meta.Text(r, p.meta.LSN); len(lsn) > 0 {
		dst = append(dst, `,"position":`...)
		if place := changefmt.ParsePlace(lsn); place.System == changefmt.MySQL {
			dst, _ = jsonfmt.AppendString(dst, place.File)
			dst = strconv.AppendInt(append(dst[:len(dst)-1], ':'), place.Pos, 10)
			dst = append(dst, '"')
		} else {
			dst, _ = jsonfmt.AppendString(dst, lsn)
		}
	}
	if gtid := p.meta.Text(r, p.meta.GTID); len(gtid) > 0 {
		dst, _ = jsonfmt.AppendString(append(dst, `,"gtid":`...), gtid)
	}
	return dst
}

// isWhole tells a number as JSON spells it.
func isWhole(text []byte) bool {
	for _, c := range text {
		if c-'0' > 9 {
			return false
		}
	}
	return len(text) == 1 || len(text) > 1 && text[0] != '0'
}

func (e *Encoder) appendData(dst []byte, p *plan, ev *changefmt.Event) ([]byte, error) {
	r := ev.Row()
	open := len(dst)
	var err error
	for c, label := range p.labels {
		from := r
		if ev.Op == record.UpdateAfter {
			from = ev.Now(c)
		}
		kind := from.Kind(c)
		if kind == record.Absent {
			continue
		}
		dst = append(append(dst, ','), label...)
		if dst, err = e.appendValue(dst, from, c, kind); err != nil {
			return dst, err
		}
	}
	return changefmt.CloseObject(dst, open), nil
}

func (e *Encoder) appendOld(dst []byte, p *plan, ev *changefmt.Event) ([]byte, error) {
	open := len(dst)
	var err error
	for c, label := range p.labels {
		kind := ev.Before.Kind(c)
		if kind == record.Absent || ev.After.Kind(c) == record.Absent || changefmt.Same(ev.Before, ev.After, c) {
			continue
		}
		dst = append(append(dst, ','), label...)
		if dst, err = e.appendValue(dst, ev.Before, c, kind); err != nil {
			return dst, err
		}
	}
	return changefmt.CloseObject(dst, open), nil
}

func (e *Encoder) appendValue(dst []byte, r record.Row, c int, kind record.Kind) ([]byte, error) {
	switch kind {
	case record.Date, record.Time, record.Datetime, record.Timestamp, record.Interval:
		return append(e.zone.AppendClock(append(dst, '"'), r, c), '"'), nil
	case record.Decimal:
		if e.options.DecimalTexts {
			dst, ok := jsonfmt.AppendString(dst, r.Bytes(c))
			if !ok {
				return dst, changefmt.NotUTF8(r, c)
			}
			return dst, nil
		}
	}
	return jsonfmt.AppendValue(dst, r, c)
}

func newPlan(s *record.Schema) *plan {
	p := &plan{meta: changefmt.MetaOf(s), names: appendNames(nil, s.Name)}
	for c := range s.Columns[:s.Data] {
		name := s.Columns[c].Name
		p.labels = append(p.labels, changefmt.Label(name))
		p.pk = append(p.pk, append([]byte{','}, changefmt.Label("pk."+name)...))
	}
	if len(s.Key) > 0 {
		p.keys = append(p.keys, `,"primary_key_columns":`...)
		for i, k := range s.Key {
			p.keys = jsonfmt.AppendText(append(p.keys, "[,"[min(i, 1)]), s.Columns[k].Name)
		}
		p.keys = append(p.keys, ']')
	}
	return p
}

// appendNames appends the names of a table; a database without name is the schema.
func appendNames(dst []byte, n record.Name) []byte {
	if n.Database == "" {
		n.Database, n.Schema = n.Schema, ""
	}
	dst = jsonfmt.AppendText(append(dst, `"database":`...), n.Database)
	if n.Schema != "" {
		dst = jsonfmt.AppendText(append(dst, `,"schema":`...), n.Schema)
	}
	return jsonfmt.AppendText(append(dst, `,"table":`...), n.Table)
}
