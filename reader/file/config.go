package file

import (
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/format/csvfmt"
	"github.com/datasync-io/datasync/core/kit/filekit"
)

// Config is what a job file says in the reader's parameter.
type Config struct {
	// Files to read: names, patterns such as data/2024-*.csv.gz, regular expressions as the last part, and directories, which are read with all below them except hidden ones. A list, or texts parted by commas.
	Path config.StringList `json:"path" required:"true"`
	// Format of the files; absent is what each file's extension says, else csv. txt is csv, json is jsonl: one object a line.
	Format string `json:"format" alias:"fileType,fileFormat" enum:"csv,tsv,jsonl,json,txt,text,parquet"`
	// Columns: names, or objects with name, index, type, value and format; "*" or absent are all there are.
	Column config.List[Column] `json:"column"`
	// The first line of each csv or tsv file holds the names of the columns.
	Header bool `json:"header" alias:"isFirstLineHeader,skipHeader"`
	// The line that reading begins at, from 1, in all but parquet; what stands before it is no record.
	FromLine int64 `json:"fromLine" min:"1"`
	// Text between fields of csv and tsv; \t, \001 and the like are understood. Absent is a comma, for tsv a tab.
	FieldDelimiter string `json:"fieldDelimiter"`
	// Character around fields of csv and tsv; "" takes quotes as text.
	Quote *string `json:"quoteCharacter" alias:"quote"`
	// Text without quotes that is NULL in csv and tsv; absent is an empty field, but in DataX's files not of a text column.
	NullFormat string `json:"nullFormat" alias:"nullIsReplacedWithValue"`
	// What DataX and FlinkX say of csv in an object of its own.
	CSV CSVConfig `json:"csvReaderConfig" alias:"fileConfig"`
	// Encoding of the files: UTF-8, UTF-16, GBK, GB18030, ISO-8859-1 and all others that IANA or browsers know.
	Encoding string `json:"encoding"`
	// Compression; absent is what the extension says (.gz .zst .sz .snappy .bz2 .zip), else none. Snappy is its framing format, a zip holds one file. Parquet files name their own.
	Compress string `json:"compress" alias:"compressType" enum:"none,gzip,zstd,snappy,bzip2,zip"`
	// Longest record; longer ones are dirty.
	MaxRecordSize config.Bytes `json:"maxRecordSize" min:"1024"`
	// With several channels, larger files are read in parts of at least this size, in any order: plain csv, tsv and jsonl in UTF-8, and parquet by its row groups. 0 is never.
	SplitSize config.Bytes `json:"splitSize" alias:"maxFetchSize" min:"0"`
	filekit.Remote
}

// CSVConfig is DataX's csvReaderConfig and FlinkX's fileConfig.
type CSVConfig struct {
	// Without it quotes are text, as with quoteCharacter "".
	UseTextQualifier *bool `json:"useTextQualifier"`
	// Character around fields, as quoteCharacter.
	TextQualifier string `json:"textQualifier"`
	// Cut blanks around fields that have no quotes.
	TrimWhitespace bool `json:"trimWhitespace"`
}

// NoEffect names what else such objects hold.
func (*CSVConfig) NoEffect() map[string]string {
	return map[string]string{
		"safetySwitch": "maxRecordSize bounds a record", "skipEmptyRecords": "empty lines are no records", "caseSensitive": "names are taken as they are",
		"comment": "use fromLine for lines before the first record", "useComments": "there are no comments", "escapeMode": "a quote inside quotes is doubled",
		"recordDelimiter": "a record ends with a line feed", "delimiter": "see fieldDelimiter", "captureRawRecord": "dirty rows hold the record",
	}
}

