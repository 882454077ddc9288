package sqlitekit

import (
	"encoding/json"
	"strings"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// Stmt is a prepared statement.
type Stmt struct {
	c       *Conn
	stmt    uintptr // sqlite3_stmt*
	columns int
}

// Prepare compiles one statement. An error in it (an unknown table, a syntax
// error) is of class Config.
func (c *Conn) Prepare(sql string) (*Stmt, error) {
	text, err := libc.CString(sql)
	if err != nil {
		return nil, err
	}
	defer libc.Xfree(c.tls, text)
	out := c.tls.Alloc(2 * int(unsafe.Sizeof(uintptr(0))))
	defer c.tls.Free(2 * int(unsafe.Sizeof(uintptr(0))))
	tail := out + unsafe.Sizeof(uintptr(0))
	code := lib.Xsqlite3_prepare_v3(c.tls, c.db, text, -1, lib.SQLITE_PREPARE_PERSISTENT, out, tail)
	if code != lib.SQLITE_OK {
		err := c.fault(code)
		if code&0xff == lib.SQLITE_ERROR {
			err = errclass.With(errclass.Config, err)
		}
		return nil, err
	}
	s := &Stmt{c: c, stmt: *(*uintptr)(pointer(out))}
	if rest := libc.GoString(*(*uintptr)(pointer(tail))); s.stmt == 0 || strings.Trim(rest, "; \t\r\n") != "" && !isComment(rest) {
		s.Close()
		return nil, errclass.With(errclass.Config, &Error{Code: lib.SQLITE_ERROR, Msg: "expected exactly one statement"})
	}
	s.columns = int(lib.Xsqlite3_column_count(c.tls, s.stmt))
	return s, nil
}

// isComment tells that nothing but comments follow a statement.
func isComment(rest string) bool {
	rest = strings.TrimLeft(rest, "; \t\r\n")
	return strings.HasPrefix(rest, "--") && !strings.Contains(strings.TrimRight(rest, "\r\n"), "\n")
}

// Close frees the statement.
func (s *Stmt) Close() {
	if s.stmt != 0 {
		lib.Xsqlite3_finalize(s.c.tls, s.stmt)
		s.stmt = 0
	}
}

// Columns is the number of columns of a row.
func (s *Stmt) Columns() int { return s.columns }

// Name is the name of column i.
func (s *Stmt) Name(i int) string {
	return libc.GoString(lib.Xsqlite3_column_name(s.c.tls, s.stmt, int32(i)))
}

// Declared is the type that column i was declared with, "" for an expression.
func (s *Stmt) Declared(i int) string {
	return libc.GoString(lib.Xsqlite3_column_decltype(s.c.tls, s.stmt, int32(i)))
}

// Step runs the statement to its next row; false: it has ended. After an error
// the statement must be Reset.
func (s *Stmt) Step() (more bool, err error) {
	switch code := lib.Xsqlite3_step(s.c.tls, s.stmt); code {
	case lib.SQLITE_ROW:
		return true, nil
	case lib.SQLITE_DONE:
		return false, nil
	default:
		return false, s.c.fault(code)
	}
}

// Reset makes the statement ready to run again, with the same values bound.
func (s *Stmt) Reset() { lib.Xsqlite3_reset(s.c.tls, s.stmt) }

// Append appends the first n columns of the current row to the row begun in b,
// each value under the kind that SQLite gives it: NULL, int64, float64, string
// or bytes.
func (s *Stmt) Append(b *record.Batch, n int) {
	for i := range int32(n) {
		s.AppendColumn(b, i)
	}
}

// AppendColumn appends column i of the current row.
func (s *Stmt) AppendColumn(b *record.Batch, i int32) {
	tls := s.c.tls
	v := lib.Xsqlite3_column_value(tls, s.stmt, i)
	switch lib.Xsqlite3_value_type(tls, v) {
	case lib.SQLITE_INTEGER:
		b.Int64(lib.Xsqlite3_value_int64(tls, v))
	case lib.SQLITE_FLOAT:
		b.Float64(lib.Xsqlite3_value_double(tls, v))
	case lib.SQLITE_TEXT:
		b.Take(record.String, append(b.Buffer(), s.value(v)...))
	case lib.SQLITE_BLOB:
		b.Take(record.Bytes, append(b.Buffer(), lent(lib.Xsqlite3_value_blob(tls, v), lib.Xsqlite3_value_bytes(tls, v))...))
	default:
		b.Null()
	}
}

// Raw returns the first n columns of the current row as a JSON object of texts.
func (s *Stmt) Raw(n int) []byte {
	out := []byte{'{'}
	for i := range n {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(quoted(out, s.Name(i)), ':')
		if s.isNull(i) {
			out = append(out, "null"...)
		} else {
			out = quoted(out, string(s.text(i)))
		}
	}
	return append(out, '}')
}

func quoted(dst []byte, text string) []byte {
	raw, err := json.Marshal(text)
	if err != nil { // no text fails
		return dst
	}
	return append(dst, raw...)
}

// value lends a text. The blob of a text that is stored as UTF-8 is its bytes,
// without the copy that sqlite3_value_text makes for a final NUL.
func (s *Stmt) value(v uintptr) []byte {
	if s.c.utf16 {
		p := lib.Xsqlite3_value_text(s.c.tls, v)
		return lent(p, lib.Xsqlite3_value_bytes(s.c.tls, v))
	}
	return lent(lib.Xsqlite3_value_blob(s.c.tls, v), lib.Xsqlite3_value_bytes(s.c.tls, v))
}

// lent is n bytes at p, SQLite's own until the next call.
func lent(p uintptr, n int32) []byte {
	if p == 0 || n == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(pointer(p)), n)
}

