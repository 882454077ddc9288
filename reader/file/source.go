package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/csvfmt"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/format/lines"
	"github.com/datasync-io/datasync/core/kit/filekit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

var _ plugin.Source = (*source)(nil)

// source reads the records of one file.
type source struct {
	layout *layout
	in     *input
	spec   spec
	trim   bool             // blanks around bare fields
	places []int            // of the columns in a record; -1: nowhere
	least  int              // fields that a csv record must have
	most   int              // 0: any number
	json   *jsonfmt.Decoder // nil: csv
	stage  *record.Batch    // one record before its conversion
	staged *record.Schema
}

// newSource plans how the file's records become rows. Where the plan names the
// columns they are all that the files have: a record with others is bad.
func newSource(l *layout, in *input, sp spec, c *Config) (*source, error) {
	s := &source{layout: l, in: in, spec: sp, trim: c.CSV.TrimWhitespace, stage: record.NewBatch(1, 0)}
	whole := sp.Names != nil
	var err error
	if in.csv == nil {
		err = s.members(whole)
	} else {
		err = s.fields(whole)
	}
	if err != nil {
		return nil, errors.Join(errclass.With(errclass.Permanent, fmt.Errorf("opening %s: %w", sp.Path, err)), in.close())
	}
	return s, nil
}

// fields plans the reading of delimited text.
func (s *source) fields(whole bool) (err error) {
	if s.places, err = s.layout.places(s.in.names); err != nil {
		return err
	}
	staged := &record.Schema{}
	for i, p := range s.places {
		s.least = max(s.least, p+1)
		if p >= 0 && s.layout.columns[i].text != nil {
			staged.Columns = append(staged.Columns, record.Column{Name: s.layout.columns[i].column.Name, Kind: record.String})
		}
	}
	staged.Data = len(staged.Columns)
	s.staged = staged
	if whole {
		s.most = s.least
	}
	if n := len(s.in.names); n > 0 {
		if whole && n != len(s.places) {
			return fmt.Errorf("its header has %d columns, that of the first file %d: list the columns", n, len(s.places))
		}
		s.least, s.most = n, n
	}
	return nil
}

// members plans the reading of JSON objects.
func (s *source) members(whole bool) error {
	var names []string
	s.staged = &record.Schema{}
	s.places = make([]int, len(s.layout.columns))
	for i := range s.layout.columns {
		p := &s.layout.columns[i]
		s.places[i] = -1
		if p.fixed != nil || p.file {
			continue
		}
		if p.column.Index != nil {
			return fmt.Errorf("column %q has an index, but members of JSON objects have names only: give the name", p.column.Name)
		}
		s.places[i] = len(names)
		names = append(names, p.column.Name)
		s.staged.Columns = append(s.staged.Columns, record.Column{Name: p.column.Name, Kind: record.Any, Nullable: true})
	}
	s.staged.Data = len(s.staged.Columns)
	s.json = jsonfmt.NewDecoder(names, whole)
	return nil
}

// Fill reads records up to a full batch or the end of the file. Every record
// is a place to begin again.
func (s *source) Fill(ctx context.Context, b *record.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for !b.Full() {
		err := s.next(b)
		if err == nil {
			continue
		}
		if errors.Is(err, io.EOF) {
			s.mark(b)
			return io.EOF
		}
		return fmt.Errorf("reading %s behind %s: %w", s.spec.Path, s.behind(), err)
	}
	s.mark(b)
	return nil
}

func (s *source) mark(b *record.Batch) {
	at := s.in.position()
	if s.spec.Line < 0 {
		b.Mark(at.encode("byte", at.Offset), time.Time{})
		return
	}
	b.Mark(at.encode("line", at.Line), time.Time{})
}

// behind says how far the file was read, for errors.
func (s *source) behind() string {
	if s.spec.Line < 0 {
		return fmt.Sprintf("byte %d", s.in.lines.Offset())
	}
	return fmt.Sprintf("line %d", s.in.lines.After())
}

// place says where the present record is, for errors. Parts whose lines are
// not counted give bytes.
func (s *source) place() string {
	if s.spec.Line < 0 {
		return fmt.Sprintf("%s: byte %d", s.spec.Path, s.in.lines.Start())
	}
	return fmt.Sprintf("%s:%d", s.spec.Path, s.in.lines.Number())
}

