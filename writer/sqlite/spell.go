package sqlite

import "strings"

// spell returns a statement over some of the columns and which of them its
// parameters are, in order.
func (t *target) spell(v verb, columns []int) (sql string, parameters []int) {
	switch {
	case v == remove:
		where, keys := t.whereKey(columns)
		return "DELETE FROM " + t.table + where, keys
	case v == change:
		return t.spellUpdate(columns)
	case v == insert && t.mode == modeReplace:
		return "INSERT OR REPLACE INTO " + t.into(columns), columns
	case v == upsert || t.updates():
		return "INSERT INTO " + t.into(columns) + t.onConflict(columns), columns
	}
	return "INSERT INTO " + t.into(columns), columns
}

// into is the table, its columns and as many parameters.
func (t *target) into(columns []int) string {
	if len(columns) == 0 {
		return t.table + " DEFAULT VALUES"
	}
	return t.table + " (" + t.join(columns, ", ", "") + ") VALUES (?" + strings.Repeat(", ?", len(columns)-1) + ")"
}

func (t *target) onConflict(columns []int) string {
	var keys, rest []int
	for _, i := range columns {
		if t.columns[i].key {
			keys = append(keys, i)
		} else {
			rest = append(rest, i)
		}
	}
	clause := " ON CONFLICT (" + t.join(keys, ", ", "") + ") DO "
	if len(rest) == 0 {
		return clause + "NOTHING"
	}
	sets := make([]string, len(rest))
	for n, i := range rest {
		sets[n] = t.columns[i].quoted + " = excluded." + t.columns[i].quoted
	}
	return clause + "UPDATE SET " + strings.Join(sets, ", ")
}

func (t *target) spellUpdate(columns []int) (sql string, parameters []int) {
	for _, i := range columns {
		if !t.columns[i].key {
			parameters = append(parameters, i)
		}
	}
	where, keys := t.whereKey(columns)
	if len(parameters) == 0 { // nothing to change: only tells whether the row is there
		parameters = keys
	}
	return "UPDATE " + t.table + " SET " + t.join(parameters, " = ?, ", " = ?") + where, append(parameters[:len(parameters):len(parameters)], keys...)
}

func (t *target) whereKey(columns []int) (sql string, keys []int) {
	for _, i := range columns {
		if t.columns[i].key {
			keys = append(keys, i)
		}
	}
	return " WHERE " + t.join(keys, " = ? AND ", " = ?"), keys
}

// join lists columns' names with a separator between them and an end after the last.
func (t *target) join(columns []int, separator, end string) string {
	names := make([]string, len(columns))
	for n, i := range columns {
		names[n] = t.columns[i].quoted
	}
	return strings.Join(names, separator) + end
}
