package sqlite

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/sqlitekit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
)

// Modes of writing an inserted row.
const (
	modeInsert  = "insert"
	modeReplace = "replace"
	modeUpdate  = "update"
	modeUpsert  = "upsert"
)

// Config is what a job file says in the writer's parameter.
type Config struct {
	// File of the database. jdbcUrl and connection say it as well.
	Path string `json:"path" alias:"database"`
	// JDBC URL of the database: jdbc:sqlite:FILE.
	JDBCURL config.StringList `json:"jdbcUrl" alias:"url"`
	// Table to write to; "*" is each row's own table. A list may be given; its first element is used.
	Table config.StringList `json:"table"`
	// Where the database and the table are, in the form of the other SQL writers; the first entry is used.
	Connection config.List[sqlkit.Connection] `json:"connection"`
	// Columns to write: ["*"] maps columns by name, a list of names or objects maps them by position.
	Column []sqlkit.Column `json:"column" required:"true"`
	// What an inserted row does: insert adds it, replace puts it in the place of rows with the same key, update (or upsert) changes the row with the same key or adds it.
	Mode string `json:"mode" alias:"writeMode" enum:"insert,replace,update,upsert"`
	// Columns by which updates and deletes find their row; absent, the table's primary key.
	UniqueKey config.StringList `json:"uniqueKey"`
	// Another spelling of uniqueKey: a list, or an object whose first list is used.
	UpdateKey keyList `json:"updateKey"`
	// Statements to run before the first row of a fresh run. The file is created if they are given.
	PreSQL config.StringList `json:"preSql"`
	// Statements to run after the last row.
	PostSQL config.StringList `json:"postSql"`
	// Create the file and missing tables, with columns of types that keep every value.
	CreateTable bool `json:"createTable"`
	// How long to wait for another process's lock on the file.
	BusyTimeout config.Duration `json:"busyTimeout" unit:"ms" min:"0"`
}

func defaults() *Config { return &Config{Mode: modeInsert, BusyTimeout: 10 * time.Second} }

// keyList takes a list of columns, one column, or an object of lists.
type keyList []string

// UnmarshalConfig takes what the writers of FlinkX take.
func (k *keyList) UnmarshalConfig(d *config.Decoder) error {
	if d.Node().Kind() != config.ObjectKind {
		return d.Decode((*config.StringList)(k))
	}
	var named map[string]config.StringList
	if err := d.Decode(&named); err != nil {
		return err
	}
	if len(named) > 1 {
		return fmt.Errorf("expected one key, found %d", len(named))
	}
	for _, columns := range named {
		*k = keyList(columns)
	}
	return nil
}

// DescribeConfig implements [config.Described].
func (*keyList) DescribeConfig() (string, []config.Key) {
	return "list of text, or object of lists", nil
}

// NoEffect names the keys of other SQL writers.
func (*Config) NoEffect() map[string]string {
	const each = "every batch is one transaction"
	none := map[string]string{
		"username": "a file has no users", "password": "a file has no users",
		"batchSize": each, "flushIntervalMills": each, "allReplace": "a NULL overwrites",
		"insertSqlMode": "rows are inserted by one prepared statement", "properties": "a file has no connection parameters",
		"semantic": "it is a setting of the job",
	}
	for _, key := range []string{"session", "schema", "executePreSqlNoData", "executePostSqlNoData", "fetchSize", "encoding", "fullColumnName", "fullcolumn", "fullColumn"} {
		none[key] = "it has no meaning here"
	}
	return none
}

// Validate checks what can be known without the file.
func (c *Config) Validate() error {
	_, err := c.file()
	errs := []error{err}
	if c.table() == "" {
		errs = append(errs, config.Fieldf("table", `is required (or "*" for each row's own table)`))
	}
	for i := range c.Column {
		switch _, constant := c.Column[i].Constant(); {
		case constant:
			errs = append(errs, config.Fieldf(fmt.Sprintf("column[%d].value", i), "constants belong to the reader's columns"))
		case c.Column[i].Name == "*" && len(c.Column) > 1:
			errs = append(errs, config.Fieldf(fmt.Sprintf("column[%d]", i), `"*" stands for all columns and must be the only element`))
		}
	}
	if c.table() == "*" && !sqlkit.Star(c.Column) {
		errs = append(errs, config.Fieldf("column", `must be ["*"] where table is "*"`))
	}
	return errors.Join(errs...)
}

// file is the database's path, from whichever key says it.
func (c *Config) file() (string, error) {
	key, url := "jdbcUrl", ""
	if len(c.JDBCURL) > 0 {
		url = c.JDBCURL[0]
	}
	if url == "" && len(c.Connection) > 0 {
		key, url = "connection[0].jdbcUrl", c.Connection[0].URL()
	}
	switch {
	case c.Path != "" && url != "":
		return "", config.Fieldf("path", "says the same as %s: remove one", key)
	case c.Path != "":
		return c.Path, nil
	case url == "":
		return "", config.Fieldf("path", "is required: the file of the database")
	}
	path, err := sqlitekit.ParseURL(url)
	return path, config.Field(key, err)
}

func (c *Config) table() string {
	if len(c.Table) > 0 {
		return strings.TrimSpace(c.Table[0])
	}
	if len(c.Connection) > 0 {
		return c.Connection[0].TableName()
	}
	return ""
}

// key is the configured key, nil for the table's own.
func (c *Config) key() []string {
	if len(c.UniqueKey) > 0 {
		return c.UniqueKey
	}
	return c.UpdateKey
}