// Column is one column to read.
type Column struct {
	// Name of the column. In files with names (a header, JSON) also where its values are; where the header has none of the names listed, columns are taken by their place. internal_file_name is the name of the file.
	Name string `json:"name"`
	// Place in the record, from 0, instead of the name.
	Index *int `json:"index" min:"0"`
	// Type of the values; absent is text in csv and tsv, what each value is in JSON, and the file's own in parquet.
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

// NoEffect names the parameters that job files carry from DataX's txtfile and
// FlinkX's ftp and hdfs readers.
func (*Config) NoEffect() map[string]string {
	none := filekit.RemoteNoEffect()
	maps.Copy(none, map[string]string{
		"columnDelimiter":       "a record ends with a line feed",
		"listHiddenFiles":       "hidden files are read only by their name",
		"customFormatClassName": "no Java is run", "customConcurrentFileSplitClassName": "no Java is run",
		"sheetNo": "there are no sheets", "columnIndex": "there are no sheets",
	})
	return none
}

// datesHaveClocks reads dates as DataX means them: with a time of day, unless
// their pattern has none.
func (c *Config) datesHaveClocks() {
	for i := range c.Column {
		if col := &c.Column[i]; strings.EqualFold(col.Type, "date") && col.Format == "" && col.ParseFormat == "" {
			col.Type = "datetime"
		}
	}
}

func defaults() *Config { return &Config{MaxRecordSize: 64 << 20, FromLine: 1, SplitSize: 64 << 20} }

// formatOf returns the format of a file.
func (c *Config) formatOf(path string) string {
	if c.Format != "" {
		return c.Format
	}
	if _, _, format, _ := filekit.Name(path); format != "" {
		return format
	}
	return "csv"
}

// packing returns how a file is packed; "" is not at all.
func (c *Config) packing(path string) string {
	switch c.Compress {
	case "none":
		return ""
	case "":
		_, _, _, packing := filekit.Name(path)
		return packing
	}
	return c.Compress
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
	if err := c.checkColumns(); err != nil {
		return err
	}
	for _, path := range c.Path {
		for _, part := range strings.Split(path, ",") {
			if _, _, err := filekit.OpenerOf(strings.TrimSpace(part)); err != nil {
				return config.Field("path", err)
			}
		}
	}
	if err := c.Remote.Check(); err != nil {
		return err
	}
	c.quote()
	if c.Quote != nil && len(*c.Quote) > 1 {
		return config.Fieldf("quoteCharacter", "%q must be one ASCII character or empty", *c.Quote)
	}
	if _, err := filekit.CharsetOf(c.Encoding); err != nil {
		return config.Field("encoding", err)
	}
	return config.Field("fieldDelimiter", c.dialect("csv").Check())
}

// quote takes over what csvReaderConfig says, unless quoteCharacter is given.
func (c *Config) quote() {
	none := ""
	switch {
	case c.Quote != nil:
	case c.CSV.UseTextQualifier != nil && !*c.CSV.UseTextQualifier:
		c.Quote = &none
	case c.CSV.TextQualifier != "":
		c.Quote = &c.CSV.TextQualifier
	}
}

// checkColumns checks the columns and gives names to those that have none.
func (c *Config) checkColumns() error {
	names := map[string]bool{}
	for i := range c.Column {
		col := &c.Column[i]
		if err := col.check(i); err != nil {
			return err
		}
		if names[col.Name] && col.Name != "" {
			return config.Fieldf(fmt.Sprintf("column[%d].name", i), "column %q is there twice", col.Name)
		}
		names[col.Name] = true
	}
	for _, constant := range []bool{false, true} { // what has a place in the record is called after it first
		for i := range c.Column {
			if col := &c.Column[i]; col.Name == "" && (col.Index == nil) == constant {
				col.Name = col.place(i, names)
				names[col.Name] = true
			}
		}
	}
	return nil
}

// place is the name of a column without one: its index, or where it stands.
func (c *Column) place(i int, taken map[string]bool) string {
	name := strconv.Itoa(i)
	if c.Index != nil {
		name = strconv.Itoa(*c.Index)
	}
	for more := name; taken[name]; more += "_" {
		name = more + "_" + strconv.Itoa(i)
	}
	return name
}

func (c *Column) check(i int) error {
	if c.Value != nil && strings.TrimSpace(*c.Value) == "" {
		c.Value = nil
	}
	if c.Name == "*" {
		return config.Fieldf(fmt.Sprintf("column[%d]", i), `"*" stands alone`)
	}
	if c.Name == "" && c.Index == nil && c.Value == nil {
		c.Index = &i
	}
	if key, err := convert.CheckPatterns(c.Format, c.ParseFormat); err != nil {
		return config.Field(fmt.Sprintf("column[%d].%s", i, key), err)
	}
	if c.Type != "" {
		if _, err := convert.ParseType(c.Type); err != nil {
			return config.Field(fmt.Sprintf("column[%d].type", i), err)
		}
	}
	return nil
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
