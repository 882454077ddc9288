package sqlwrite

import (
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
)

// dataX is the dialect whose statements name the table as @table, and whose
// writers deal rows to several tables.
const dataX = "datax"

var (
	_ plugin.Checker = (*writer)(nil)
	_ plugin.Fitter  = (*writer)(nil)
)

// Check implements [plugin.Checker].
func (w *writer) Check(plugin.Channels) error {
	c := w.config
	switch {
	case w.env.Dialect != dataX:
		return nil
	case len(c.Connection) > 1:
		return config.Fieldf("connection[1]", "rows go to one table: make a job of each")
	case len(c.First().Table) > 1:
		return config.Fieldf("connection[0].table[1]", "rows go to one table: make a job of each")
	}
	return nil
}

// Fits implements [plugin.Fitter]: lists of one length are mapped by position,
// others by name.
func (w *writer) Fits(columns []string) error {
	c := w.config
	if sqlkit.Star(c.Column) || len(c.Column) == len(columns) {
		return nil
	}
	for i := range c.Column {
		name := c.Column[i].Name
		if !slices.ContainsFunc(columns, func(from string) bool { return strings.EqualFold(from, name) }) {
			return config.Fieldf("column", "the writer lists %d columns, the reader %d and none of these is called %q: list as many, or columns of the same names",
				len(c.Column), len(columns), name)
		}
	}
	return nil
}

// tellLeftOut says once that lists, which readers use up, are not.
func (w *writer) tellLeftOut() {
	one := w.config.First()
	if w.env.Log != nil && (len(w.config.Connection) > 1 || len(one.JDBCURL) > 1 || len(one.Table) > 1) {
		w.env.Log.Warn("a writer uses the first entry of connection, its first jdbcUrl and its first table: the others are left out")
	}
}

// spelled is the configuration whose statements are written out.
func (c *Config) spelled(dialect string, d *sqlkit.Dialect) *Config {
	if dialect != dataX || c.table() == AnyTable {
		return c
	}
	own := *c
	table := c.table()
	if parts, err := sqlkit.ParseName(table, 3); err == nil {
		table = strings.Join(d.QuoteAll(parts), ".")
	}
	for _, list := range []*config.StringList{&own.PreSQL, &own.PostSQL} {
		*list = slices.Clone(*list)
		for i, sql := range *list {
			(*list)[i] = strings.ReplaceAll(sql, "@table", table)
		}
	}
	return &own
}
