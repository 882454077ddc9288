package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlitekit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// verb is what is done with a row.
type verb uint8

const (
	insert verb = iota // as the mode says
	upsert             // change the row with the key, or add it
	change             // change the row with the key
	remove             // delete the row with the key
	verbs
)

// column is one column that is written.
type column struct {
	name     string
	quoted   string
	from     int // column of the row
	affinity sqlitekit.Affinity
	key      bool
}

// target is where rows of one schema go. It belongs to the writer's connection.
type target struct {
	conn    *sqlitekit.Conn
	table   string // quoted
	mode    string
	columns []column
	whole   [verbs]*statement        // for rows without absent values
	partial map[[2]string]*statement // by verb and the columns that are there
}

// statement is a prepared statement and which columns its parameters are, in order.
type statement struct {
	*sqlitekit.Stmt
	parameters []int
}

// newTarget maps a schema's columns to those of its table.
func (c *Config) newTarget(ctx context.Context, conn *sqlitekit.Conn, s *record.Schema) (*target, error) {
	if c.tableOf(s) == "" {
		return nil, errclass.With(errclass.Config, errors.New(`table: "*" needs rows that name their table: name one`))
	}
	table, err := conn.Table(ctx, c.tableOf(s))
	if err != nil {
		return nil, err
	}
	d := sqlitekit.Dialect()
	t := &target{conn: conn, table: d.Table(record.Name{Table: table.Name}), mode: c.Mode,
		partial: map[[2]string]*statement{}}
	names, err := c.mapping(s, table)
	if err != nil {
		return nil, errclass.With(errclass.Config, err)
	}
	for from, name := range names {
		if name == "" {
			continue
		}
		i := table.Index(name)
		if i < 0 {
			return nil, errclass.With(errclass.Config, fmt.Errorf("column: table %s has no column %q; it has %s", table.Name, name, columnNames(table)))
		}
		if table.Columns[i].Generated {
			return nil, errclass.With(errclass.Config, fmt.Errorf("column: %q of table %s is generated and cannot be written", name, table.Name))
		}
		t.columns = append(t.columns, column{name: table.Columns[i].Name, quoted: d.Quote(table.Columns[i].Name),
			from: from, affinity: sqlitekit.AffinityOf(table.Columns[i].Declared)})
	}
	return t, t.findKey(c.key(), table)
}

func (c *Config) tableOf(s *record.Schema) string {
	name := c.table()
	if name == "*" {
		return s.Name.Table
	}
	if parts, err := sqlkit.ParseName(name, 2); err == nil {
		return parts[len(parts)-1]
	}
	return name
}

// mapping returns the table's column for each data column of the schema, "" for none.
func (c *Config) mapping(s *record.Schema, table *sqlitekit.Table) ([]string, error) {
	names := make([]string, s.Data)
	switch {
	case sqlkit.Star(c.Column):
		for i := range names {
			names[i] = s.Columns[i].Name
		}
	case len(c.Column) == s.Data:
		for i := range names {
			names[i] = c.Column[i].Name
		}
	default: // the reader's list is "*", or the lists do not fit
		for i := range c.Column {
			at := s.Index(c.Column[i].Name)
			if at < 0 || at >= s.Data {
				return nil, fmt.Errorf("column: the writer lists %d columns, the rows have %d and none is called %q: list as many, or columns of the same names",
					len(c.Column), s.Data, c.Column[i].Name)
			}
			names[at] = c.Column[i].Name
		}
	}
	seen := map[string]bool{}
	for _, n := range names {
		if n = strings.ToLower(n); n != "" && seen[n] {
			return nil, fmt.Errorf("column: %q of table %s is written twice", n, table.Name)
		}
		seen[n] = true
	}
	return names, nil
}

func columnNames(t *sqlitekit.Table) string {
	names := make([]string, len(t.Columns))
	for i := range t.Columns {
		names[i] = t.Columns[i].Name
	}
	return strings.Join(names, ", ")
}

// findKey marks the key's columns. Without one, inserts alone are possible.
func (t *target) findKey(configured []string, table *sqlitekit.Table) error {
	names := configured
	if len(names) == 0 {
		for _, i := range table.PrimaryKey() {
			names = append(names, table.Columns[i].Name)
		}
	}
	found := 0
	for _, name := range names {
		for i := range t.columns {
			if strings.EqualFold(t.columns[i].name, name) {
				t.columns[i].key = true
				found++
			}
		}
	}
	missing := len(names) == 0 || found < len(names)
	switch {
	case missing && len(configured) > 0:
		return errclass.With(errclass.Config, fmt.Errorf("uniqueKey: not all of %s are among the columns that are written", strings.Join(configured, ", ")))
	case missing && t.updates():
		return errclass.With(errclass.Config, fmt.Errorf("mode %s: table %s has no primary key among the columns that are written: name a uniqueKey", t.mode, table.Name))
	case missing:
		for i := range t.columns {
			t.columns[i].key = false
		}
	}
	return nil
}

func (t *target) updates() bool { return t.mode == modeUpdate || t.mode == modeUpsert }

func (t *target) hasKey() bool {
	for i := range t.columns {
		if t.columns[i].key {
			return true
		}
	}
	return false
}

// statement returns the statement for a verb and the columns that are there,
// nil for all of them.
func (t *target) statement(v verb, there []byte) (*statement, error) {
	if there == nil && t.whole[v] != nil {
		return t.whole[v], nil
	}
	id := [2]string{string(rune('0' + v)), string(there)}
	if s := t.partial[id]; there != nil && s != nil {
		return s, nil
	}
	var columns []int
	for i := range t.columns {
		if there == nil || there[i] != 0 {
			columns = append(columns, i)
		}
	}
	sql, parameters := t.spell(v, columns)
	stmt, err := t.conn.Prepare(sql)
	if err != nil {
		return nil, err
	}
	s := &statement{Stmt: stmt, parameters: parameters}
	if there == nil {
		t.whole[v] = s
	} else {
		t.partial[id] = s
	}
	return s, nil
}

// close frees the statements.
func (t *target) close() {
	for _, s := range t.whole {
		if s != nil {
			s.Close()
		}
	}
	for _, s := range t.partial {
		s.Close()
	}
}
