package sqlserver

import (
	"errors"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
)

// stage spells what makes a temporary table like the columns of a form, or
// empties it. A rollback takes it away when it was made in the transaction, so
// that it is asked for each time. The union keeps the identity property out.
func stage(f *sqlwrite.Form, table, into string) string {
	columns := strings.Join(quoted(f, all(f)), ", ")
	object := strings.Trim(into, "[]")
	return "IF OBJECT_ID(N'tempdb.." + object + "') IS NULL SELECT TOP (0) " + columns + " INTO " + into + " FROM " + table +
		" UNION ALL SELECT TOP (0) " + columns + " FROM " + table + " ELSE TRUNCATE TABLE " + into
}

// spell spells the statement that writes the rows of a temporary table.
func spell(f *sqlwrite.Form, table, from string) (string, error) {
	if len(f.Key) == 0 {
		return "", errclass.With(errclass.Permanent, errors.New("rows without a key can be inserted only"))
	}
	switch f.Verb {
	case sqlwrite.Upsert:
		return merge(f, table, from), nil
	case sqlwrite.Update:
		if len(changed(f)) == 0 { // it only tells whether the rows are there
			return "UPDATE t SET " + same(f) + " FROM " + table + " AS t INNER JOIN " + from + " AS s ON " + on(f), nil
		}
		return "UPDATE t SET " + sets(f) + " FROM " + table + " AS t INNER JOIN " + from + " AS s ON " + on(f), nil
	case sqlwrite.Delete:
		return "DELETE t FROM " + table + " AS t INNER JOIN " + from + " AS s ON " + on(f), nil
	}
	return "", errclass.With(errclass.Permanent, errors.New("rows cannot be written so"))
}

// merge spells an upsert. Without HOLDLOCK two of them can both find no row and
// both add it.
func merge(f *sqlwrite.Form, table, from string) string {
	names := quoted(f, all(f))
	sql := "MERGE INTO " + table + " WITH (HOLDLOCK) AS t USING " + from + " AS s ON (" + on(f) + ")"
	if len(changed(f)) > 0 {
		sql += " WHEN MATCHED THEN UPDATE SET " + sets(f)
	}
	return sql + " WHEN NOT MATCHED BY TARGET THEN INSERT (" + strings.Join(names, ", ") + ") VALUES (s." + strings.Join(names, ", s.") + ")"
}

func all(f *sqlwrite.Form) []int {
	list := make([]int, len(f.Columns))
	for i := range list {
		list[i] = i
	}
	return list
}

func quoted(f *sqlwrite.Form, columns []int) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = mssqlkit.Dialect.Quote(f.Columns[c].Name)
	}
	return names
}

// on is the condition by which a row is found. Key columns that may be NULL
// never find one, as in any index of the standard.
func on(f *sqlwrite.Form) string {
	terms := make([]string, len(f.Key))
	for i, name := range quoted(f, f.Key) {
		terms[i] = "t." + name + " = s." + name
	}
	return strings.Join(terms, " AND ")
}

// changed are the columns that an update sets: neither those of the key, nor
// one that the server numbers, which cannot be.
func changed(f *sqlwrite.Form) []int {
	isKey := make([]bool, len(f.Columns))
	for _, k := range f.Key {
		isKey[k] = true
	}
	var list []int
	for i := range f.Columns {
		if !isKey[i] && !f.Columns[i].Identity {
			list = append(list, i)
		}
	}
	return list
}

func sets(f *sqlwrite.Form) string {
	names := quoted(f, changed(f))
	for i, name := range names {
		value := "s." + name
		if f.KeepOld {
			value = "COALESCE(s." + name + ", t." + name + ")"
		}
		names[i] = "t." + name + " = " + value
	}
	return strings.Join(names, ", ")
}

// same sets a column that may be set to what it is.
func same(f *sqlwrite.Form) string {
	for _, k := range f.Key {
		if !f.Columns[k].Identity {
			name := mssqlkit.Dialect.Quote(f.Columns[k].Name)
			return "t." + name + " = t." + name
		}
	}
	for i := range f.Table.Columns {
		if c := &f.Table.Columns[i]; !c.Identity && !c.Generated {
			name := mssqlkit.Dialect.Quote(c.Name)
			return "t." + name + " = t." + name
		}
	}
	name := mssqlkit.Dialect.Quote(f.Columns[f.Key[0]].Name)
	return "t." + name + " = t." + name
}
