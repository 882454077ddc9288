package sqlkit

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/config"
)

// Connection is one entry of a job's connection list.
type Connection struct {
	// JDBC URL of the database. A reader's may be a list: the next is tried when no connection can be made to the one before. A writer uses the first.
	JDBCURL config.StringList `json:"jdbcUrl"`
	// Tables, as t or schema.t, quoted or not. A reader reads all of the list, where * stands for any text, ? for a character, and a regular expression stands between slashes: orders_*, shop.*, /orders_[0-9]+/. A writer writes the first.
	Table config.StringList `json:"table"`
	// A SELECT to read from in place of tables, as customSql; of a whole job one.
	QuerySQL config.StringList `json:"querySql"`
	// Schema (MySQL: database) of the table, if the URL's is another.
	Schema string `json:"schema"`
	// User name, where it differs from the one beside the connection list.
	Username string `json:"username"`
	// Password, where it differs from the one beside the connection list.
	Password config.Secret `json:"password"`
	// Written by some tools; the key beside the connection list is used.
	AllReplace bool `json:"allReplace" ignored:"the key of this name beside connection is used"`
}

// NoEffect names what stands in entries of shipped files.
func (*Connection) NoEffect() map[string]string {
	return map[string]string{"type": "the plugin's name says it", "slaveMode": "name the replica in jdbcUrl", "driver": "the plugin has its own"}
}

// SchemaIsRegexp tells that the schema stands for several, as FlinkX's mysqld has it.
func (c *Connection) SchemaIsRegexp() bool {
	return IsRegexp(c.Schema) || strings.Contains(c.Schema, "*")
}

// URLKey is the key of JDBC URL n of entry i of a connection list.
func (c *Connection) URLKey(i, n int) string {
	if len(c.JDBCURL) == 1 {
		return fmt.Sprintf("connection[%d].jdbcUrl", i)
	}
	return fmt.Sprintf("connection[%d].jdbcUrl[%d]", i, n)
}

// URL returns the first JDBC URL, or "".
func (c *Connection) URL() string { return first(c.JDBCURL) }

// TableName returns the table in use as it is written, or "".
func (c *Connection) TableName() string { return first(c.Table) }

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return strings.TrimSpace(list[0])
}

// Strategies of splitting.
const (
	Auto  = "auto"
	Mod   = "mod"
	Range = "range"
)

// ReaderConfig is the keys that all readers of SQL databases have. Embed it
// and call its Validate from the outer one.
type ReaderConfig struct {
	// User name.
	Username string `json:"username"`
	// Password.
	Password config.Secret `json:"password"`
	// Where the databases and the tables are. All entries are read, each with its own url, user and password; customSql is read from the first.
	Connection config.List[Connection] `json:"connection" required:"true"`
	// Columns to read: ["*"], names, or objects with name or value (a constant). In DataX's files also constants and expressions of the database. May be left out with a statement, whose columns are meant.
	Column []Column `json:"column"`
	// Condition that the rows must meet, without the word WHERE.
	Where string `json:"where"`
	// A SELECT to read from in place of the table.
	CustomSQL string `json:"customSql" alias:"querySql"`
	// Column to read in ascending order of; absent, rows are read in order of the primary key.
	OrderByColumn string `json:"orderByColumn"`
	// Column by which the table is split for several channels: a number; with splitStrategy range, and in DataX's files, also a text or a time. FlinkX's files need it where several channels read one table; DataX's are read in one split without.
	SplitPk string `json:"splitPk"`
	// How to split: range cuts the key's values into intervals, mod takes remainders, auto chooses, and without splitPk takes the primary key (PostgreSQL: or else the pages of the table).
	SplitStrategy string `json:"splitStrategy" enum:"mod,range,auto"`
	// Least key to read; absent, it is asked for. For range.
	SplitPkStart string `json:"splitPkStart"`
	// Largest key to read; absent, it is asked for. For range.
	SplitPkEnd string `json:"splitPkEnd"`
	// Accepted for the sake of old files.
	FetchSize int `json:"fetchSize" ignored:"rows are streamed as fast as they are taken, none is waited for"`
	// How long to wait for a statement's first row; absent or 0, as long as it takes. It never ends a read that has begun.
	QueryTimeOut time.Duration `json:"queryTimeOut" unit:"s"`
	// How long to wait for a connection.
	ConnectTimeOut time.Duration `json:"connectTimeOut" unit:"s"`
	// Whether all splits are read in one consistent view of the database: auto, where there are several and it can be had; off; required, or the job fails.
	Snapshot string `json:"snapshot" enum:"auto,off,required"`
	IncrementConfig
	// Statements to run on every connection, before anything else.
	Session config.StringList `json:"session"`
	// More connection parameters, as in the JDBC URL.
	Properties map[string]string `json:"properties"`
	// Dealt says that whole tables are dealt to the channels however many there
	// are, as FlinkX's mysqld does.
	Dealt bool `json:"-"`
	// Regexps says that a table or schema which the system would have to quote
	// is a regular expression, as FlinkX's mysqld has them.
	Regexps bool `json:"-"`
}

// Patterns reads the tables of an entry of the connection list.
func (c *ReaderConfig) Patterns(i int) ([]Pattern, error) {
	one := &c.Connection[i]
	patterns := make([]Pattern, len(one.Table))
	var errs []error
	for n, text := range one.Table {
		var err error
		switch text = strings.TrimSpace(text); {
		case c.Regexps && one.SchemaIsRegexp():
			patterns[n], err = RegexpPattern(one.Schema, text)
		case c.Regexps && (IsRegexp(text) || (c.Dealt || one.Schema != "") && strings.Contains(text, ".*")):
			patterns[n], err = RegexpPattern("", text)
		default:
			patterns[n], err = ParsePattern(text)
		}
		if err != nil {
			errs = append(errs, config.Field(fmt.Sprintf("connection[%d].table[%d]", i, n), err))
		}
	}
	return patterns, errors.Join(errs...)
}