func (s *Stmt) isNull(i int) bool {
	return lib.Xsqlite3_column_type(s.c.tls, s.stmt, int32(i)) == lib.SQLITE_NULL
}

// text lends column i converted to text.
func (s *Stmt) text(i int) []byte {
	p := lib.Xsqlite3_column_text(s.c.tls, s.stmt, int32(i))
	return lent(p, lib.Xsqlite3_column_bytes(s.c.tls, s.stmt, int32(i)))
}

// transient tells SQLite to copy what is bound before the call returns.
const transient = ^uintptr(0)

// BindNull binds NULL to parameter i, from 1.
func (s *Stmt) BindNull(i int) error {
	return s.bound(lib.Xsqlite3_bind_null(s.c.tls, s.stmt, int32(i)))
}

// BindInt64 binds an integer to parameter i, from 1.
func (s *Stmt) BindInt64(i int, v int64) error {
	return s.bound(lib.Xsqlite3_bind_int64(s.c.tls, s.stmt, int32(i), v))
}

// BindFloat64 binds a float to parameter i, from 1. SQLite stores NaN as NULL:
// the caller refuses it.
func (s *Stmt) BindFloat64(i int, v float64) error {
	return s.bound(lib.Xsqlite3_bind_double(s.c.tls, s.stmt, int32(i), v))
}

// BindText binds a text, which is copied, to parameter i, from 1.
func (s *Stmt) BindText(i int, v []byte) error {
	p, err := s.c.lend(v)
	if err != nil {
		return err
	}
	return s.bound(lib.Xsqlite3_bind_text(s.c.tls, s.stmt, int32(i), p, int32(len(v)), transient))
}

// BindBytes binds a blob, which is copied, to parameter i, from 1.
func (s *Stmt) BindBytes(i int, v []byte) error {
	p, err := s.c.lend(v)
	if err != nil {
		return err
	}
	return s.bound(lib.Xsqlite3_bind_blob(s.c.tls, s.stmt, int32(i), p, int32(len(v)), transient))
}

func (s *Stmt) bound(code int32) error {
	if code != lib.SQLITE_OK {
		return s.c.fault(code)
	}
	return nil
}
