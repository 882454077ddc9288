package file

import (
	"path/filepath"
	"strings"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/format/csvfmt"
	"golang.org/x/text/encoding/htmlindex"
)

// Config is what a job file says in the writer's parameter.
type Config struct {
	// Directory to write to; created if it is missing. A path that ends in .csv, .tsv, .jsonl, .ndjson, .json or .txt, with .gz or not, is that file unless fileName is given.
	Path string `json:"path" required:"true"`
	// Format of the files; absent is what the extension of fileName says, else csv. txt is csv, json is jsonl.
	Format string `json:"format" alias:"fileType" enum:"csv,tsv,jsonl,json,txt,text"`
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
	// Begin each file of csv and tsv with the names of the columns.
	Header bool `json:"header" alias:"isFirstLineHeader"`
	// Encoding of csv and tsv: UTF-8, GBK, ISO-8859-1 and all others that browsers know.
	Encoding string `json:"encoding"`
	// Compression; absent is gzip if fileName ends in .gz, else none.
	Compress string `json:"compress" alias:"compressType" enum:"none,gzip"`
	// Size at which the next file is begun, as it lies on the disk; 0 is never.
	MaxFileSize config.Bytes `json:"maxFileSize" min:"0"`
	// Columns: names here are those of the header and of JSON objects, by place. Absent or "*" is the reader's names.
	Column config.List[Column] `json:"column"`
}

// Column is one column to write.
type Column struct {
	// Name in the header and in JSON objects.
	Name string `json:"name"`
	// Accepted as in other writers; values are written as they are.
	Type string `json:"type"`
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
	for _, key := range []string{"index", "value", "format", "notNull", "length", "key", "comment", "isPart", "part", "customConverterType", "parseFormat", "splitter", "resourceName"} {
		none[key] = "the file writer writes values as they are"
	}
	return none
}

// NoEffect names the parameters that job files carry from FlinkX's ftp and
// hdfs writers.
func (*Config) NoEffect() map[string]string {
	return map[string]string{
		"nextCheckRows":      "the size of a file is known at every write",
		"batchSize":          "rows are written as they come",
		"flushIntervalMills": "rows become durable with every checkpoint",
		"columnDelimiter":    "a row ends with a line feed",
		"jobIdentifier":      "hidden files carry the name of the job",
		"defaultFS":          "files are local",
	}
}

func defaults() *Config { return &Config{WriteMode: "append"} }

// formats maps extensions to formats.
var formats = map[string]string{".csv": "csv", ".txt": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"}

// splitName takes the extension off a name: orders.jsonl.gz is orders and .jsonl.gz.
func splitName(name string) (stem, ext string) {
	stem = strings.TrimSuffix(name, ".gz")
	if e := filepath.Ext(stem); formats[strings.ToLower(e)] != "" {
		stem = strings.TrimSuffix(stem, e)
	}
	return stem, name[len(stem):]
}

// formatOf returns the format that an extension stands for, or "".
func formatOf(ext string) string {
	return formats[strings.ToLower(strings.TrimSuffix(ext, ".gz"))]
}

// Validate completes the configuration and checks what its types do not say.
func (c *Config) Validate() error {
	if base := filepath.Base(c.Path); c.FileName == "" {
		if _, ext := splitName(base); formatOf(ext) != "" {
			c.Path, c.FileName = filepath.Dir(c.Path), base
		}
	}
	if strings.ContainsAny(c.FileName, `/\`) || strings.HasPrefix(c.FileName, ".") {
		return config.Fieldf("fileName", "%q must be a name that is visible, without directories", c.FileName)
	}
	if strings.ContainsAny(c.Suffix, `/\`) {
		return config.Fieldf("suffix", "%q holds a directory", c.Suffix)
	}
	_, ext := splitName(c.FileName)
	switch c.Format {
	case "":
		if c.Format = formatOf(ext); c.Format == "" {
			c.Format = "csv"
		}
	case "json":
		c.Format = "jsonl"
	case "txt", "text":
		c.Format = "csv"
	}
	if c.Compress == "" && strings.HasSuffix(c.FileName+c.Suffix, ".gz") {
		c.Compress = "gzip"
	}
	if c.WriteMode == "insert" {
		c.WriteMode = "append"
	}
	return c.validateText()
}

func (c *Config) validateText() error {
	if c.Encoding != "" {
		if _, err := htmlindex.Get(c.Encoding); err != nil {
			return config.Fieldf("encoding", "unknown encoding %q; known are UTF-8, GBK, GB18030, Big5, ISO-8859-1, windows-1252, Shift_JIS and others", c.Encoding)
		}
	}
	if c.Format == "jsonl" {
		if c.Encoding != "" && !isUTF8(c.Encoding) {
			return config.Fieldf("encoding", "JSON is UTF-8; leave the encoding out or write csv")
		}
		return nil
	}
	if c.Quote != nil && len(*c.Quote) > 1 {
		return config.Fieldf("quoteCharacter", "%q must be one ASCII character or empty", *c.Quote)
	}
	return config.Field("fieldDelimiter", c.dialect().Check())
}

func isUTF8(name string) bool {
	return strings.EqualFold(name, "UTF-8") || strings.EqualFold(name, "utf8")
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
