package sqlwrite

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
)

// Modes of writing an inserted row.
const (
	ModeInsert  = "insert"
	ModeReplace = "replace"
	ModeUpdate  = "update"
	ModeUpsert  = "upsert" // the same as update
)

// Values of semantic.
const (
	AtLeastOnce = "at-least-once"
	ExactlyOnce = "exactly-once"
	None        = "none" // the same as at-least-once
)

// Config is the keys that all writers of SQL servers have. Embed it, decode
// over [Defaults], and call its Validate from the outer one.
type Config struct {
	// User name.
	Username string `json:"username"`
	// Password.
	Password config.Secret `json:"password"`
	// Where the database and the table are; the first entry is used. A table "*" is each row's own table.
	Connection config.List[sqlkit.Connection] `json:"connection" required:"true"`
	Keys
	// How rows are inserted, where the system has a faster way than its default.
	InsertSQLMode string `json:"insertSqlMode" enum:"copy,load"`
	// Schema (MySQL: database) of the table, if neither the connection entry nor its URL says it.
	Schema string `json:"schema"`
	// Cannot be had together with semantic exactly-once, and has no other effect: rows and position are committed together.
	IsAutoCommit bool `json:"isAutoCommit"`
	// More connection parameters, as in the JDBC URL.
	Properties map[string]string `json:"properties"`
}

// Keys are those that say what becomes of rows, for servers and files alike.
type Keys struct {
	// Columns to write: ["*"] maps columns by name, a list of names or objects maps them by position.
	Column []sqlkit.Column `json:"column" required:"true"`
	// What an inserted row does: insert adds it, replace puts it in the place of rows with the same key, update (or upsert) changes the row with the same key or adds it.
	Mode string `json:"mode" alias:"writeMode" enum:"insert,replace,update,upsert"`
	// Columns by which updates and deletes find their row; absent, the table's primary key, else its first unique index without NULLs.
	UniqueKey config.StringList `json:"uniqueKey"`
	// Another spelling of uniqueKey: a list, or an object whose only list is used.
	UpdateKey KeyList `json:"updateKey"`
	// For mode update: whether a NULL overwrites what the table has.
	AllReplace bool `json:"allReplace"`
	// Create tables that do not exist, with types that keep every value.
	CreateTable bool `json:"createTable"`
	// What becomes of a schema change at the source: evolve makes it in the target too, lenient adds and widens columns and takes nothing away, ignore leaves the target alone, stop ends the job. Absent, executeDdlAble decides.
	SchemaChange string `json:"schemaChange" enum:"evolve,lenient,ignore,stop"`
	// The same as schemaChange evolve; false is stop.
	ExecuteDDL bool `json:"executeDdlAble"`
	// Statements to run once, before the first row of a fresh run. In DataX's files @table is the table.
	PreSQL config.StringList `json:"preSql"`
	// Statements to run once, after the last row. In DataX's files @table is the table.
	PostSQL config.StringList `json:"postSql"`
	// Statements to run on every connection that writes rows, before anything else.
	Session config.StringList `json:"session"`
	// Most rows of a piece that is written at once, where that is less than the 1,024 that pieces have. What is larger leaves their size to the engine.
	BatchSize int `json:"batchSize" min:"0"`
	// Longest time between a row's writing and its commit. What is less than a second makes commits more frequent.
	FlushInterval config.Duration `json:"flushIntervalMills" unit:"ms" min:"0"`
	// exactly-once insists on the table datasync_ledger beside the target, at-least-once and none do without it; absent, it is used where it may be created.
	Semantic string `json:"semantic" enum:"at-least-once,exactly-once,none"`
}

// Defaults returns the configuration to decode over.
func Defaults() Config {
	return Config{Keys: Keys{Mode: ModeInsert, FlushInterval: 10 * time.Second}}
}

// KeyList takes a list of columns, one column, or an object with one list.
type KeyList []string

// UnmarshalConfig takes what the writers of FlinkX take.
func (k *KeyList) UnmarshalConfig(d *config.Decoder) error {
	if d.Node().Kind() != config.ObjectKind {
		return d.Decode((*config.StringList)(k))
	}
	var named map[string]config.StringList
	if err := d.Decode(&named); err != nil {
		return err
	}
	for _, columns := range named {
		if len(columns) == 0 {
			continue
		}
		if len(*k) > 0 {
			return errors.New("expected one key, found several")
		}
		*k = KeyList(columns)
	}
	return nil
}

