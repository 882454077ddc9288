package binlogkit

import (
	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/record"
)

// unsaid is a row of what the server gives columns that an insert leaves out:
// with minimal images the log does not have them, unless they are worked out. An
// absent cell: that is not known.
func unsaid(s *record.Schema, columns []Column, at func(i int) int, o *Options) *record.Batch {
	given := make([]record.Default, s.Data)
	for i := range columns {
		if n := at(i); n >= 0 && columns[i].Default.Form != "" {
			given[n] = columns[i].fill(o, nil)
		}
	}
	b := record.NewBatch(1, 0)
	b.Begin(s, record.Insert)
	for n, d := range given {
		switch {
		case d.Kind == record.Nothing:
			b.Null()
		case d.Kind == record.Constant:
			appendConstant(b, &s.Columns[n], d.Text)
		default:
			b.Absent()
		}
	}
	for range s.Columns[s.Data:] {
		b.Absent()
	}
	return b
}

// appendConstant appends a constant as rows of the log have it.
func appendConstant(b *record.Batch, c *record.Column, text string) {
	switch c.Kind {
	case record.String:
		b.String([]byte(text))
		return
	case record.Bytes:
		b.Bytes([]byte(text))
		return
	case record.Decimal:
		b.Decimal([]byte(text))
		return
	case record.JSON:
		b.JSON([]byte(text))
		return
	}
	from := record.Column{Name: c.Name, Kind: record.String}
	spelled, made := record.NewBatch(1, 0), record.NewBatch(1, 0)
	spelled.Begin(record.NewSchema(record.Name{}, []record.Column{from}), record.Insert)
	spelled.String([]byte(text))
	made.Begin(record.NewSchema(record.Name{}, []record.Column{*c}), record.Insert)
	f, err := convert.Plan(from, *c, convert.Options{})
	if err == nil {
		err = f(made, spelled.Row(0), 0)
	}
	if err != nil {
		b.Absent()
		return
	}
	b.Copy(made.Row(0), 0)
}
