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
	sqlwrite.Keys
	// How long to wait for another process's lock on the file.
	BusyTimeout config.Duration `json:"busyTimeout" unit:"ms" min:"0"`
}

// defaults returns the configuration to decode over.
func defaults() *Config {
	c := &Config{Keys: sqlwrite.Defaults().Keys, BusyTimeout: 10 * time.Second}
	c.AllReplace = true
	return c
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
	w := &sqlwrite.Config{Keys: c.Keys}
	w.Connection = config.List[sqlkit.Connection]{{JDBCURL: config.StringList{"jdbc:sqlite:" + path}, Table: config.StringList{c.table()}}}
	return w
}