// PlainTables returns the tables of an entry that are no patterns; Validate has
// read them.
func (c *ReaderConfig) PlainTables(i int) []string {
	patterns, _ := c.Patterns(i)
	var plain []string
	for n := range patterns {
		if patterns[n].IsPlain() {
			plain = append(plain, patterns[n].Text)
		}
	}
	return plain
}

// OneTable tells that the job reads one table, by its name.
func (c *ReaderConfig) OneTable() bool {
	return !c.Dealt && len(c.Connection) == 1 && len(c.Connection[0].Table) == 1 && len(c.PlainTables(0)) == 1
}

// First returns the connection in use; Validate has made sure that it is there.
func (c *ReaderConfig) First() *Connection { return &c.Connection[0] }

// NoEffect implements [config.NoEffecter].
func (*ReaderConfig) NoEffect() map[string]string {
	return map[string]string{
		"requestAccumulatorInterval":   "accumulators are always current",
		"increment":                    "increColumn says it",
		"initReporter":                 "positions are always reported",
		"defineColumnTypeForStatement": "types are taken from the database",
		"endLocation":                  "it is computed",
		"orderBy":                      "increColumn says it",
		"isOrderBy":                    "increColumn says it",
		"withNoLock":                   "it is a setting of SQL Server",
		"mandatoryEncoding":            "texts come in UTF-8 from every database",
		"splitFactor":                  "there are as many splits as are worth having",
		"encoding":                     "texts come in UTF-8 from every database",
		"hint":                         "write the hint into customSql",
		"checkSlave":                   "the first jdbcUrl that can be connected to is used",
	}
}

// useStatement takes the statement that stands in the connection list, as DataX
// has it, and completes what a statement does not need.
func (c *ReaderConfig) useStatement() error {
	var errs []error
	for i := range c.Connection {
		for n, sql := range c.Connection[i].QuerySQL {
			key := fmt.Sprintf("connection[%d].querySql[%d]", i, n)
			switch {
			case strings.TrimSpace(sql) == "":
			case c.CustomSQL != "":
				errs = append(errs, config.Fieldf(key, "one statement is read by a job: join them with UNION ALL, or make a job of each"))
			case len(c.Connection[i].Table) > 0:
				errs = append(errs, config.Fieldf(key, "stands beside table: remove one of the two"))
			case i > 0:
				errs = append(errs, config.Fieldf(key, "a statement is read from the first entry of connection: put this one there"))
			default:
				c.CustomSQL = sql
			}
		}
	}
	switch {
	case len(c.Column) > 0:
	case c.CustomSQL == "":
		errs = append(errs, config.Fieldf("column", "is required"))
	default:
		c.Column = []Column{{Name: "*"}}
	}
	return errors.Join(errs...)
}

// Validate checks what can be known without a connection.
func (c *ReaderConfig) Validate() error {
	nameConstants(c.Column)
	errs := []error{c.useStatement(), checkColumns(c.Column), c.validateSource(), c.validateSplit(), c.ValidateIncrement()}
	if c.Where != "" {
		errs = append(errs, config.Field("where", CheckCondition(c.Where)))
	}
	return errors.Join(errs...)
}

func (c *ReaderConfig) validateSource() error {
	if len(c.Connection) == 0 {
		return config.Fieldf("connection", "No jdbc url supplied")
	}
	var errs []error
	for i := range c.Connection {
		one := &c.Connection[i]
		if one.URL() == "" {
			errs = append(errs, config.Fieldf(fmt.Sprintf("connection[%d].jdbcUrl", i), "No jdbc url supplied"))
		}
		if c.CustomSQL != "" {
			continue
		}
		if one.TableName() == "" {
			errs = append(errs, config.Fieldf(fmt.Sprintf("connection[%d].table", i), "is required where there is no customSql"))
		}
		_, err := c.Patterns(i)
		errs = append(errs, err)
	}
	for i := range c.Column {
		if col := &c.Column[i]; col.Format != "" || col.ParseFormat != "" {
			errs = append(errs, checkFormat(i, col))
		}
	}
	return errors.Join(errs...)
}

func (c *ReaderConfig) validateSplit() error {
	var errs []error
	bounds := []struct{ key, text string }{{"splitPkStart", c.SplitPkStart}, {"splitPkEnd", c.SplitPkEnd}}
	for _, b := range bounds {
		if b.text == "" {
			continue
		}
		if _, ok := new(big.Int).SetString(strings.TrimSpace(b.text), 10); !ok {
			errs = append(errs, config.Fieldf(b.key, "expected a whole number, found %q", b.text))
		}
		if c.SplitPk == "" {
			errs = append(errs, config.Fieldf(b.key, "needs splitPk"))
		}
		if c.SplitStrategy == Mod {
			errs = append(errs, config.Fieldf(b.key, "bounds belong to splitStrategy range, not mod"))
		}
	}
	if c.SplitPk == "" || Star(c.Column) {
		return errors.Join(errs...)
	}
	for i := range c.Column {
		if _, constant := c.Column[i].Constant(); constant && strings.EqualFold(c.Column[i].Name, c.SplitPk) {
			errs = append(errs, config.Fieldf("splitPk", "column %q is a constant: name a column of the table", c.SplitPk))
		}
	}
	return errors.Join(errs...)
}
