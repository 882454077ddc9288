package sqlkit

import (
	"errors"
	"math/big"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/config"
)

// Connection is one entry of a job's connection list.
type Connection struct {
	// JDBC URL of the database. A list may be given; its first element is used.
	JDBCURL config.StringList `json:"jdbcUrl"`
	// Table to read or write, as t or schema.t, quoted or not. A list may be given; its first element is used.
	Table config.StringList `json:"table"`
	// Schema (MySQL: database) of the table, if the URL's is another.
	Schema string `json:"schema"`
	// User name, where it differs from the one beside the connection list.
	Username string `json:"username"`
	// Password, where it differs from the one beside the connection list.
	Password config.Secret `json:"password"`
	// Written by some tools; the key beside the connection list is used.
	AllReplace bool `json:"allReplace" ignored:"the key of this name beside connection is used"`
}

// URL returns the JDBC URL in use, or "".
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
	// Where the database and the table are; the first entry is used.
	Connection config.List[Connection] `json:"connection" required:"true"`
	// Columns to read: ["*"], names, or objects with name or value (a constant).
	Column []Column `json:"column" required:"true"`
	// Condition that the rows must meet, without the word WHERE.
	Where string `json:"where"`
	// A SELECT to read from in place of the table.
	CustomSQL string `json:"customSql" alias:"querySql"`
	// Column to read in ascending order of; absent, rows are read in order of the primary key.
	OrderByColumn string `json:"orderByColumn"`
	// Numeric column by which the table is split for several channels.
	SplitPk string `json:"splitPk"`
	// How to split: range cuts the key's values into intervals, mod takes remainders, auto chooses.
	SplitStrategy string `json:"splitStrategy" enum:"mod,range,auto"`
	// Least key to read; absent, it is asked for. For range.
	SplitPkStart string `json:"splitPkStart"`
	// Largest key to read; absent, it is asked for. For range.
	SplitPkEnd string `json:"splitPkEnd"`
	// Rows per round trip, where the driver asks for rows in pieces.
	FetchSize int `json:"fetchSize"`
	// How long to wait for a statement's first row; absent or 0, as long as it takes. It never ends a read that has begun.
	QueryTimeOut time.Duration `json:"queryTimeOut" unit:"s"`
	// How long to wait for a connection.
	ConnectTimeOut time.Duration `json:"connectTimeOut" unit:"s"`
	IncrementConfig
	// More connection parameters, as in the JDBC URL.
	Properties map[string]string `json:"properties"`
}

// First returns the connection in use; Validate has made sure that it is there.
func (c *ReaderConfig) First() *Connection { return &c.Connection[0] }

// AccountOf returns who dials an entry of the connection list: its own account,
// or else the one beside the list.
func (c *ReaderConfig) AccountOf(one *Connection) (user string, password config.Secret) {
	user, password = c.Username, c.Password
	if one.Username != "" {
		user = one.Username
	}
	if one.Password.IsSet() {
		password = one.Password
	}
	return user, password
}

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
	}
}

// Validate checks what can be known without a connection.
func (c *ReaderConfig) Validate() error {
	errs := []error{checkColumns(c.Column), c.validateSource(), c.validateSplit(), c.ValidateIncrement()}
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
	one := c.First()
	if one.URL() == "" {
		errs = append(errs, config.Fieldf("connection[0].jdbcUrl", "No jdbc url supplied"))
	}
	if one.TableName() == "" && c.CustomSQL == "" {
		errs = append(errs, config.Fieldf("connection[0].table", "is required where there is no customSql"))
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
