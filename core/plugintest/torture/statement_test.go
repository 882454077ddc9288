package torture

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// keySpace is how many keys of a table the writers meet on.
const keySpace = 250

// Choices of a statement that change keys.
const (
	rekey     = 8  // a row gets another's key
	rekeyBack = 10 // a row gets another key and its own again
)

// bulk are keys that large transactions alone use, so that these do not fail by
// the others'.
const bulk = 1_000_000

// transaction is what a writer does at once.
type transaction struct {
	statements []string
	rollback   bool
	xa         string      // its id, if it has two phases
	defines    bool        // it changes a table, or empties one
	alters     *definition // what its last statement does to table
	table      *table
}

// definition is a change to a table's columns.
type definition struct {
	add    bool
	column column
}

// author makes up transactions of one writer.
type author struct {
	product  product
	random   *rand.Rand
	tables   []*table
	truncate bool // TRUNCATE now and then
	evolve   bool // ALTER TABLE, too
	keyless  bool // changes of rows without a key, too
	xa       bool // transactions of two phases, too
	large    int  // rows of a large transaction
}

// next makes up a transaction.
func (a *author) next() transaction {
	r := a.random
	switch {
	case a.evolve && r.IntN(40) == 0:
		return a.alter()
	case a.truncate && r.IntN(60) == 0:
		t := a.table()
		return transaction{statements: []string{"TRUNCATE TABLE " + a.quote(t.name)}, defines: true}
	case r.IntN(50) == 0:
		return a.huge()
	}
	x := transaction{rollback: r.IntN(8) == 0}
	for range 1 + r.IntN(6) {
		x.statements = append(x.statements, a.statement(a.table())...)
	}
	if a.xa && r.IntN(6) == 0 {
		x.xa = fmt.Sprintf("x%x", r.Uint64())
	}
	return x
}

func (a *author) table() *table { return a.tables[a.random.IntN(len(a.tables))] }

func (a *author) quote(name string) string { return quote(a.product, name) }

// statement makes up a change of a table's rows.
func (a *author) statement(t *table) []string {
	r := a.random
	if t.keys == 0 {
		return a.unkeyed(t)
	}
	n := r.IntN(keySpace)
	what := r.IntN(12)
	if a.product == postgresql && t.outOfLine && (what == rekey || what == rekeyBack) {
		what = 4 // the log would leave out what the row under its new key has
	}
	switch what {
	case 0, 1, 2:
		return []string{a.insert(t, keysFrom(n, 1+r.IntN(12)), false)}
	case 3:
		return []string{a.insert(t, keysFrom(n, 1+r.IntN(5)), true)}
	case 4, 5:
		return []string{"UPDATE " + a.quote(t.name) + " SET " + a.sets(t) + a.where(t, n)}
	case 6: // several rows, each to the same
		first := t.columns[0]
		return []string{fmt.Sprintf("UPDATE %s SET %s WHERE %s IN (%s)", a.quote(t.name), a.sets(t), a.quote(first.name), strings.Join(a.keyTexts(first, keysFrom(n, 20)), ", "))}
	case 7: // nothing changes
		last := a.quote(t.columns[len(t.columns)-1].name)
		return []string{"UPDATE " + a.quote(t.name) + " SET " + last + " = " + last + a.where(t, n)}
	case rekey:
		first := t.columns[0]
		return []string{a.delete(t, n), "UPDATE " + a.quote(t.name) + " SET " + a.quote(first.name) + " = " + a.key(first, n) + a.where(t, (n+1+r.IntN(9))%keySpace)}
	case 9:
		return []string{a.delete(t, n), a.insert(t, []int{n}, false)}
	case rekeyBack:
		first := t.columns[0]
		other := keySpace + n
		return []string{
			"UPDATE " + a.quote(t.name) + " SET " + a.quote(first.name) + " = " + a.key(first, other) + ", " + a.sets(t) + a.where(t, n),
			"UPDATE " + a.quote(t.name) + " SET " + a.quote(first.name) + " = " + a.key(first, n) + a.where(t, other),
		}
	}
	return []string{a.delete(t, n)}
}

// unkeyed makes up a change of the table without a key.
func (a *author) unkeyed(t *table) []string {
	r := a.random
	first := t.columns[0]
	n := r.IntN(keySpace)
	if a.keyless && r.IntN(3) == 0 {
		if r.IntN(2) == 0 {
			return []string{"DELETE FROM " + a.quote(t.name) + a.where(t, n)}
		}
		return []string{"UPDATE " + a.quote(t.name) + " SET " + a.sets(t) + a.where(t, n)}
	}
	var rows []string
	for range 1 + r.IntN(6) {
		rows = append(rows, a.row(t.columns, first.kind.literal(a.product, strconv.Itoa(r.IntN(keySpace)))))
	}
	return []string{"INSERT INTO " + a.quote(t.name) + " (" + a.names(t.columns) + ") VALUES " + strings.Join(rows, ", ")}
}

