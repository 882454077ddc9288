package mysqlkit

import (
	"errors"
	"regexp"
	"strconv"
	"sync"

	"github.com/go-mysql-org/go-mysql/mysql"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

var (
	atRow = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(` at row (\d+)$`)
	})
	forColumn = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(" for column (?:'(.*?)'|(?:`.*`\\.)?`(.*?)`) at row \\d+$|^(?:Column|Field) '(.*?)' (?:cannot|doesn't)")
	})
)

// BadRow describes an error of class Data as that of a row. Index is that of
// the row in its statement, -1 where the server names none.
func BadRow(err error) errclass.BadRow {
	bad := errclass.BadRow{Index: -1, Err: err}
	var e *mysql.MyError
	if !errors.As(err, &e) {
		return errclass.AsBadRow(-1, err)
	}
	bad.Reason, bad.Err = reasons[e.Code], e
	if m := atRow().FindStringSubmatch(e.Message); m != nil {
		if n, err := strconv.Atoi(m[1]); err == nil {
			bad.Index = n - 1
		}
	}
	if m := forColumn().FindStringSubmatch(e.Message); m != nil {
		bad.Column = m[1] + m[2] + m[3]
	}
	return bad
}

// Refusal tells that a value was refused before it was sent.
func Refusal(err error) bool { return Code(err) == 0 && errclass.Of(err) == errclass.Data }

// executionOverhead is what an execution takes beside its values and, for each
// column, a bit for NULL and two bytes for the type.
const executionOverhead = 16

// Refused names all rows that the encoder refuses, as an *errclass.Rows; nil if
// there is none. at and limit are those of [Pipeline.Execute].
func (e *Encoder) Refused(rows RowSet, at []int, limit int) error {
	var bad []errclass.BadRow
	var buf []byte
	for i := range rows.Len() {
		row := rows.Row(i)
		var fault errclass.BadRow
		buf = buf[:0]
		for c := range e.columns {
			column := &e.columns[c]
			var err error
			switch kind := row.Kind(at[c]); kind {
			case column.kind:
				buf, err = column.parameter(column, buf, row, at[c])
			case record.Null:
				err = column.null()
			default:
				err = column.stranger(kind)
			}
			if err != nil {
				fault = errclass.AsBadRow(i, err)
				break
			}
		}
		if size := len(buf) + executionOverhead + 3*len(e.columns); fault.Err == nil && size > limit {
			fault = errclass.AsBadRow(i, tooLarge(size, limit))
		}
		if fault.Err != nil {
			bad = append(bad, fault)
		}
	}
	if bad == nil {
		return nil
	}
	return &errclass.Rows{Bad: bad}
}
