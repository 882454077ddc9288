package file

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// layout is what all files of a job have in common.
type layout struct {
	schema  *record.Schema
	columns []planned
	meta    []string // metadata columns behind the data columns
	empty   bool     // an empty field of a text column is an empty text, as in DataX, and not NULL
}

// planned is a column that is ready to be filled.
type planned struct {
	column Column
	text   convert.Func // from a text of the file; nil: as it is
	any    convert.Func // from a value of JSON
	fixed  *record.Row  // a constant; nil: none
	file   bool         // the name of the file
	bits   int          // size of an integer; 0: 64
}

// newLayout plans the columns. meta are the metadata columns asked for.
func newLayout(list []Column, format string, zone convert.Options, meta []string) (*layout, error) {
	l := &layout{schema: &record.Schema{Name: record.Name{Table: "file"}}}
	for _, c := range list {
		p, col, err := plan(c, format, zone)
		if err != nil {
			return nil, err
		}
		l.columns = append(l.columns, p)
		l.schema.Columns = append(l.schema.Columns, col)
	}
	l.schema.Data = len(l.schema.Columns)
	for _, m := range record.Meta {
		if (m.Name == "_offset" || m.Name == "_file") && slices.Contains(meta, m.Name) {
			l.meta = append(l.meta, m.Name)
			l.schema.Columns = append(l.schema.Columns, record.Column{Name: m.Name, Kind: m.Kind})
		}
	}
	return l, nil
}

func plan(c Column, format string, opt convert.Options) (planned, record.Column, error) {
	p := planned{column: c, file: c.Name == fileName && c.Index == nil && c.Value == nil}
	t := convert.Type{Kind: record.String}
	if format == "jsonl" && c.Value == nil && !p.file {
		t.Kind = record.Any
	}
	if c.Type != "" {
		var err error
		if t, err = convert.ParseType(c.Type); err != nil {
			return p, record.Column{}, fmt.Errorf("column %q: %w", c.Name, err)
		}
		if t.Kind == record.Date && hasClock(c.Format) {
			t.Kind = record.Datetime // DataX calls both so
		}
	}
	col := t.Column(c.Name)
	opt = t.Options(opt)
	opt.Format, opt.ParseFormat = c.Format, c.ParseFormat
	if p.bits = opt.Bits; p.bits == 64 {
		p.bits = 0
	}
	var err error
	if p.text, err = convert.Plan(record.Column{Name: c.Name, Kind: record.String}, col, opt); err != nil {
		return p, col, err
	}
	if p.any, err = convert.Plan(record.Column{Name: c.Name, Kind: record.Any}, col, opt); err != nil {
		return p, col, err
	}
	if c.Value != nil {
		if p.fixed, err = constant(p.text, col, *c.Value); err != nil {
			return p, col, errclass.With(errclass.Config, err)
		}
	}
	if t.Kind == record.String && c.Format == "" && c.ParseFormat == "" {
		p.text = nil
	}
	return p, col, nil
}

var textColumn = record.NewSchema(record.Name{}, []record.Column{{Kind: record.String}})

func constant(to convert.Func, col record.Column, value string) (*record.Row, error) {
	in, out := record.NewBatch(1, math.MaxInt), record.NewBatch(1, math.MaxInt)
	in.Begin(textColumn, record.Insert)
	in.Text(record.String, value)
	out.Begin(record.NewSchema(record.Name{}, []record.Column{col}), record.Insert)
	if err := to(out, in.Row(0), 0); err != nil {
		return nil, fmt.Errorf("the constant: %w", err)
	}
	row := out.Row(0)
	return &row, nil
}

// hasClock tells whether a date pattern has a time of day.
func hasClock(pattern string) bool {
	quoted := false
	for _, ch := range pattern {
		if ch == '\'' {
			quoted = !quoted
		} else if !quoted && strings.ContainsRune("HhKkmsS", ch) {
			return true
		}
	}
	return false
}

// discover returns the columns of a file: those of the job, with the file's
// types where it gives none, or all of its own.
func discover(list []Column, s shape) []Column {
	if len(list) > 0 {
		list = slices.Clone(list)
	}
	if len(list) == 0 {
		for _, name := range s.names {
			list = append(list, Column{Name: name})
		}
	}
	for i := range list {
		if list[i].Type == "" && i < len(s.types) {
			list[i].Type = s.types[i]
		}
	}
	return list
}

// places says where in a record each column is; -1: nowhere, it is constant.
// names are those of the file; nil: it has none.
func (l *layout) places(names []string) ([]int, error) {
	at := map[string]int{}
	for i, name := range names {
		if _, twice := at[name]; twice {
			return nil, fmt.Errorf("the header names %q twice", name)
		}
		at[name] = i
	}
	var missing []string
	found := 0
	places := make([]int, len(l.columns))
	for i := range l.columns {
		p := &l.columns[i]
		switch place, known := at[p.column.Name]; {
		case p.fixed != nil || p.file:
			places[i] = -1
		case p.column.Index != nil:
			places[i] = *p.column.Index
			if names != nil && places[i] >= len(names) {
				return nil, fmt.Errorf("column %q has index %d, but the header has %d names", p.column.Name, places[i], len(names))
			}
		case known:
			places[i] = place
			found++
		default:
			places[i] = i
			if names != nil {
				missing = append(missing, strconv.Quote(p.column.Name))
			}
		}
	}
	if len(missing) > 0 && (found > 0 || len(missing) > len(names)) {
		return nil, errors.New("the header lacks " + strings.Join(missing, ", ") + "; it has " + strings.Join(names, ", "))
	}
	return places, nil
}