// huge is a transaction larger than what goes through the job at once.
func (a *author) huge() transaction {
	r := a.random
	t := a.tables[1+r.IntN(len(a.tables)-2)] // of small rows
	from := bulk + r.IntN(4)*a.large
	x := transaction{rollback: r.IntN(6) == 0}
	if t.keys > 0 {
		x.statements = append(x.statements, a.deleteAll(t, from))
	}
	for done := 0; done < a.large; done += 500 {
		if t.keys == 0 {
			x.statements = append(x.statements, a.unkeyed(t)...)
			continue
		}
		x.statements = append(x.statements, a.insert(t, keysFrom(from+done, 500), false))
	}
	if t.keys > 0 {
		last := t.columns[len(t.columns)-1]
		x.statements = append(x.statements, fmt.Sprintf("UPDATE %s SET %s = %s WHERE %s", a.quote(t.name), a.quote(last.name), last.kind.literal(a.product, last.kind.random(r)), a.within(t, from)))
	}
	return x
}

func (a *author) deleteAll(t *table, from int) string {
	return "DELETE FROM " + a.quote(t.name) + " WHERE " + a.within(t, from)
}

// within finds the rows of one large transaction: keys that begin so.
func (a *author) within(t *table, from int) string {
	first := t.columns[0]
	if first.kind == word {
		keys := a.keyTexts(first, keysFrom(from, a.large))
		return a.quote(first.name) + " IN (" + strings.Join(keys, ", ") + ")"
	}
	return fmt.Sprintf("%s BETWEEN %d AND %d", a.quote(first.name), from, from+a.large-1)
}

func keysFrom(n, count int) []int {
	keys := make([]int, count)
	for i := range keys {
		keys[i] = n + i
	}
	return keys
}

// key spells the key column's value of number n.
func (a *author) key(c column, n int) string {
	if c.kind == word {
		return quoted(a.product, fmt.Sprintf(`k'%d\ß🙂`, n))
	}
	return strconv.Itoa(n)
}

func (a *author) keyTexts(c column, numbers []int) []string {
	texts := make([]string, len(numbers))
	for i, n := range numbers {
		texts[i] = a.key(c, n)
	}
	return texts
}

// where finds the row of number n, and of a composite key all that begin so.
func (a *author) where(t *table, n int) string {
	first := t.columns[0]
	return " WHERE " + a.quote(first.name) + " = " + a.key(first, n)
}

func (a *author) delete(t *table, n int) string {
	return "DELETE FROM " + a.quote(t.name) + a.where(t, n)
}

// insert adds rows of these numbers; those that are there stay as they are, or
// become the new ones.
func (a *author) insert(t *table, numbers []int, replace bool) string {
	columns := t.columns
	if c, ok := t.added(a.random); ok && a.random.IntN(2) == 0 {
		columns = append(columns[:len(columns):len(columns)], c)
	}
	var rows []string
	for _, n := range numbers {
		keys := []string{a.key(columns[0], n)}
		if t.keys == 2 {
			keys = append(keys, a.key(columns[1], n%3))
		}
		rows = append(rows, a.row(columns, keys...))
	}
	text := " INTO " + a.quote(t.name) + " (" + a.names(columns) + ") VALUES " + strings.Join(rows, ", ")
	switch {
	case a.product == mysql && replace:
		return "REPLACE" + text
	case a.product == mysql:
		return "INSERT" + text + " ON DUPLICATE KEY UPDATE " + a.quote(columns[0].name) + " = " + a.quote(t.name) + "." + a.quote(columns[0].name)
	case replace:
		var sets []string
		for _, c := range columns[t.keys:] {
			sets = append(sets, a.quote(c.name)+" = excluded."+a.quote(c.name))
		}
		return "INSERT" + text + " ON CONFLICT (" + a.names(columns[:t.keys]) + ") DO UPDATE SET " + strings.Join(sets, ", ")
	}
	return "INSERT" + text + " ON CONFLICT DO NOTHING"
}

func (a *author) names(columns []column) string {
	texts := make([]string, len(columns))
	for i, c := range columns {
		texts[i] = a.quote(c.name)
	}
	return strings.Join(texts, ", ")
}

// row spells one row of random values, but for the first, which are given.
func (a *author) row(columns []column, first ...string) string {
	texts := append([]string(nil), first...)
	for _, c := range columns[len(first):] {
		texts = append(texts, a.value(c))
	}
	return "(" + strings.Join(texts, ", ") + ")"
}

// value spells a random value of a column.
func (a *author) value(c column) string {
	if a.random.IntN(7) == 0 {
		return "NULL"
	}
	return c.kind.literal(a.product, c.kind.random(a.random))
}

// sets gives one or some of the columns that are no key new values.
func (a *author) sets(t *table) string {
	r := a.random
	others := t.columns[t.keys:]
	if t.keys == 0 {
		others = t.columns[1:]
	}
	if c, ok := t.added(r); ok {
		others = append(others[:len(others):len(others)], c)
	}
	from := r.IntN(len(others))
	to := from + 1 + r.IntN(len(others)-from)
	var sets []string
	for _, c := range others[from:to] {
		sets = append(sets, a.quote(c.name)+" = "+a.value(c))
	}
	return strings.Join(sets, ", ")
}

// alter adds a column to a table or takes one away.
func (a *author) alter() transaction {
	r := a.random
	t := a.table()
	d := &definition{add: true, column: column{t.fresh(), additions[r.IntN(len(additions))]}}
	what := "ADD COLUMN " + a.quote(d.column.name) + " " + d.column.kind.types[a.product]
	if old, ok := t.added(r); ok && r.IntN(2) == 0 {
		d = &definition{column: old}
		what = "DROP COLUMN " + a.quote(old.name)
	}
	return transaction{statements: []string{"ALTER TABLE " + a.quote(t.name) + " " + what}, defines: true, alters: d, table: t}
}
