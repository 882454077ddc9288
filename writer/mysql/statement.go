package mysql

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
	"github.com/datasync-io/datasync/core/record"
)

// sizes are how many rows the statements of a form take, so that any number
// of rows is a few of them. More than 256 gain nothing (measured), and cost
// the server memory for each parameter.
var sizes = [...]int{256, 64, 16, 4, 1}

// mostParameters is what a statement may have.
const mostParameters = 1<<16 - 1

// mostForms bounds what a session keeps prepared at the server.
const mostForms = 64

// form is how a session writes by a [sqlwrite.Form].
type form struct {
	*sqlwrite.Form
	order      []int // parameters of a row: indices into Columns
	encoder    *mysqlkit.Encoder
	head, tail string // of a statement, around what is repeated for each row
	row, glue  string // what is repeated, and what stands in between
	oneByOne   bool   // a statement takes one row
	load       string // LOAD DATA; "": the verb is another one
	loaded     bool   // the server has taken a file
	binary     bool   // some column travels as hex digits when it is loaded
	prepared   [len(sizes)]*mysqlkit.Insertion
}

// form returns what was made of f before, or makes it.
func (s *session) form(ctx context.Context, f *sqlwrite.Form) (*form, error) {
	if known := s.forms[f]; known != nil {
		return known, nil
	}
	if len(s.forms) >= mostForms {
		if err := s.forget(ctx); err != nil {
			return nil, err
		}
	}
	made := &form{Form: f}
	made.spell(s.conn.Server)
	columns, kinds := make([]*sqlkit.TableColumn, len(made.order)), make([]record.Kind, len(made.order))
	for i, c := range made.order {
		columns[i], kinds[i] = f.Columns[c].TableColumn, f.Columns[c].From.Kind
	}
	var err error
	if made.encoder, err = mysqlkit.NewEncoder(columns, kinds); err != nil {
		return nil, err
	}
	s.driver.tellKeys(f)
	s.forms[f] = made
	return made, nil
}

// tellKeys says once of a table that MySQL upserts by all its unique keys,
// whatever uniqueKey says.
func (d *driver) tellKeys(f *sqlwrite.Form) {
	if f.Verb != sqlwrite.Upsert && f.Verb != sqlwrite.Replace {
		return
	}
	var unique []string
	for _, x := range f.Table.Indexes {
		if x.Unique {
			unique = append(unique, x.Name)
		}
	}
	if len(unique) < 2 {
		return
	}
	if _, told := d.keyed.LoadOrStore(f.Table.Name.String(), true); !told {
		d.log.Warn("the table has several unique keys: a row that has a value of any of them in common with a row of the table takes its place",
			"table", f.Table.Name.String(), "keys", strings.Join(unique, ", "))
	}
}

// forget releases all statements.
func (s *session) forget(ctx context.Context) error {
	for f, made := range s.forms {
		for _, p := range made.prepared {
			if p == nil {
				continue
			}
			if err := s.note(p.Close(ctx)); err != nil {
				return err
			}
		}
		delete(s.forms, f)
	}
	return nil
}

// statement returns the one for that many rows.
func (s *session) statement(ctx context.Context, f *form, size int) (*mysqlkit.Insertion, error) {
	i := slices.Index(sizes[:], size)
	if f.prepared[i] != nil {
		return f.prepared[i], nil
	}
	p, err := s.conn.PrepareRows(ctx, f.sql(size), size)
	if s.note(err) != nil {
		return nil, fmt.Errorf("preparing to write to table %s: %w", f.Table.Name, notOfARow(err))
	}
	f.prepared[i] = p
	return p, nil
}

// notOfARow gives what the server says of a statement, before it has a row, its class.
func notOfARow(err error) error {
	if errclass.Of(err) == errclass.Data {
		return errclass.With(errclass.Permanent, err)
	}
	return err
}

// sql is the statement for that many rows.
func (f *form) sql(rows int) string {
	return f.head + f.row + strings.Repeat(f.glue+f.row, rows-1) + f.tail
}

// finds tells the verbs that say how many rows there were.
func (f *form) finds() bool { return f.Verb == sqlwrite.Update || f.Verb == sqlwrite.Delete }

