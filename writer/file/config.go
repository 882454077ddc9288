package file

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"strings"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/format/csvfmt"
	"github.com/datasync-io/datasync/core/kit/filekit"
)

// Config is what a job file says in the writer's parameter.
type Config struct {
	// Directory to write to; created if it is missing. A path that ends in .csv, .tsv, .jsonl, .ndjson, .json, .txt or .parquet, with .gz, .zst or .sz behind it or not, is that file unless fileName is given.
	Path string `json:"path" required:"true"`
	// Format of the files; absent is what the extension of fileName says, else csv. txt is csv, json is jsonl.
	Format string `json:"format" alias:"fileType,fileFormat" enum:"csv,tsv,jsonl,json,txt,text,parquet"`
	// Name of the result, such as orders.jsonl; absent is the name of the job. Several files get _<channel>_<number> before the extension.
	FileName string `json:"fileName" alias:"ftpFileName"`
	// Extension of the files instead of that of fileName or format, such as .txt.
	Suffix string `json:"suffix"`
	// What happens to earlier results of the same name: append keeps them and takes a free name, overwrite replaces them at the end of the run, truncate removes them at its start, nonConflict refuses to run.
	WriteMode string `json:"writeMode" enum:"append,insert,overwrite,truncate,nonConflict"`
	// Text between fields of csv and tsv; \t, \001 and the like are understood. Absent is a comma, for tsv a tab.
	FieldDelimiter string `json:"fieldDelimiter"`
	// Character around fields that need it; "" writes no quotes and refuses values that would need them.
	Quote *string `json:"quoteCharacter" alias:"quote"`
	// Text of NULL in csv and tsv.
	NullFormat string `json:"nullFormat" alias:"nullIsReplacedWithValue"`
	// Begin each file of csv and tsv with the names of the columns, or with those listed here.
	Header Header `json:"header" alias:"isFirstLineHeader"`
	// Java date pattern that dates and timestamps of csv, tsv and jsonl are written in; absent is ISO 8601.
	DateFormat string `json:"dateFormat"`
	// Encoding of csv and tsv: UTF-8, UTF-16, GBK, GB18030, ISO-8859-1 and all others that IANA or browsers know.
	Encoding string `json:"encoding"`
	// Compression; absent is what the end of fileName says (.gz .zst .sz), else none; in parquet, whose pages are compressed, it is snappy. The snappy of texts is its framing format.
	Compress string `json:"compress" alias:"compressType" enum:"none,gzip,zstd,snappy"`
	// Size at which the next file is begun, as it lies on the disk; 0 is never.
	MaxFileSize config.Bytes `json:"maxFileSize" min:"0"`
	// Size of a row group of parquet, before compression; each channel holds one in memory.
	RowGroupSize config.Bytes `json:"rowGroupSize" min:"1024"`
	// Columns: names here are those of the header, of JSON objects and of parquet, by place. Absent or "*" is the reader's names.
	Column config.List[Column] `json:"column"`
	// Make rows of changes: the columns database, schema, table, ts, lsn, opTime, primary_key and type, and behind them before_ and after_ each column; false makes two documents, before and after, of the columns. Absent is what the reader of changes says, or true of one that says nothing; rows of other readers are written as they are.
	Paving *bool `json:"pavingData"`
	// Make rows of changes with the columns under their own names, and two of an update, of type UPDATE_BEFORE and UPDATE_AFTER.
	Split bool `json:"split"`
	// The same; in effect unless pavingData is true.
	SplitUpdate bool `json:"splitUpdate"`
	// Time after which a file is put in its place and the next one begun, together with the position behind its rows, for jobs without an end; 0 is at the end of the job. Absent is a minute where rows are made of changes, else 0.
	PublishInterval *config.Duration `json:"publishInterval" unit:"s" min:"0"`
	filekit.Remote
}

// Header says whether files begin with the names of the columns, and with which.
type Header struct {
	On    bool
	Names []string // nil: those of the columns
}

// UnmarshalConfig takes true, false or a list of names.
func (h *Header) UnmarshalConfig(d *config.Decoder) error {
	if d.Node().Kind() != config.ListKind {
		return d.Decode(&h.On)
	}
	err := d.Decode(&h.Names)
	h.On = len(h.Names) > 0
	return err
}

// DescribeConfig says what it takes.
func (*Header) DescribeConfig() (typ string, keys []config.Key) {
	return "boolean or list of texts", nil
}

// Column is one column to write.
type Column struct {
	// Name in the header, in JSON objects and in parquet.
	Name string `json:"name"`
	// Type of the column in parquet, to which values are converted; absent is the reader's. The other formats write values as they are.
	Type string `json:"type"`
	// Java date pattern that times of csv, tsv and jsonl are written in, instead of dateFormat.
	Format string `json:"format"`
}

// UnmarshalConfig takes an object or a plain name.
func (c *Column) UnmarshalConfig(d *config.Decoder) error {
	if n := d.Node(); n.Kind() != config.ObjectKind {
		return d.Decode(&c.Name)
	}
	return d.Decode((*columnObject)(c))
}

// columnObject is a Column in its form as an object.
type columnObject Column

