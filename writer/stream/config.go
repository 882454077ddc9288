package stream

import "github.com/datasync-io/datasync/core/config"

// Config is what a job file says in the writer's parameter.
type Config struct {
	// Print the rows on standard output; false takes them and does nothing.
	Print bool `json:"print"`
	// Columns; names here are the titles of the table, by place. Absent is the reader's names.
	Column config.List[Column] `json:"column"`
}

// Column is one column to print.
type Column struct {
	// Title of the column; absent is the reader's name.
	Name string `json:"name"`
	// Accepted as in other writers; values are printed as they are.
	Type string `json:"type"`
}

// UnmarshalConfig takes an object or a plain name; "*" keeps the reader's names.
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
		none[key] = "the stream writer prints values as they are"
	}
	return none
}

// NoEffect names the parameters that job files carry from other writers.
func (*Config) NoEffect() map[string]string {
	return map[string]string{
		"batchSize":            "batches are printed as they come",
		"flushIntervalMills":   "batches are printed as they come",
		"splitUpdate":          "changes are printed row by row",
		"pavingData":           "changes are printed row by row",
		"writeMode":            "there is one way to print",
		"recordNumBeforeSleep": "see job.setting.speed.record", "sleepTime": "see job.setting.speed.record",
		"encoding": "standard output is UTF-8", "fieldDelimiter": "rows are printed as a table",
		"path": "use the file writer to write files", "fileName": "use the file writer to write files",
	}
}
