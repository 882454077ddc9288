package sqlkit

import (
	"fmt"
	"slices"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/record"
)

// Formatter rewrites the columns that a job gives a date pattern to: times
// become texts in the pattern, texts are read by it. It is immutable.
type Formatter struct {
	Schema *record.Schema // of the rows it makes
	funcs  []convert.Func // nil: the cell is copied
}

// NewFormatter returns the formatter of rows of a schema whose first columns
// are those of the job; nil if no pattern applies. The zone is that of texts.
// The error is of class Config.
func NewFormatter(from *record.Schema, columns []Column, zone *time.Location) (*Formatter, error) {
	f := &Formatter{funcs: make([]convert.Func, from.Data)}
	to := *from
	to.Columns = slices.Clone(from.Columns)
	used := false
	for i := range min(len(columns), from.Data) {
		c := &columns[i]
		if c.Format == "" && c.ParseFormat == "" || !hasPattern(from.Columns[i].Kind) {
			continue
		}
		to.Columns[i].Kind, to.Columns[i].Length = record.String, 0
		var err error
		if f.funcs[i], err = convert.Plan(from.Columns[i], to.Columns[i], c.formats(zone)); err != nil {
			return nil, err
		}
		used = true
	}
	if !used {
		return nil, nil
	}
	f.Schema = &to
	return f, nil
}

func (c *Column) formats(zone *time.Location) convert.Options {
	return convert.Options{Zone: zone, Format: c.Format, ParseFormat: c.ParseFormat}
}

// hasPattern tells the kinds that a date pattern means something for.
func hasPattern(k record.Kind) bool {
	switch k {
	case record.Date, record.Time, record.Datetime, record.Timestamp, record.String:
		return true
	}
	return false
}

// Append begins a row in dst and appends the data columns of row to it; the
// caller appends what metadata there is. On an error, which is of class Data,
// nothing is left in dst.
func (f *Formatter) Append(dst *record.Batch, row record.Row) error {
	dst.Begin(f.Schema, row.Op())
	for i, convert := range f.funcs {
		if convert == nil {
			dst.Copy(row, i)
			continue
		}
		if err := convert(dst, row, i); err != nil {
			dst.Drop()
			return err
		}
	}
	return nil
}

// checkFormat finds a malformed date pattern.
func checkFormat(i int, c *Column) error {
	text := record.Column{Name: c.Name, Kind: record.String}
	if _, err := convert.Plan(text, text, c.formats(time.UTC)); err != nil {
		key := "format"
		if c.Format == "" {
			key = "parseFormat"
		}
		return config.Field(fmt.Sprintf("column[%d].%s", i, key), err)
	}
	return nil
}
