package sqlite

import (
	"errors"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/sqlitekit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
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
	// Columns by which updates and deletes find their row; absent, the table's primary key, else its first unique index without NULLs.
	UniqueKey config.StringList `json:"uniqueKey"`
	// Another spelling of uniqueKey: a list, or an object whose only list is used.
	UpdateKey sqlwrite.KeyList `json:"updateKey"`
	// For mode update: whether a NULL overwrites what the table has.
	AllReplace bool `json:"allReplace"`
	// Statements to run before the first row of a fresh run. The file is created if they are given.
	PreSQL config.StringList `json:"preSql"`
	// Statements to run after the last row.
	PostSQL config.StringList `json:"postSql"`
	// Create the file and missing tables, with columns of types that keep every value.
	CreateTable bool `json:"createTable"`
	// Statements to run on every connection that writes rows, before anything else.
	Session config.StringList `json:"session"`
	// Most rows of a piece that is written at once, where that is less than the 1,024 that pieces have. What is larger leaves their size to the engine.
	BatchSize int `json:"batchSize" min:"0"`
	// Longest time between a row's writing and its commit. What is less than a second makes commits more frequent.
	FlushInterval config.Duration `json:"flushIntervalMills" unit:"ms" min:"0"`
	// exactly-once insists on the table datasync_ledger beside the target, at-least-once and none do without it; absent, it is used where it may be created.
	Semantic string `json:"semantic" enum:"at-least-once,exactly-once,none"`
	// How long to wait for another process's lock on the file.
	BusyTimeout config.Duration `json:"busyTimeout" unit:"ms" min:"0"`
}

// defaults returns the configuration to decode over.
func defaults() *Config {
	shared := sqlwrite.Defaults()
	return &Config{Mode: shared.Mode, AllReplace: true, FlushInterval: shared.FlushInterval, BusyTimeout: 10 * time.Second}
}

// NoEffect names the keys of other SQL writers.
func (*Config) NoEffect() map[string]string {
	none := (*sqlwrite.Config)(nil).NoEffect()
	none["username"], none["password"] = "a file has no users", "a file has no users"
	none["insertSqlMode"] = "rows are inserted by one prepared statement"
	none["properties"] = "a file has no connection parameters"
	none["schema"] = "a file has one schema"
	none["encoding"] = "the file's encoding is used"
	return none
}

// Validate checks what can be known without the file.
func (c *Config) Validate() error {
	_, err := c.file()
	errs := []error{err}
	if c.table() == "" {
		errs = append(errs, config.Fieldf("table", `is required (or "*" for each row's own table)`))
	}
	if len(errs) == 1 && err == nil {
		errs = append(errs, c.writing("").Validate())
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

// creates tells that the file is made if it is missing.
func (c *Config) creates() bool { return c.CreateTable || len(c.PreSQL) > 0 }

// writing is the configuration in the form of the other SQL writers.
func (c *Config) writing(path string) *sqlwrite.Config {
	w := sqlwrite.Defaults()
	w.Connection = config.List[sqlkit.Connection]{{JDBCURL: config.StringList{"jdbc:sqlite:" + path}, Table: config.StringList{c.table()}}}
	w.Column, w.Mode, w.UniqueKey, w.UpdateKey, w.AllReplace = c.Column, c.Mode, c.UniqueKey, c.UpdateKey, c.AllReplace
	w.CreateTable, w.PreSQL, w.PostSQL, w.Session = c.CreateTable, c.PreSQL, c.PostSQL, c.Session
	w.FlushInterval, w.BatchSize, w.Semantic = c.FlushInterval, c.BatchSize, c.Semantic
	if strings.EqualFold(w.Semantic, "none") {
		w.Semantic = sqlwrite.AtLeastOnce
	}
	return &w
}
