package convert

import (
	"fmt"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// Func converts the value of column c of r and appends it to dst as one cell.
// On an error, an [*errclass.Value] of class Data, nothing is appended.
type Func func(dst *record.Batch, r record.Row, c int) error

// Options refine a conversion.
type Options struct {
	Zone        *time.Location // of wall clocks; nil: UTC
	Format      string         // Java date pattern: texts are read by it, times as text are written in it
	ParseFormat string         // reads texts instead of Format, which then only writes
	Bits        int            // size of an integer target: 8, 16, 24 or 32; 0: 64. See [Type]
	Days        bool           // eight digits are a day, 20060102, as DataX reads them
}

// defaultPattern is how a text that was parsed by a pattern is written again.
const defaultPattern = "yyyy-MM-dd HH:mm:ss"

// pair is a planned conversion.
type pair struct {
	name   string // of the column, for errors
	to     record.Column
	zone   *time.Location
	bits   int
	days   bool
	parser *pattern // of texts; nil: ISO 8601 and epoch milliseconds
	writer *pattern // of times as text; nil: ISO 8601
}

// cell converts one value that is neither null nor absent.
type cell func(p *pair, dst *record.Batch, r record.Row, c int) error

// Plan returns the function from one column to another. An error, of class
// Config, means that the kinds have nothing to do with each other or that a
// pattern is malformed.
func Plan(from, to record.Column, opt Options) (Func, error) {
	p := &pair{name: to.Name, to: to, zone: opt.Zone, bits: opt.Bits, days: opt.Days}
	if p.name == "" {
		p.name = from.Name
	}
	if p.zone == nil {
		p.zone = time.UTC
	}
	if err := p.patterns(from.Kind, to.Kind, opt); err != nil {
		return nil, errclass.With(errclass.Config, fmt.Errorf("column %q: %w", p.name, err))
	}
	if to.Kind == record.Any || from.Kind == to.Kind && p.identity(from) {
		return copyCell, nil
	}
	if from.Kind != record.Any && table[to.Kind][from.Kind] == nil {
		return nil, errclass.With(errclass.Config, fmt.Errorf("column %q: a value of kind %s cannot become one of kind %s", p.name, from.Kind, to.Kind))
	}
	row := &table[to.Kind]
	return func(dst *record.Batch, r record.Row, c int) error {
		kind := r.Kind(c)
		if kind <= record.Null {
			dst.Copy(r, c)
			return nil
		}
		if f := row[kind]; f != nil {
			return f(p, dst, r, c)
		}
		return p.bad(errclass.Conversion, "a value of kind %s cannot become one of kind %s", kind, to.Kind)
	}, nil
}

func copyCell(dst *record.Batch, r record.Row, c int) error {
	dst.Copy(r, c)
	return nil
}

func keep(_ *pair, dst *record.Batch, r record.Row, c int) error {
	dst.Copy(r, c)
	return nil
}

// identity tells whether values of the same kind need no look.
func (p *pair) identity(from record.Column) bool {
	switch from.Kind {
	case record.Int64, record.Uint64:
		return p.bits == 0 || p.bits >= 64
	case record.Decimal:
		whole := from.Precision - from.Scale
		return p.to.Precision == 0 || from.Precision > 0 && whole <= p.to.Precision-p.to.Scale && from.Scale <= p.to.Scale
	case record.String:
		return p.parser == nil
	}
	return true
}

func (p *pair) patterns(from, to record.Kind, opt Options) (err error) {
	parse, write := opt.Format, opt.Format
	if opt.ParseFormat != "" {
		parse = opt.ParseFormat
	}
	if from == record.String && to == record.String && opt.ParseFormat == "" && opt.Format != "" {
		write = defaultPattern
	}
	if parse != "" {
		if p.parser, err = compile(parse); err != nil {
			return err
		}
	}
	if write != "" {
		p.writer, err = compile(write)
	}
	return err
}

func (p *pair) bad(reason errclass.Reason, format string, args ...any) error {
	return errclass.BadValue(p.name, reason, format, args...)
}

func (p *pair) badText(v []byte, what string) error {
	return p.bad(errclass.Conversion, "%s is no %s", quote(v), what)
}

func (p *pair) overflow(v []byte, what string) error {
	return p.bad(errclass.Overflow, "%s does not fit %s", quote(v), what)
}

const quoted = 64 // bytes of a value that an error shows

func quote(v []byte) string {
	if len(v) > quoted {
		return fmt.Sprintf("%q...", v[:quoted])
	}
	return fmt.Sprintf("%q", v)
}
