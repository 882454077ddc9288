package kafka

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/msgfmt"
	"github.com/datasync-io/datasync/core/record"
)

// messageColumn is the column of a whole message.
const messageColumn = "message"

// Column is one column of JSON messages.
type Column struct {
	// Name of the column and of the member that it is.
	Name string `json:"name"`
	// Type of the values; absent is what each value is.
	Type string `json:"type"`
	// Constant value instead of one from the message.
	Value *string `json:"value"`
	// Java date pattern that texts are read by, such as dd/MM/yyyy. Without it dates and times are ISO 8601, and digits alone are milliseconds since 1970.
	Format string `json:"format"`
	// Java date pattern that texts are read by where format is to write them.
	ParseFormat string `json:"parseFormat"`
}

// UnmarshalConfig takes an object or a plain name.
func (c *Column) UnmarshalConfig(d *config.Decoder) error {
	if d.Node().Kind() == config.ObjectKind {
		return d.Decode((*columnObject)(c))
	}
	return d.Decode(&c.Name)
}

// columnObject is a Column in its form as an object.
type columnObject Column

// NoEffect names the keys that columns carry from other readers.
func (*columnObject) NoEffect() map[string]string {
	none := map[string]string{}
	for _, key := range []string{"index", "notNull", "length", "key", "comment", "isPart", "part", "customConverterType", "splitter", "resourceName"} {
		none[key] = "messages have columns by name, type, value and format"
	}
	return none
}

// checkColumns looks at column and keyColumns, and takes "*" for none.
func (c *Config) checkColumns() error {
	if len(c.Column) == 1 && c.Column[0].Name == "*" {
		c.Column = nil
	}
	seen := map[string]bool{}
	for i := range c.Column {
		col := &c.Column[i]
		at := fmt.Sprintf("column[%d]", i)
		if col.Value != nil && strings.TrimSpace(*col.Value) == "" {
			col.Value = nil
		}
		switch {
		case col.Name == "*":
			return config.Fieldf(at, `"*" stands alone`)
		case col.Name == "":
			return config.Fieldf(at, "needs a name: members of messages have one")
		case seen[col.Name]:
			return config.Fieldf(at, "column %q is there twice", col.Name)
		}
		seen[col.Name] = true
		if _, err := convert.ParseType(col.Type); col.Type != "" && err != nil {
			return config.Field(at+".type", err)
		}
		if key, err := convert.CheckPatterns(col.Format, col.ParseFormat); err != nil {
			return config.Field(at+"."+key, err)
		}
	}
	switch {
	case len(c.Column) > 0 && c.Format == formatText:
		c.Format = msgfmt.JSON // a text has no columns by name
	case len(c.Column) > 0 && !c.isText() && !msgfmt.TakesColumns(c.Format):
		return config.Fieldf("column", "messages of format %s tell their columns: choose and rename with transformSql or nameMapping", c.Format)
	}
	if len(c.KeyColumns) > 0 && c.Format != msgfmt.JSON {
		return config.Fieldf("keyColumns", "means something in format json alone")
	}
	for _, name := range c.KeyColumns {
		if len(c.Column) > 0 && !seen[name] {
			return config.Fieldf("keyColumns", "column lacks %q", name)
		}
	}
	return nil
}

// planned is a column that is ready to be filled.
type planned struct {
	name    string
	member  int // among those of the message; -1: a constant
	key     bool
	convert convert.Func // from what the message has
	fixed   *record.Row  // the constant
}

// plan makes the columns and says how they are filled.
func (c *Config) plan(opt convert.Options) (plans []planned, columns []record.Column, members []string, err error) {
	for i := range c.Column {
		from := &c.Column[i]
		t := convert.Type{Kind: record.Any}
		if from.Type != "" {
			if t, err = convert.ParseType(from.Type); err != nil {
				return nil, nil, nil, errclass.With(errclass.Config, fmt.Errorf("column %q: %w", from.Name, err))
			}
			if t.Kind == record.Date && hasClock(from.Format) {
				t.Kind = record.Datetime
			}
		} else if from.Value != nil {
			t.Kind = record.String
		}
		col := t.Column(from.Name)
		o := t.Options(opt)
		o.Format, o.ParseFormat = from.Format, from.ParseFormat
		p := planned{name: from.Name, member: -1}
		if p.convert, err = convert.Plan(record.Column{Name: from.Name, Kind: record.Any, Nullable: true}, col, o); err != nil {
			return nil, nil, nil, errclass.With(errclass.Config, err)
		}
		if from.Value != nil {
			if p.fixed, err = constant(p.convert, col, *from.Value); err != nil {
				return nil, nil, nil, errclass.With(errclass.Config, err)
			}
		} else {
			p.member = len(members)
			members = append(members, from.Name)
		}
		if slices.Contains(c.KeyColumns, from.Name) {
			col.Nullable, p.key = false, true
		}
		plans, columns = append(plans, p), append(columns, col)
	}
	return plans, columns, members, nil
}

// constant is the row that holds a column's constant value.
func constant(to convert.Func, col record.Column, value string) (*record.Row, error) {
	in, out := record.NewBatch(1, math.MaxInt), record.NewBatch(1, math.MaxInt)
	in.Begin(record.NewSchema(record.Name{}, []record.Column{{Name: col.Name, Kind: record.Any}}), record.Insert)
	in.Text(record.String, value)
	out.Begin(record.NewSchema(record.Name{}, []record.Column{col}), record.Insert)
	if err := to(out, in.Row(0), 0); err != nil {
		return nil, fmt.Errorf("column %q: the constant: %w", col.Name, err)
	}
	row := out.Row(0)
	return &row, nil
}

// hasClock tells whether a date pattern has a time of day: such dates are
// FlinkX's timestamps.
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
