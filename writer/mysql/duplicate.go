package mysql

import (
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
	"github.com/datasync-io/datasync/core/record"
)

// duplicated finds the row of a set whose key is there already, which the
// server tells by the key's values: the only one that has these. -1: no row can
// be named.
func duplicated(err error, f *form, of set, r *sqlwrite.Rows) int {
	entry, name, ok := mysqlkit.Duplicate(err)
	if !ok {
		return -1
	}
	name = strings.TrimPrefix(name, f.Table.Name.Table+".")
	i := slices.IndexFunc(f.Table.Indexes, func(x sqlkit.Index) bool { return strings.EqualFold(x.Name, name) })
	if i < 0 || f.Table.Indexes[i].Prefixes {
		return -1
	}
	columns := f.places(f.Table.Indexes[i].Columns)
	if columns == nil {
		return -1
	}
	found := -1
	var text []byte
	for n := of.from; n < of.from+of.rows; n++ {
		if text, ok = f.entry(text[:0], columns, r.Row(n), r.Columns); !ok {
			return -1
		}
		if string(text) != entry {
			continue
		}
		if found >= 0 {
			return -1 // one of them is in its right
		}
		found = n
	}
	return found
}

// places finds columns among the form's; nil: not all are written.
func (f *form) places(names []string) []int {
	var list []int
	for _, name := range names {
		i := slices.IndexFunc(f.Columns, func(c sqlwrite.Column) bool { return c.Name == name })
		if i < 0 {
			return nil
		}
		list = append(list, i)
	}
	return list
}

// entry spells a row's key.
func (f *form) entry(dst []byte, columns []int, row record.Row, at []int) (text []byte, ok bool) {
	for n, i := range columns {
		if n > 0 {
			dst = append(dst, '-')
		}
		if row.Kind(at[i]) == record.Null {
			dst = append(dst, "NULL"...)
			continue
		}
		if dst, ok = mysqlkit.AppendEntry(dst, f.Columns[i].TableColumn, row, at[i]); !ok {
			return dst, false
		}
	}
	return dst, true
}
