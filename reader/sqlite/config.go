package sqlite

import (
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/sqlitekit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
)

// Config is what a job file says in the reader's parameter.
type Config struct {
	// File of the database. jdbcUrl and connection say it as well.
	Path string `json:"path" alias:"database"`
	// JDBC URL of the database: jdbc:sqlite:FILE.
	JDBCURL config.StringList `json:"jdbcUrl" alias:"url"`
	// Tables or views to read, as in the entries of connection: a list, patterns such as orders_*, regular expressions between slashes.
	Table config.StringList `json:"table"`
	// Where the database and the table are, in the form of the other SQL readers; the first entry is used.
	Connection config.List[sqlkit.Connection] `json:"connection"`
	// Columns to read: ["*"], names, or objects with name or value (a constant).
	Column []sqlkit.Column `json:"column" required:"true"`
	// Condition that the rows must meet, without the word WHERE.
	Where string `json:"where"`
	// A SELECT to read from in place of the table.
	CustomSQL string `json:"customSql" alias:"querySql"`
	// Column to read in ascending order of; absent, rows are read in order of the rowid or primary key. Where its values may be NULL or the input has no key, a split starts over when it is resumed.
	OrderByColumn string `json:"orderByColumn"`
	// Numeric column by which the table is split for several channels; absent, the rowid.
	SplitPk string `json:"splitPk"`
	// How to split: range cuts the key's values into intervals, mod takes remainders, auto chooses.
	SplitStrategy string `json:"splitStrategy" enum:"mod,range,auto"`
	// Least key to read; absent, it is asked for. For range.
	SplitPkStart string `json:"splitPkStart"`
	// Largest key to read; absent, it is asked for. For range.
	SplitPkEnd string `json:"splitPkEnd"`
	sqlkit.IncrementConfig
	// How long to wait for another process's lock on the file.
	BusyTimeout config.Duration `json:"busyTimeout" unit:"ms" min:"0"`
}

// NoEffect names the keys of other SQL readers.
func (*Config) NoEffect() map[string]string {
	return map[string]string{
		"username": "a file has no users", "password": "a file has no users", "fetchSize": "rows are read one by one from the file",
		"queryTimeOut": "a read takes as long as it takes", "connectTimeOut": "a file is not dialled",
		"requestAccumulatorInterval": "accumulators are always current", "defineColumnTypeForStatement": "values carry their types",
		"properties": "a file has no connection parameters", "increment": "increColumn says it", "initReporter": "positions are always reported",
		"endLocation": "it is computed", "orderBy": "increColumn says it", "isOrderBy": "increColumn says it",
	}
}

// Validate checks what can be known without the file.
func (c *Config) Validate() error {
	if len(c.Connection) > 0 && len(c.Connection[0].QuerySQL) == 1 && c.CustomSQL == "" {
		c.CustomSQL = c.Connection[0].QuerySQL[0] // as DataX writes it
	}
	errs := []error{c.validatePlace(), c.validateSplit(), c.ValidateIncrement()}
	for i := range c.Column {
		col := &c.Column[i]
		if col.Name == "*" && len(c.Column) > 1 {
			errs = append(errs, config.Fieldf(fmt.Sprintf("column[%d]", i), `"*" stands for all columns and must be the only element`))
		}
		if _, constant := col.Constant(); !constant && (col.Format != "" || col.ParseFormat != "") {
			errs = append(errs, config.Fieldf(fmt.Sprintf("column[%d].format", i), "is not supported: use strftime in customSql"))
		}
	}
	if c.Where != "" && !strings.Contains(c.Where, `\`) { // a backslash escapes nothing in SQLite
		errs = append(errs, config.Field("where", sqlkit.CheckCondition(c.Where)))
	}
	return errors.Join(errs...)
}

func (c *Config) validatePlace() error {
	_, err := c.file()
	if len(c.tables()) == 0 && c.CustomSQL == "" {
		err = errors.Join(err, config.Fieldf("table", "is required where there is no customSql"))
	}
	return err
}

func (c *Config) validateSplit() error {
	var errs []error
	for _, b := range []struct{ key, text string }{{"splitPkStart", c.SplitPkStart}, {"splitPkEnd", c.SplitPkEnd}} {
		if b.text == "" {
			continue
		}
		if _, ok := new(big.Int).SetString(strings.TrimSpace(b.text), 10); !ok {
			errs = append(errs, config.Fieldf(b.key, "expected a whole number, found %q", b.text))
		}
		if c.SplitStrategy == sqlkit.Mod {
			errs = append(errs, config.Fieldf(b.key, "bounds belong to splitStrategy range, not mod"))
		}
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

// tables are as the job writes them.
func (c *Config) tables() config.StringList {
	if len(c.Table) == 0 && len(c.Connection) > 0 {
		return c.Connection[0].Table
	}
	return c.Table
}

// reading is the configuration in the form of the other SQL readers. A table is
// split by its rowid unless the job says otherwise.
func (c *Config) reading() *sqlkit.ReaderConfig {
	r := &sqlkit.ReaderConfig{
		Connection: config.List[sqlkit.Connection]{{Table: c.tables()}},
		Column:     c.Column, Where: c.Where, CustomSQL: c.CustomSQL, OrderByColumn: c.OrderByColumn,
		SplitPk: c.SplitPk, SplitStrategy: c.SplitStrategy, SplitPkStart: c.SplitPkStart, SplitPkEnd: c.SplitPkEnd,
		IncrementConfig: c.IncrementConfig,
	}
	if r.SplitStrategy == "" && r.SplitPk == "" {
		r.SplitStrategy = sqlkit.Auto
	}
	return r
}