// DescribeConfig implements [config.Described].
func (*KeyList) DescribeConfig() (string, []config.Key) {
	return "list of text, or object of lists", nil
}

// NoEffect implements [config.NoEffecter].
func (*Config) NoEffect() map[string]string {
	none := map[string]string{
		"fetchSize":      "it is a setting of readers",
		"queryTimeOut":   "a write takes as long as it takes",
		"connectTimeOut": "write connectTimeout into jdbcUrl or properties",
		"encoding":       "the connection's encoding is UTF-8",
		"fieldDelim":     "rows are copied in a form without delimiters",
		"nullDelim":      "rows are copied in a form without delimiters",
		"emptyAsNull":    "an empty text is a text",
		"batchByteSize":  "pieces are of about 256 KiB",
		"dryRun":         "see datasync check",
	}
	for _, key := range []string{"fullColumn", "fullcolumn", "fullColumnName"} {
		none[key] = "the database says which columns there are"
	}
	for _, key := range []string{"executePreSqlNoData", "executePostSqlNoData"} {
		none[key] = "preSql and postSql run whether there are rows or not"
	}
	return none
}

// Validate checks what can be known without a connection.
func (c *Config) Validate() error {
	if len(c.Connection) == 0 || c.First().URL() == "" {
		return config.Fieldf("connection[0].jdbcUrl", "No jdbc url supplied")
	}
	var errs []error
	if len(c.First().QuerySQL) > 0 {
		errs = append(errs, config.Fieldf("connection[0].querySql", "is a key of readers: a writer needs a table"))
	}
	if c.table() == "" {
		errs = append(errs, config.Fieldf("connection[0].table", `is required (or "*" for each row's own table)`))
	}
	for i := range c.Column {
		if c.Column[i].Name == "*" && len(c.Column) > 1 {
			errs = append(errs, config.Fieldf(fmt.Sprintf("column[%d]", i), `"*" stands for all columns and must be the only element`))
		}
		if key, err := convert.CheckPatterns(c.Column[i].Format, c.Column[i].ParseFormat); err != nil {
			errs = append(errs, config.Field(fmt.Sprintf("column[%d].%s", i, key), err))
		}
	}
	if c.table() == AnyTable && !sqlkit.Star(c.Column) {
		errs = append(errs, config.Fieldf("column", `must be ["*"] where table is "*"`))
	}
	if c.InsertSQLMode != "" && c.Mode != ModeInsert {
		errs = append(errs, config.Fieldf("insertSqlMode", "is for mode insert: remove it, or the mode %s", c.Mode))
	}
	if c.IsAutoCommit && c.Semantic == ExactlyOnce {
		errs = append(errs, config.Fieldf("isAutoCommit", "cannot be had with semantic exactly-once: rows and position are committed together"))
	}
	return errors.Join(errs...)
}

// AnyTable is the table's name that stands for each row's own.
const AnyTable = "*"

// First returns the connection in use; Validate has made sure that it is there.
func (c *Config) First() *sqlkit.Connection { return &c.Connection[0] }

// Login says who dials.
func (c *Config) Login() sqlkit.Login {
	return sqlkit.Login{User: c.Username, Password: c.Password}.Of(c.First())
}

func (c *Config) table() string { return c.First().TableName() }

// connection is the entry in use, with the schema beside it.
func (c *Config) connection() *sqlkit.Connection {
	one := *c.First()
	if one.Schema == "" {
		one.Schema = c.Schema
	}
	return &one
}

// key is the configured key, nil for the table's own.
func (c *Config) key() []string {
	if len(c.UniqueKey) > 0 {
		return c.UniqueKey
	}
	return c.UpdateKey
}

func (c *Config) updates() bool { return c.Mode == ModeUpdate || c.Mode == ModeUpsert }

// verb is what an inserted row does.
func (c *Config) verb() Verb {
	switch {
	case c.updates():
		return Upsert
	case strings.EqualFold(c.Mode, ModeReplace):
		return Replace
	}
	return Insert
}
