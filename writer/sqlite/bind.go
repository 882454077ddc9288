package sqlite

import (
	"math"
	"strconv"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlitekit"
	"github.com/datasync-io/datasync/core/record"
)

// exactInt is the largest integer up to which a float holds every one.
const exactInt = 1 << 53

// exactDigits is how many decimal digits a float always holds.
const exactDigits = 15

// bind binds a row's values to a statement's parameters. columns are the row's
// for the form's.
func (s *session) bind(stmt *statement, row record.Row, columns []int) error {
	for i, c := range columns {
		if err := s.bindValue(stmt.Stmt, i+1, row, c, stmt.affinities[i]); err != nil {
			return named(stmt.form.Columns[i].Name, err)
		}
	}
	return nil
}

// named puts the column's name into a fault of a value.
func named(column string, err error) error {
	if errclass.Of(err) != errclass.Data {
		return err
	}
	bad := errclass.AsBadRow(0, err)
	return errclass.With(errclass.Data, &errclass.Value{Column: column, Reason: bad.Reason, Err: bad.Err})
}

// bindValue binds a value in the form that its column keeps exactly; else the
// error is of class Data.
func (s *session) bindValue(stmt *sqlitekit.Stmt, n int, row record.Row, c int, a sqlitekit.Affinity) error {
	switch kind := row.Kind(c); kind {
	case record.Null:
		return stmt.BindNull(n)
	case record.Int64:
		if v := row.Int64(c); a != sqlitekit.RealAffinity || v >= -exactInt && v <= exactInt {
			return stmt.BindInt64(n, v)
		}
		return errclass.BadValue("", errclass.Overflow, "%d has more digits than a REAL column keeps: declare it INTEGER or TEXT", row.Int64(c))
	case record.Float32, record.Float64:
		return s.bindFloat(stmt, n, row, c, a)
	case record.Bytes:
		return stmt.BindBytes(n, row.Bytes(c))
	case record.Bool:
		if a != sqlitekit.TextAffinity {
			v := int64(0)
			if row.Bool(c) {
				v = 1
			}
			return stmt.BindInt64(n, v)
		}
	case record.Uint64:
		if v := row.Uint64(c); v <= math.MaxInt64 && (a != sqlitekit.RealAffinity || v <= exactInt) {
			return stmt.BindInt64(n, int64(v))
		}
		return s.bindNumber(stmt, n, row, c, a)
	case record.Decimal:
		return s.bindNumber(stmt, n, row, c, a)
	case record.String:
		if numeric(a) {
			return s.bindNumber(stmt, n, row, c, a)
		}
		return stmt.BindText(n, row.Bytes(c))
	case record.JSON, record.UUID:
		return stmt.BindText(n, row.Bytes(c))
	}
	s.text = row.AppendText(s.text[:0], c)
	return stmt.BindText(n, s.text)
}

func (s *session) bindFloat(stmt *sqlitekit.Stmt, n int, row record.Row, c int, a sqlitekit.Affinity) error {
	if a == sqlitekit.TextAffinity { // SQLite would spell it with 15 digits
		s.text = row.AppendText(s.text[:0], c)
		return stmt.BindText(n, s.text)
	}
	v := row.Float64(c)
	if row.Kind(c) == record.Float32 {
		v = float64(row.Float32(c))
	}
	if math.IsNaN(v) {
		return errclass.BadValue("", errclass.Conversion, "SQLite stores NaN as NULL: declare the column TEXT")
	}
	return stmt.BindFloat64(n, v)
}

// bindNumber binds a number given as text: as text where the column keeps it,
// else only if the number that SQLite makes of it has all its digits.
func (s *session) bindNumber(stmt *sqlitekit.Stmt, n int, row record.Row, c int, a sqlitekit.Affinity) error {
	s.text = row.AppendText(s.text[:0], c)
	if numeric(a) && !survives(s.text, a) {
		return errclass.BadValue("", errclass.Overflow, "%s has more digits than a numeric column of SQLite keeps: declare it TEXT", s.text)
	}
	return stmt.BindText(n, s.text)
}

func numeric(a sqlitekit.Affinity) bool {
	return a == sqlitekit.NumericAffinity || a == sqlitekit.IntegerAffinity || a == sqlitekit.RealAffinity
}

// survives tells that a text keeps its value in a numeric column: it is no
// number and stays a text, or an integer of 64 bits, or has few digits.
func survives(text []byte, a sqlitekit.Affinity) bool {
	digits, significant, trailing := 0, false, 0
	mantissa := true
	for _, c := range text {
		switch {
		case c >= '0' && c <= '9':
			if !mantissa {
				continue
			}
			significant = significant || c != '0'
			if significant {
				digits++
				trailing++
			}
			if c != '0' {
				trailing = 0
			}
		case c == 'e' || c == 'E':
			mantissa = false
		case c != '.' && c != '-' && c != '+' && c != ' ':
			return true // no number: SQLite leaves it a text
		}
	}
	if digits-trailing <= exactDigits {
		return true
	}
	if a == sqlitekit.RealAffinity {
		return false
	}
	_, err := strconv.ParseInt(string(text), 10, 64)
	return err == nil
}