// next appends one record, as a row or as a reject.
func (s *source) next(b *record.Batch) error {
	if s.json != nil {
		return s.object(b)
	}
	fields, err := s.in.csv.Next()
	if err != nil && errclass.Of(err) != errclass.Data {
		return err
	}
	s.in.records++
	if err == nil && len(fields) == 1 && len(fields[0].Text) == 0 && !fields[0].Quoted && s.least != 1 {
		return nil // an empty line
	}
	if err == nil && s.in.broken(s.in.csv.Raw()) {
		err = s.notEncoded()
	}
	if err == nil {
		err = s.record(b, fields)
	}
	if err != nil {
		s.reject(b, s.in.csv.Raw(), err)
	}
	return nil
}

// record appends a row of fields; after an error there is none.
func (s *source) record(b *record.Batch, fields []csvfmt.Field) error {
	if len(fields) < s.least || s.most > 0 && len(fields) > s.most {
		return errclass.BadValue("", errclass.Conversion, "the record has %d fields, %d are expected", len(fields), s.least)
	}
	if s.trim {
		for i := range fields {
			if !fields[i].Quoted {
				fields[i].Text = bytes.Trim(fields[i].Text, " \t")
			}
		}
	}
	var staged record.Row
	if len(s.staged.Columns) > 0 {
		s.texts(fields)
		staged = s.stage.Row(0)
	}
	b.Begin(s.layout.schema, record.Insert)
	at := 0 // of the column's text in staged
	for i := range s.layout.columns {
		p := &s.layout.columns[i]
		if s.places[i] < 0 {
			s.fixed(b, p)
			continue
		}
		f := &fields[s.places[i]]
		switch {
		case s.in.csv.Null(f) && (p.text != nil || !s.layout.empty):
			b.Null()
		case p.text == nil:
			b.String(f.Text)
		default:
			if err := p.text(b, staged, at); err != nil {
				b.Drop()
				return err
			}
			at++
		}
	}
	s.metadata(b)
	return nil
}

// texts stages the texts that are to be converted, one behind the other.
func (s *source) texts(fields []csvfmt.Field) {
	s.stage.Reset("")
	s.stage.Begin(s.staged, record.Insert)
	for i := range s.layout.columns {
		if s.places[i] < 0 || s.layout.columns[i].text == nil {
			continue
		}
		if f := &fields[s.places[i]]; !s.in.csv.Null(f) {
			s.stage.String(f.Text)
		}
	}
}

// object appends the next line's row.
func (s *source) object(b *record.Batch) error {
	line, err := s.in.lines.Next()
	if errors.Is(err, lines.ErrTooLong) {
		err = errclass.BadValue("", errclass.TooLarge, "%w", err)
	} else if err != nil {
		return err
	}
	s.in.records++
	if err == nil && len(bytes.TrimSpace(line)) == 0 {
		return nil
	}
	if err == nil && s.in.broken(line) {
		err = s.notEncoded()
	}
	if err == nil {
		err = s.objectRow(b, line)
	}
	if err != nil {
		s.reject(b, line, err)
	}
	return nil
}

func (s *source) objectRow(b *record.Batch, line []byte) error {
	s.stage.Reset("")
	s.stage.Begin(s.staged, record.Insert)
	if err := s.json.Append(s.stage, line); err != nil {
		return err
	}
	from := s.stage.Row(0)
	b.Begin(s.layout.schema, record.Insert)
	for i := range s.layout.columns {
		p := &s.layout.columns[i]
		if s.places[i] < 0 {
			s.fixed(b, p)
			continue
		}
		if err := p.any(b, from, s.places[i]); err != nil {
			b.Drop()
			return err
		}
	}
	s.metadata(b)
	return nil
}

func (s *source) fixed(b *record.Batch, p *planned) {
	if p.file {
		b.Text(record.String, s.spec.Path)
		return
	}
	b.Copy(*p.fixed, 0)
}

func (s *source) metadata(b *record.Batch) {
	for _, name := range s.layout.meta {
		if name == "_offset" {
			b.Int64(s.in.lines.Number())
			continue
		}
		b.Text(record.String, s.spec.Path)
	}
}

// reject hands over a bad record with its place.
func (s *source) reject(b *record.Batch, raw []byte, err error) {
	b.Reject(raw, errclass.Placed(err, "%s", s.place()))
}

func (s *source) notEncoded() error {
	return errclass.BadValue("", errclass.Encoding, "the record has bytes that the file's encoding does not know")
}

// Close closes the file.
func (s *source) Close() error { return filekit.Failed("closing", s.spec.Path, s.in.close()) }
