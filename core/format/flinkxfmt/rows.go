package flinkxfmt

import (
	"strconv"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/record"
)

// Rows makes rows of changes, for destinations that keep rows: the headers of a
// message as columns, and behind them, by shape, each column before and after
// the change (NULL where the row was not there), two documents with the row
// before and after it, or the columns themselves, a row for each of the two. All
// changes of one table make rows of one schema. One goroutine may use it.
type Rows struct {
	encoder *Encoder
	plans   changefmt.Plans[rowsPlan]
	text    []byte
}

// rowsPlan is what is known of a table before its first change.
type rowsPlan struct {
	plan
	schema *record.Schema
	name   record.Name // as the headers tell it
	key    string      // the names of its columns
}

// NewRows returns what makes rows of that shape.
func NewRows(o Options) *Rows { return &Rows{encoder: NewEncoder(o)} }

// Meta names the metadata columns that rows are made with.
func (r *Rows) Meta() []string { return r.encoder.Meta() }

// Grouping tells which rows make one.
func (r *Rows) Grouping() changefmt.Grouping { return r.encoder.Grouping() }

// Begin is called before each batch with the time of its rows.
func (r *Rows) Begin(now time.Time) { r.encoder.Begin(now) }

// Schema returns what rows of changes to a table are; the same for the same.
func (r *Rows) Schema(s *record.Schema) *record.Schema { return r.plans.Of(s, r.newPlan).schema }

func (r *Rows) newPlan(s *record.Schema) *rowsPlan {
	p := &rowsPlan{plan: *r.encoder.newPlan(s), name: s.Name}
	if p.name.Schema == "" || p.name.Database == "" { // a database without schemas is the schema
		p.name.Schema, p.name.Database = p.name.Schema+p.name.Database, ""
	}
	for i, k := range s.Key {
		if i > 0 {
			p.key += ","
		}
		p.key += s.Columns[k].Name
	}
	var columns []record.Column
	for _, name := range headers {
		kind := record.String
		if name == "ts" {
			kind = record.Int64
		}
		columns = append(columns, record.Column{Name: name, Kind: kind, Nullable: true})
	}
	half := func(prefix string) {
		for _, c := range s.Columns[:s.Data] {
			c.Name, c.Nullable = prefix+c.Name, true
			columns = append(columns, c)
		}
	}
	switch r.encoder.options.Shape {
	case Paving:
		half("before_")
		half("after_")
	case Nested:
		columns = append(columns, record.Column{Name: "before", Kind: record.JSON, Nullable: true}, record.Column{Name: "after", Kind: record.JSON, Nullable: true})
	default:
		half("")
	}
	p.schema = record.NewSchema(s.Name, columns)
	return p
}

// Append appends the row of a change to b. After an error, of class Data,
// nothing is appended.
func (r *Rows) Append(b *record.Batch, ev changefmt.Event) error {
	row := ev.Row()
	p := r.plans.Of(row.Schema(), r.newPlan)
	if p.collision != "" {
		return errclass.BadValue(p.collision, errclass.Other, "the column has the name of a header, of which a row can have one; set pavingData instead of split")
	}
	b.Begin(p.schema, record.Insert)
	r.headers(b, p, &ev)
	var err error
	switch r.encoder.options.Shape {
	case Paving:
		appendHalf(b, p, func(int) record.Row { return ev.Before }, ev.Before.Valid())
		appendHalf(b, p, ev.Now, ev.After.Valid())
	case Nested:
		err = r.documents(b, p, &ev)
	default:
		appendHalf(b, p, func(int) record.Row { return row }, true)
	}
	if err != nil {
		b.Drop()
	}
	return err
}

// headers appends the columns that are of the message itself.
func (r *Rows) headers(b *record.Batch, p *rowsPlan, ev *changefmt.Event) {
	text := func(s string) {
		if s == "" {
			b.Null()
			return
		}
		b.Text(record.String, s)
	}
	row := ev.Row()
	text(p.name.Database)
	text(p.name.Schema)
	text(p.name.Table)
	b.Int64(r.encoder.next())
	if lsn := p.meta.Text(row, p.meta.LSN); len(lsn) > 0 {
		b.String(lsn)
	} else {
		b.Null()
	}
	if sec, nsec, ok := p.meta.Commit(row); ok {
		r.text = strconv.AppendInt(r.text[:0], changefmt.Millis(sec, nsec), 10)
		b.String(r.text)
	} else {
		b.Null()
	}
	text(p.key)
	kind := typeNames[ev.Op]
	if r.encoder.options.Shape == Split && ev.Op == record.UpdateAfter {
		kind = "UPDATE_AFTER"
	}
	text(kind)
}

// appendHalf appends the columns of one side; a value that the change does not
// tell is NULL.
func appendHalf(b *record.Batch, p *rowsPlan, of func(c int) record.Row, there bool) {
	for c := range p.before {
		if !there {
			b.Null()
			continue
		}
		if row := of(c); row.Kind(c) == record.Absent {
			b.Null()
		} else {
			b.Copy(row, c)
		}
	}
}

// documents appends the two sides as objects, {} for one that was not there.
func (r *Rows) documents(b *record.Batch, p *rowsPlan, ev *changefmt.Event) (err error) {
	for _, before := range []bool{true, false} {
		r.text = r.text[:0]
		if before && ev.Before.Valid() || !before && ev.After.Valid() {
			if r.text, err = r.encoder.appendRow(r.text, p.plan.before, ev, before); err != nil {
				return err
			}
		}
		r.text = changefmt.CloseObject(r.text, 0)
		b.JSON(r.text)
	}
	return nil
}
