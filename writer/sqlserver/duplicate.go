package sqlserver

import (
	"errors"
	"strings"

	mssql "github.com/microsoft/go-mssqldb"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
	"github.com/datasync-io/datasync/core/record"
)

// Numbers of the errors that a key is there already, of a constraint and of an index.
const (
	duplicateOfConstraint = 2627
	duplicateOfIndex      = 2601
)

// named finds the row that the server refuses as a duplicate by the index and
// the value in its message, as in
//
//	Violation of PRIMARY KEY constraint 'PK'. Cannot insert duplicate key in object 'dbo.t'. The duplicate key value is (1, abc).
//
// so that the engine need not look for it. Where that leaves a doubt the error
// stays as it is.
func named(err error, f *sqlwrite.Form, r *sqlwrite.Rows) error {
	var e mssql.Error
	if !errors.As(err, &e) {
		return err
	}
	for _, one := range append([]mssql.Error{e}, e.All...) {
		if one.Number != duplicateOfConstraint && one.Number != duplicateOfIndex {
			continue
		}
		if at, ok := duplicate(one.Message, f, r); ok {
			return &errclass.Rows{Bad: []errclass.BadRow{{Index: at, Reason: errclass.Duplicate, Err: err}}}
		}
	}
	return err
}

// duplicate returns the only row whose key the message names.
func duplicate(message string, f *sqlwrite.Form, r *sqlwrite.Rows) (at int, ok bool) {
	cells := keyCells(message, f, r)
	open := strings.LastIndex(message, "(")
	end := strings.LastIndex(message, ")")
	if cells == nil || open < 0 || end < open {
		return 0, false
	}
	want := message[open+1 : end]
	var text []byte
	for i := range r.Len() {
		row := r.Row(i)
		text = text[:0]
		for n, c := range cells {
			if n > 0 {
				text = append(text, ", "...)
			}
			if !plain(row.Kind(c)) {
				return 0, false
			}
			text = row.AppendText(text, c)
		}
		if string(text) != want {
			continue
		}
		if ok {
			return 0, false
		}
		at, ok = i, true
	}
	return at, ok
}

// plain tells the kinds whose text in a message is that of record.
func plain(k record.Kind) bool {
	return k == record.Int64 || k == record.Uint64 || k == record.String || k == record.UUID
}

// keyCells are the cells of the columns of the index that the message names;
// nil if they are not all written.
func keyCells(message string, f *sqlwrite.Form, r *sqlwrite.Rows) []int {
	var index *sqlkit.Index
	for i := range f.Table.Indexes {
		if x := &f.Table.Indexes[i]; strings.Contains(message, "'"+x.Name+"'") {
			index = x
		}
	}
	if index == nil {
		return nil
	}
	cells := make([]int, 0, len(index.Columns))
	for _, name := range index.Columns {
		for i := range f.Columns {
			if f.Columns[i].Name == name {
				cells = append(cells, r.Columns[i])
			}
		}
	}
	if len(cells) != len(index.Columns) {
		return nil
	}
	return cells
}