// NoEffect names the keys that columns carry from other writers.
func (*columnObject) NoEffect() map[string]string {
	none := map[string]string{}
	for _, key := range []string{"index", "value", "notNull", "length", "key", "comment", "isPart", "part", "customConverterType", "parseFormat", "splitter", "resourceName"} {
		none[key] = "the file writer takes columns by place, with name, type and format"
	}
	return none
}

// NoEffect names the parameters that job files carry from DataX's txtfile and
// FlinkX's ftp and hdfs writers.
func (*Config) NoEffect() map[string]string {
	none := filekit.RemoteNoEffect()
	maps.Copy(none, map[string]string{
		"nextCheckRows":      "the size of a file is known at every write",
		"batchSize":          "rows are written as they come",
		"flushIntervalMills": "rows become durable with every checkpoint",
		"columnDelimiter":    "a row ends with a line feed",
		"jobIdentifier":      "hidden files carry the name of the job",
		"enableDictionary":   "texts have dictionaries while these are small",
		"fullColumnName":     "see column", "fullColumnType": "see column",
	})
	return none
}

func defaults() *Config { return &Config{WriteMode: "append", RowGroupSize: 16 << 20} }

// Validate completes the configuration and checks what its types do not say.
func (c *Config) Validate() error {
	_, path, err := filekit.DiskOf(c.Path)
	if err != nil {
		return config.Field("path", err)
	}
	if err := c.Remote.Check(); err != nil {
		return err
	}
	c.Path = path
	if base := filepath.Base(c.Path); c.FileName == "" {
		if _, _, format, _ := filekit.Name(base); format != "" {
			c.Path, c.FileName = filepath.Dir(c.Path), base
		}
	}
	if strings.ContainsAny(c.FileName, `/\`) || strings.HasPrefix(c.FileName, ".") {
		return config.Fieldf("fileName", "%q must be a name that is visible, without directories", c.FileName)
	}
	if strings.ContainsAny(c.Suffix, `/\`) {
		return config.Fieldf("suffix", "%q holds a directory", c.Suffix)
	}
	if c.WriteMode == "insert" {
		c.WriteMode = "append"
	}
	if err := errors.Join(c.validateFormat(), c.validatePatterns()); err != nil {
		return err
	}
	return c.validateText()
}

// validatePatterns checks the date patterns.
func (c *Config) validatePatterns() error {
	if _, err := convert.CheckPatterns(c.DateFormat, ""); err != nil {
		return config.Field("dateFormat", err)
	}
	for i := range c.Column {
		if key, err := convert.CheckPatterns(c.Column[i].Format, ""); err != nil {
			return config.Field(fmt.Sprintf("column[%d].%s", i, key), err)
		}
	}
	return nil
}

// validateFormat completes format and compression.
func (c *Config) validateFormat() error {
	_, _, format, packing := filekit.Name(c.FileName + c.Suffix)
	switch c.Format {
	case "":
		if c.Format = format; format == "" {
			c.Format = "csv"
		}
	case "json":
		c.Format = "jsonl"
	case "txt", "text":
		c.Format = "csv"
	}
	switch {
	case c.Format == "parquet" && packing != "":
		return config.Fieldf("fileName", "%q: parquet is compressed inside: leave the last extension out and give compress", c.FileName+c.Suffix)
	case c.Format == "parquet" && c.Compress == "":
		c.Compress = "snappy"
	case c.Compress == "" && (packing == "bzip2" || packing == "zip"):
		return config.Fieldf("fileName", "%q: files are written as gzip, zstd or snappy, not as %s", c.FileName+c.Suffix, packing)
	case c.Compress == "":
		c.Compress = packing
	case c.Compress == "none":
		c.Compress = ""
	}
	if c.Compress == "" && c.Format == "parquet" {
		c.Compress = "none"
	}
	return nil
}

func (c *Config) validateText() error {
	if charset, err := filekit.CharsetOf(c.Encoding); err != nil {
		return config.Field("encoding", err)
	} else if charset != nil && (c.Format == "jsonl" || c.Format == "parquet") {
		return config.Fieldf("encoding", "%s is UTF-8; leave the encoding out or write csv", c.Format)
	}
	if c.Format == "parquet" {
		return c.validateParquet()
	}
	if c.Format == "jsonl" {
		return nil
	}
	if c.Quote != nil && len(*c.Quote) > 1 {
		return config.Fieldf("quoteCharacter", "%q must be one ASCII character or empty", *c.Quote)
	}
	return config.Field("fieldDelimiter", c.dialect().Check())
}

func (c *Config) validateParquet() error {
	if c.DateFormat != "" {
		return config.Fieldf("dateFormat", "parquet keeps times as such: leave it out")
	}
	for i, col := range c.Column {
		if col.Format != "" {
			return config.Fieldf(fmt.Sprintf("column[%d].format", i), "parquet keeps times as such: leave it out")
		}
		if col.Type == "" {
			continue
		}
		if _, err := convert.ParseType(col.Type); err != nil {
			return config.Field(fmt.Sprintf("column[%d].type", i), err)
		}
	}
	return nil
}

func (c *Config) dialect() csvfmt.Dialect {
	d := csvfmt.Comma()
	if c.Format == "tsv" {
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
