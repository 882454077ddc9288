package maxwellfmt

import (
	"bytes"
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
	commits bool // the next event is the last one of its transaction
	plans   changefmt.Plans[plan]
	now     int64
}

// plan is what is known of a table before its first row.
type plan struct {
	labels [][]byte // `"name":`
	forms  []form
	pk     [][]byte // `,"pk.name":`
	meta   changefmt.Meta
	names  []byte // `"database":"shop","table":"users"`
	keys   []byte // `,"primary_key_columns":[...]`, behind which data follows
}

// form is how values are written that their kind does not tell.
type form uint8

const (
	asKind form = iota
	aSet        // a list of the members
	aBit        // 0 or 1
)

// Commits says whether the event that follows is the last one of its
// transaction.
func (e *Encoder) Commits(last bool) { e.commits = last }

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
		if dst, err = e.appendValue(dst, p.forms[c], r, c, r.Kind(c)); err != nil {
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
	dst = p.appendPlace(dst, row, e.commits)
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
func (p *plan) appendPlace(dst []byte, r record.Row, commits bool) []byte {
	if xid := p.meta.Text(r, p.meta.TxID); len(xid) > 0 {
		dst = appendXID(append(dst, `,"xid":`...), xid)
	}
	if commits {
		dst = append(dst, `,"commit":true`...)
	}
	if lsn := p.meta.Text(r, p.meta.LSN); len(lsn) > 0 {
		dst = append(dst, `,"position":`...)
		dst = appendPosition(dst, lsn)
	}
	if gtid := p.meta.Text(r, p.meta.GTID); len(gtid) > 0 {
		dst, _ = jsonfmt.AppendString(append(dst, `,"gtid":`...), gtid)
	}
	return dst
}

// appendPosition appends a place in the log, of MySQL's as file:offset.
func appendPosition(dst, lsn []byte) []byte {
	place := changefmt.ParsePlace(lsn)
	if place.System != changefmt.MySQL {
		dst, _ = jsonfmt.AppendString(dst, lsn)
		return dst
	}
	dst, _ = jsonfmt.AppendString(dst, place.File)
	return append(strconv.AppendInt(append(dst[:len(dst)-1], ':'), place.Pos, 10), '"')
}

// appendXID appends a transaction's number: the identifier itself, or what is
// behind its last colon, dash or slash, as in a GTID and in a place of the log.
func appendXID(dst, xid []byte) []byte {
	tail := xid[bytes.LastIndexAny(xid, ":-/")+1:]
	for len(tail) > 1 && tail[0] == '0' {
		tail = tail[1:]
	}
	if isWhole(tail) {
		return append(dst, tail...)
	}
	return jsonfmt.AppendText(dst, string(xid))
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
		if dst, err = e.appendValue(dst, p.forms[c], from, c, kind); err != nil {
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
		if dst, err = e.appendValue(dst, p.forms[c], ev.Before, c, kind); err != nil {
			return dst, err
		}
	}
	return changefmt.CloseObject(dst, open), nil
}

func (e *Encoder) appendValue(dst []byte, f form, r record.Row, c int, kind record.Kind) ([]byte, error) {
	switch {
	case f == aSet && kind == record.String:
		return appendSet(dst, r, c)
	case f == aBit && kind == record.Bool:
		if r.Bool(c) {
			return append(dst, '1'), nil
		}
		return append(dst, '0'), nil
	}
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

// appendSet appends the members of a set.
func appendSet(dst []byte, r record.Row, c int) ([]byte, error) {
	dst = append(dst, '[')
	for i, rest := 0, r.Bytes(c); len(rest) > 0; i++ {
		member, after, _ := bytes.Cut(rest, []byte{','})
		if i > 0 {
			dst = append(dst, ',')
		}
		var ok bool
		if dst, ok = jsonfmt.AppendString(dst, member); !ok {
			return dst, changefmt.NotUTF8(r, c)
		}
		rest = after
	}
	return append(dst, ']'), nil
}

func formOf(c *record.Column) form {
	switch base := changefmt.BaseType(c.Native); {
	case base == "set" && c.Kind == record.String:
		return aSet
	case base == "bit" && c.Kind == record.Bool:
		return aBit
	}
	return asKind
}

func newPlan(s *record.Schema) *plan {
	p := &plan{meta: changefmt.MetaOf(s), names: appendNames(nil, s.Name)}
	for c := range s.Columns[:s.Data] {
		name := s.Columns[c].Name
		p.labels = append(p.labels, changefmt.Label(name))
		p.forms = append(p.forms, formOf(&s.Columns[c]))
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
