package mssqlkit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	mssql "github.com/microsoft/go-mssqldb"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// Loader writes rows into a table of a connection: by the bulk protocol, or as
// literals where a column is a sql_variant, for which that protocol as the
// driver speaks it has no form. It is used by the connection's goroutine.
type Loader struct {
	conn     *Conn
	into     string // the table, quoted
	names    []string
	encoders []*encoder
	literals bool
	values   []any
	buf      []byte
}

// Source is rows to be loaded: of row i, from 0, the cells called Cells are the
// loader's columns.
type Source struct {
	Len   int
	Row   func(i int) record.Row
	Cells []int
}

// NewLoader returns the loader of columns into a table, whose name is quoted.
// pages are the code pages of its single-byte texts. An error is of class Config.
func (c *Conn) NewLoader(into string, columns []*sqlkit.TableColumn, pages map[string]int) (*Loader, error) {
	l := &Loader{conn: c, into: into, values: make([]any, len(columns))}
	var errs []error
	for _, column := range columns {
		e, err := newEncoder(column, pages)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		l.names = append(l.names, column.Name)
		l.encoders = append(l.encoders, e)
		l.literals = l.literals || e.family == variantFamily
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return l, nil
}

// Load writes the rows and returns how many. An *errclass.Rows names all rows
// with a value that its column does not take; another data error is the
// server's and names none. After either some rows may be in, to be taken back
// by the caller with its transaction or savepoint.
func (l *Loader) Load(ctx context.Context, s Source) (n int64, err error) {
	err = l.conn.guarded(ctx, func() error {
		if l.literals {
			n, err = l.insert(s)
		} else {
			n, err = l.bulk(s)
		}
		return err
	})
	return n, err
}

// bulk sends the rows in one bulk load. What the driver does to a value's bytes
// is done before AddRow returns, so that one buffer serves all rows.
func (l *Loader) bulk(s Source) (int64, error) {
	b := l.conn.conn.CreateBulkContext(context.Background(), l.into, l.names)
	b.Options = mssql.BulkOptions{CheckConstraints: true, FireTriggers: true, KeepNulls: true, RowsPerBatch: s.Len}
	var refused errclass.Rows
	sent := false
	for i := range s.Len {
		if err := l.encode(s.Row(i), s.Cells); err != nil {
			if errclass.Of(err) != errclass.Data {
				return 0, err
			}
			refused.Bad = append(refused.Bad, errclass.AsBadRow(i, err))
			continue
		}
		if len(refused.Bad) > 0 {
			continue // only to find all of them
		}
		sent = true
		if err := b.AddRow(l.values); err != nil {
			return 0, l.interrupted(err)
		}
	}
	var n int64
	if sent {
		var err error
		if n, err = b.Done(); err != nil && len(refused.Bad) == 0 {
			return 0, err
		} else if err != nil && errclass.Of(classify(err, l.conn.wire)) == errclass.Transient {
			return 0, err
		}
	}
	if len(refused.Bad) > 0 {
		return 0, &refused
	}
	return n, nil
}

// interrupted is the error of a row that was not sent: the server's, if it
// refused the load before the first row. Else the stream of rows is torn, and
// nothing but closing helps.
func (l *Loader) interrupted(err error) error {
	l.conn.sound = l.conn.sound && code(err) != 0
	return fmt.Errorf("loading into %s: %w", l.into, err)
}

// encode makes one row's values.
func (l *Loader) encode(r record.Row, cells []int) (err error) {
	l.buf = l.buf[:0]
	for i, e := range l.encoders {
		if l.values[i], l.buf, err = e.value(r, cells[i], l.buf); err != nil {
			return err
		}
	}
	return nil
}

// What one statement of literals holds at most: the server takes 1,000 rows.
const (
	literalRows  = 1000
	literalBytes = 1 << 20
)

// insert writes the rows as literals.
func (l *Loader) insert(s Source) (n int64, err error) {
	var refused errclass.Rows
	head := "INSERT INTO " + l.into + " (" + strings.Join(Dialect.QuoteAll(l.names), ", ") + ") VALUES "
	var sql strings.Builder
	rows := 0
	flush := func() error {
		if rows == 0 {
			return nil
		}
		st, err := l.conn.statement(context.Background(), head+sql.String())
		if err != nil {
			return err
		}
		result, err := st.ExecContext(context.Background(), nil)
		if err != nil {
			return err
		}
		added, err := result.RowsAffected()
		n += added
		rows = 0
		sql.Reset()
		return err
	}
	for i := range s.Len {
		text, err := l.literalRow(s.Row(i), s.Cells)
		if err != nil {
			refused.Bad = append(refused.Bad, errclass.AsBadRow(i, err))
		}
		if len(refused.Bad) > 0 {
			continue
		}
		if rows > 0 {
			sql.WriteString(", ")
		}
		sql.WriteString(text)
		if rows++; rows == literalRows || sql.Len() >= literalBytes {
			if err := flush(); err != nil {
				return 0, err
			}
		}
	}
	if len(refused.Bad) > 0 {
		return 0, &refused
	}
	return n, flush()
}

// literalRow spells one row. Columns of other types are checked as for a bulk load.
func (l *Loader) literalRow(r record.Row, cells []int) (string, error) {
	l.buf = l.buf[:0]
	texts := make([]string, len(l.encoders))
	for i, e := range l.encoders {
		if e.family != variantFamily || r.Kind(cells[i]) <= record.Null {
			var err error
			if _, l.buf, err = e.value(r, cells[i], l.buf); err != nil {
				return "", err
			}
		}
		text, err := literal(e, r, cells[i])
		if err != nil {
			return "", err
		}
		texts[i] = text
	}
	return "(" + strings.Join(texts, ", ") + ")", nil
}

// literalTypes are what a literal of a kind is cast to, so that a sql_variant
// has it as its base type.
var literalTypes = map[record.Kind]string{
	record.Bool: "bit", record.Int64: "bigint", record.Uint64: "decimal(20,0)", record.Float32: "real", record.Float64: "float",
	record.Date: "date", record.Time: "time(7)", record.Datetime: "datetime2(7)", record.Timestamp: "datetimeoffset(7)", record.UUID: "uniqueidentifier",
}

// longestVariant is how many bytes a sql_variant's value may have.
const longestVariant = 8000

func literal(e *encoder, r record.Row, c int) (string, error) {
	kind := r.Kind(c)
	v := sqlkit.Value{Kind: kind, Text: string(r.AppendText(nil, c))}
	as := literalTypes[kind]
	variant := e.family == variantFamily
	switch kind {
	case record.Null, record.Absent:
		return "NULL", nil
	case record.Bool:
		v = sqlkit.Value{Kind: record.Int64, Text: map[bool]string{true: "1", false: "0"}[r.Bool(c)]}
	case record.Timestamp:
		minutes, _ := r.Offset(c)
		sec, nsec := r.Timestamp(c)
		v.Text = string(record.AppendOffset(record.AppendDatetime(nil, sec+int64(minutes)*60, nsec, 0, ' '), minutes))
	case record.Bytes:
		if variant && len(v.Text) > longestVariant {
			return "", e.bad(errclass.TooLarge, "%d bytes do not fit sql_variant", len(v.Text))
		}
	case record.String, record.JSON, record.Interval:
		if !utf8.ValidString(v.Text) {
			return "", e.bad(errclass.Encoding, "%.60q is not UTF-8", v.Text)
		}
		if !variant {
			break
		}
		if utf16Len(v.Text) > longestVariant/2 {
			return "", e.bad(errclass.TooLarge, "a text of %d bytes does not fit sql_variant", len(v.Text))
		}
		as = "nvarchar(4000)"
	}
	text := Dialect.Literal(v)
	if as != "" {
		text = "CAST(" + text + " AS " + as + ")"
	}
	return text, nil
}

func utf16Len(s string) (n int) {
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}