// spell writes the statements.
func (f *form) spell(server mysqlkit.Server) {
	table := mysqlkit.Dialect.Table(f.Table.Name)
	isKey := make([]bool, len(f.Columns))
	for _, i := range f.Key {
		isKey[i] = true
	}
	for i := range f.Columns {
		if !isKey[i] || !f.finds() {
			f.order = append(f.order, i)
		}
	}
	switch f.Verb {
	case sqlwrite.Update:
		f.head = "UPDATE " + table + " SET " + f.assignments() + " WHERE "
		f.row, f.oneByOne = f.condition(), true
	case sqlwrite.Delete:
		f.spellDelete(table)
	default:
		verb := "INSERT"
		if f.Verb == sqlwrite.Replace {
			verb = "REPLACE"
		}
		f.head = verb + " INTO " + table + " (" + strings.Join(f.names(), ",") + ") VALUES "
		f.row, f.glue = "("+strings.Repeat("?,", len(f.order)-1)+"?)", ","
		if f.Verb == sqlwrite.Upsert {
			f.tail = f.onDuplicate(server)
		}
	}
	if f.Verb == sqlwrite.Insert {
		f.spellLoad(table)
	}
}

// spellDelete deletes several rows by one statement.
func (f *form) spellDelete(table string) {
	f.order = nil
	f.head = "DELETE FROM " + table + " WHERE "
	if one := f.Key[0]; len(f.Key) == 1 && !f.Columns[one].Nullable {
		f.order = append(f.order, one)
		f.head, f.row, f.glue, f.tail = f.head+f.quoted(one)+" IN (", "?", ",", ")"
		return
	}
	f.row, f.glue = "("+f.condition()+")", " OR "
}

// names are the quoted columns, in the order of parameters.
func (f *form) names() []string {
	names := make([]string, len(f.order))
	for i, c := range f.order {
		names[i] = f.quoted(c)
	}
	return names
}

func (f *form) quoted(i int) string { return mysqlkit.Dialect.Quote(f.Columns[i].Name) }

// assignments change all columns but the key's. A statement that changes none
// tells whether the row is there.
func (f *form) assignments() string {
	sets := make([]string, len(f.order))
	for n, i := range f.order {
		sets[n] = f.quoted(i) + " = ?"
		if f.KeepOld {
			sets[n] = f.quoted(i) + " = IFNULL(?, " + f.quoted(i) + ")"
		}
	}
	if len(sets) == 0 {
		return f.quoted(f.Key[0]) + " = " + f.quoted(f.Key[0])
	}
	return strings.Join(sets, ", ")
}

// condition finds a row by its key and adds the key's parameters.
func (f *form) condition() string {
	conditions := make([]string, len(f.Key))
	for n, i := range f.Key {
		f.order = append(f.order, i)
		equal := " = ?"
		if f.Columns[i].Nullable {
			equal = " <=> ?"
		}
		conditions[n] = f.quoted(i) + equal
	}
	return strings.Join(conditions, " AND ")
}

// onDuplicate changes the row that has the key of a new one, whichever key that
// is: all columns become what the new row has. MySQL warns of VALUES() since
// it has names for new rows; MariaDB and TiDB know VALUES() alone.
func (f *form) onDuplicate(server mysqlkit.Server) string {
	alias := !server.MariaDB && !server.TiDB && server.AtLeast(8, 0, 19)
	sets := make([]string, len(f.order))
	for n, i := range f.order {
		name := f.quoted(i)
		value := "VALUES(" + name + ")"
		if alias {
			value = newRow + "." + name
		}
		if f.KeepOld {
			value = "IFNULL(" + value + ", " + mysqlkit.Dialect.Quote(f.Table.Name.Table) + "." + name + ")"
		}
		sets[n] = name + " = " + value
	}
	if alias {
		return " AS " + newRow + " ON DUPLICATE KEY UPDATE " + strings.Join(sets, ", ")
	}
	return " ON DUPLICATE KEY UPDATE " + strings.Join(sets, ", ")
}

const newRow = "`datasync new`"

// spellLoad writes LOAD DATA, whose file has the columns in the order of
// parameters.
func (f *form) spellLoad(table string) {
	items, sets := make([]string, len(f.order)), []string(nil)
	for n, i := range f.order {
		item, set := mysqlkit.LoadTarget(f.Columns[i].TableColumn, fmt.Sprintf("c%d", n))
		if items[n] = item; set != "" {
			sets = append(sets, set)
		}
	}
	f.load = "LOAD DATA LOCAL INFILE 'datasync' INTO TABLE " + table + " " + mysqlkit.LoadFormat + " (" + strings.Join(items, ",") + ")"
	if f.binary = len(sets) > 0; f.binary {
		f.load += " SET " + strings.Join(sets, ", ")
	}
}
