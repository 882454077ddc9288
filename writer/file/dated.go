package file

import (
	"fmt"

	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// dated writes times in the patterns of the job file, for formats of text.
type dated struct {
	encoder
	patterns map[int]string // by column
	all      string         // of dates and timestamps without one of their own
	options  convert.Options
	from, to *record.Schema // of the row before, and as it is written
	funcs    []convert.Func // by column; nil: as it is
	stage    *record.Batch
}

// newDated returns e, or what writes times for it. A malformed pattern is of
// class Config.
func newDated(w *writer, e encoder) (encoder, error) {
	d := &dated{encoder: e, patterns: map[int]string{}, all: w.config.DateFormat, options: convert.Options{Zone: w.zone}, stage: record.NewBatch(1, 0)}
	for i, c := range w.config.Column {
		if c.Format != "" {
			d.patterns[i] = c.Format
		}
	}
	if d.all == "" && len(d.patterns) == 0 {
		return e, nil
	}
	for i, pattern := range d.patterns {
		if _, err := d.function(record.Column{Name: w.config.Column[i].Name, Kind: record.Datetime}, pattern); err != nil {
			return nil, err
		}
	}
	if d.all != "" {
		if _, err := d.function(record.Column{Kind: record.Datetime}, d.all); err != nil {
			return nil, errclass.With(errclass.Config, fmt.Errorf("dateFormat: %w", err))
		}
	}
	return d, nil
}

func (d *dated) function(c record.Column, pattern string) (convert.Func, error) {
	opt := d.options
	opt.Format = pattern
	return convert.Plan(c, record.Column{Name: c.Name, Kind: record.String}, opt)
}

func (d *dated) append(dst []byte, r record.Row) ([]byte, error) {
	if s := r.Schema(); s != d.from {
		if err := d.plan(s); err != nil {
			return dst, err
		}
	}
	d.stage.Reset("")
	d.stage.Begin(d.to, r.Op())
	for c, f := range d.funcs {
		if f == nil {
			d.stage.Copy(r, c)
			continue
		}
		if err := f(d.stage, r, c); err != nil {
			return dst, err
		}
	}
	return d.encoder.append(dst, d.stage.Row(0))
}

func (d *dated) plan(s *record.Schema) error {
	to := &record.Schema{Name: s.Name, Data: s.Data, Key: s.Key, Columns: make([]record.Column, s.Data)}
	funcs := make([]convert.Func, s.Data)
	for c := range to.Columns {
		col := s.Columns[c]
		pattern := d.patterns[c]
		switch col.Kind {
		case record.Date, record.Datetime, record.Timestamp:
			if pattern == "" {
				pattern = d.all
			}
		case record.Time:
		default:
			pattern = ""
		}
		if pattern != "" {
			var err error
			if funcs[c], err = d.function(col, pattern); err != nil {
				return errclass.BadValue(col.Name, errclass.Conversion, "%w", err)
			}
			col.Kind = record.String
		}
		to.Columns[c] = col
	}
	d.from, d.to, d.funcs = s, to, funcs
	return nil
}
