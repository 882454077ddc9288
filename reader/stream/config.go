package stream

import (
	"fmt"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/convert"
)

// Config is what a job file says in the reader's parameter.
type Config struct {
	// Columns to generate: objects with name and type, and value for a constant; a plain text is the name of a text column.
	Column []Column `json:"column" required:"true"`
	// Rows per channel: entry i counts for channel i; a channel without an entry or with 0 is endless. A plain number counts for every channel.
	SliceRecordCount Counts `json:"sliceRecordCount"`
	// Most rows per second and channel; 0 is no limit.
	PermitsPerSecond float64 `json:"permitsPerSecond" min:"0"`
	// Seed of the random values: the same seed makes the same rows. Absent is a different one in every run.
	Seed *uint64 `json:"seed"`
}

// Column is one column to generate.
type Column struct {
	// Name of the column; absent is its place in the list, from 0.
	Name string `json:"name"`
	// What to generate: id (1, 2, 3 ...), int, integer, year, boolean, tinyint, byte, char, short, smallint, long, bigint, unsigned bigint, float, double, decimal, decimal(p,s), bigdecimal, biginteger, date, datetime, timestamp, time, interval, binary, bytes, json, uuid or an array such as int[]. Any other name generates random text.
	Type string `json:"type"`
	// Constant value of the column, as text.
	Value *string `json:"value"`
	// Two values that random ones lie between, as DataX writes them: of numbers and times "1, 10", of texts and bytes their length, of truth values how often false and true come.
	Random string `json:"random"`
	// Java date pattern that a constant, or the ends of random, of a time type are written in.
	Format string `json:"format" alias:"dateFormat"`
}

// columnObject is a Column in its form as an object.
type columnObject Column

// NoEffect names the keys that columns carry from other readers.
func (*columnObject) NoEffect() map[string]string {
	none := map[string]string{}
	for _, key := range []string{"index", "notNull", "length", "key", "comment", "isPart", "part", "customConverterType", "parseFormat", "splitter", "resourceName"} {
		none[key] = "the stream reader generates values by name, type and value alone"
	}
	return none
}

// UnmarshalConfig takes an object or a plain name.
func (c *Column) UnmarshalConfig(d *config.Decoder) error {
	switch n := d.Node(); n.Kind() {
	case config.ObjectKind:
		return d.Decode((*columnObject)(c))
	case config.StringKind, config.NumberKind:
		c.Name = n.Text()
		return nil
	default:
		return n.Errorf("expected a column: a name or an object with name and type, found %s", n.Kind())
	}
}

// Counts is the number of rows of each channel.
type Counts struct {
	each []int64
	all  int64 // of a channel beyond each
}

// of returns the number of rows of a channel; 0 is endless.
func (c Counts) of(channel int) int64 {
	if channel < len(c.each) {
		return c.each[channel]
	}
	return c.all
}

// UnmarshalConfig takes a list or a number.
func (c *Counts) UnmarshalConfig(d *config.Decoder) error {
	if d.Node().Kind() != config.ListKind {
		return d.Decode(&c.all)
	}
	return d.Decode(&c.each)
}

// Validate checks what the keys' types do not say.
func (c *Config) Validate() error {
	for i, n := range slices.Concat(c.SliceRecordCount.each, []int64{c.SliceRecordCount.all}) {
		if n < 0 {
			return config.Fieldf("sliceRecordCount", "entry %d is %d: a number of rows is 0 (endless) or more", i, n)
		}
	}
	if len(c.Column) == 0 {
		return config.Fieldf("column", "is empty: name what is to be generated")
	}
	names := map[string]bool{}
	for i := range c.Column {
		col := &c.Column[i]
		if col.Name == "*" {
			return config.Fieldf(fmt.Sprintf("column[%d]", i), `"*" stands for no columns here: nothing is read, name what is to be generated`)
		}
		if col.Name == "" {
			col.Name = fmt.Sprint(i)
		}
		if names[col.Name] {
			return config.Fieldf(fmt.Sprintf("column[%d].name", i), "column %q is there twice", col.Name)
		}
		names[col.Name] = true
		if key, err := convert.CheckPatterns(col.Format, ""); err != nil {
			return config.Field(fmt.Sprintf("column[%d].%s", i, key), err)
		}
		if col.Value != nil && strings.TrimSpace(*col.Value) == "" {
			col.Value = nil
		}
	}
	return nil
}
