package file

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/format/csvfmt"
	"golang.org/x/text/encoding/htmlindex"
)

// Config is what a job file says in the reader's parameter.
type Config struct {
	// Files to read: names, patterns such as data/2024-*.csv.gz, and directories, which are read with all below them except hidden ones. A list, or texts parted by commas.
	Path config.StringList `json:"path" required:"true"`
	// Format of the files; absent is what each file's extension says, else csv. txt is csv, json is jsonl: one object a line.
	Format string `json:"format" alias:"fileType" enum:"csv,tsv,jsonl,json,txt,text"`
	// Columns: names, or objects with name, index, type, value and format; "*" or absent are all there are.
	Column config.List[Column] `json:"column"`
	// The first line of each csv or tsv file holds the names of the columns.
	Header bool `json:"header" alias:"isFirstLineHeader,skipHeader"`
	// Text between fields of csv and tsv; \t, \001 and the like are understood. Absent is a comma, for tsv a tab.
	FieldDelimiter string `json:"fieldDelimiter"`
	// Character around fields of csv and tsv; "" takes quotes as text.
	Quote *string `json:"quoteCharacter" alias:"quote"`
	// Text without quotes that is NULL in csv and tsv; absent is an empty field.
	NullFormat string `json:"nullFormat" alias:"nullIsReplacedWithValue"`
	// Encoding of the files: UTF-8, GBK, ISO-8859-1 and all others that browsers know.
	Encoding string `json:"encoding"`
	// Compression; absent is gzip for files that end in .gz, else none.
	Compress string `json:"compress" alias:"compressType" enum:"none,gzip"`
	// Longest record; longer ones are dirty.
	MaxRecordSize config.Bytes `json:"maxRecordSize" min:"1024"`
}

// Column is one column to read.
type Column struct {
	// Name of the column. In files with names (a header, JSON) also where its values are; where the header has none of the names listed, columns are taken by their place. internal_file_name is the name of the file.
	Name string `json:"name"`
	// Place in the record, from 0, instead of the name.
	Index *int `json:"index" min:"0"`
	// Type of the values; absent is text in csv and tsv, and what each value is in JSON.
	Type string `json:"type"`
	// Constant value instead of one from the file.
	Value *string `json:"value"`
	// Java date pattern that texts are read by, such as dd/MM/yyyy. Without it dates and times are ISO 8601, and digits alone are milliseconds since 1970.
	Format string `json:"format"`
	// Java date pattern that texts are read by where format is to write them.
	ParseFormat string `json:"parseFormat"`
}

// fileName is the column that FlinkX fills with the name of the file.
const fileName = "internal_file_name"

// UnmarshalConfig takes an object, a plain name or an index.
func (c *Column) UnmarshalConfig(d *config.Decoder) error {
	switch n := d.Node(); n.Kind() {
	case config.ObjectKind:
		return d.Decode((*columnObject)(c))
	case config.NumberKind:
		return d.Decode(&c.Index)
	default:
		return d.Decode(&c.Name)
	}
}

// columnObject is a Column in its form as an object.
type columnObject Column

// NoEffect names the keys that columns carry from other readers.
func (*columnObject) NoEffect() map[string]string {
	none := map[string]string{}
	for _, key := range []string{"notNull", "length", "key", "comment", "isPart", "part", "customConverterType", "splitter", "resourceName"} {
		none[key] = "the file reader takes columns by name, index, type, value and format"
	}
	return none
}

// NoEffect names the parameters that job files carry from FlinkX's ftp and
// hdfs readers.
func (*Config) NoEffect() map[string]string {
	return map[string]string{
		"maxFetchSize":    "a file is one split",
		"columnDelimiter": "a record ends with a line feed",
		"controlEncoding": "files are local",
		"defaultFS":       "files are local",
		"listHiddenFiles": "hidden files are read only by their name",
	}
}

func defaults() *Config { return &Config{MaxRecordSize: 64 << 20} }

// formats maps extensions to formats.
var formats = map[string]string{".csv": "csv", ".txt": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"}

// formatOf returns the format of a file.
func (c *Config) formatOf(path string) string {
	if c.Format != "" {
		return c.Format
	}
	if f := formats[strings.ToLower(filepath.Ext(strings.TrimSuffix(path, ".gz")))]; f != "" {
		return f
	}
	return "csv"
}

func (c *Config) packed(path string) bool {
	return c.Compress == "gzip" || c.Compress == "" && strings.HasSuffix(path, ".gz")
}

// Validate completes the configuration and checks what its types do not say.
func (c *Config) Validate() error {
	switch c.Format {
	case "json":
		c.Format = "jsonl"
	case "txt", "text":
		c.Format = "csv"
	}
	if len(c.Column) == 1 && c.Column[0].Name == "*" {
		c.Column = nil
	}
	names := map[string]bool{}
	for i := range c.Column {
		if err := c.Column[i].check(i); err != nil {
			return err
		}
		if names[c.Column[i].Name] {
			return config.Fieldf(fmt.Sprintf("column[%d].name", i), "column %q is there twice", c.Column[i].Name)
		}
		names[c.Column[i].Name] = true
	}
	if c.Quote != nil && len(*c.Quote) > 1 {
		return config.Fieldf("quoteCharacter", "%q must be one ASCII character or empty", *c.Quote)
	}
	if c.Encoding != "" {
		if _, err := htmlindex.Get(c.Encoding); err != nil {
			return config.Fieldf("encoding", "unknown encoding %q; known are UTF-8, GBK, GB18030, Big5, ISO-8859-1, windows-1252, Shift_JIS and others", c.Encoding)
		}
	}
	return config.Field("fieldDelimiter", c.dialect("csv").Check())
}

func (c *Column) check(i int) error {
	if c.Value != nil && strings.TrimSpace(*c.Value) == "" {
		c.Value = nil
	}
	if c.Name == "*" {
		return config.Fieldf(fmt.Sprintf("column[%d]", i), `"*" stands alone`)
	}
	if c.Name == "" {
		place := i
		if c.Index != nil {
			place = *c.Index
		}
		if c.Index == nil && c.Value == nil {
			c.Index = &place
		}
		c.Name = fmt.Sprint(place)
	}
	if c.Type != "" {
		if _, err := convert.ParseType(c.Type); err != nil {
			return config.Field(fmt.Sprintf("column[%d].type", i), err)
		}
	}
	return nil
}

func isUTF8(name string) bool {
	return name == "" || strings.EqualFold(name, "UTF-8") || strings.EqualFold(name, "utf8")
}

func (c *Config) dialect(format string) csvfmt.Dialect {
	d := csvfmt.Comma()
	if format == "tsv" {
		d = csvfmt.Tab()
	}
	if c.FieldDelimiter != "" {
		d.Delimiter = csvfmt.Unescape(c.FieldDelimiter)
	}
	if c.Quote != nil {
		if d.Quote = 0; *c.Quote != "" {
			d.Quote = (*c.Quote)[0]
		}
	}
	d.Null = c.NullFormat
	return d
}
