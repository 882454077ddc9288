package postgresql

import (
	"context"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
)

// copier writes rows by a COPY, which may have statements before and after it.
type copier struct {
	encoder *pgkit.Encoder
	sql     string // parted by semicolons
}

// write sends the rows while it encodes them. Of rows that cannot be encoded
// all are found, beside one that the server has refused before them, and the
// COPY is taken back.
func (w *copier) write(ctx context.Context, s *session, r sqlwrite.Rows) (int64, error) {
	in, err := s.conn.CopyIn(ctx, strings.Join(append(s.waiting(), w.sql), ";"))
	if err != nil {
		return 0, err
	}
	if err := in.Put(w.encoder.AppendHeader(in.Buffer())); err != nil {
		return 0, err
	}
	for i := range r.Len() {
		err := in.Row(w.encoder, r.Row(i), r.Columns)
		if err == nil {
			continue
		}
		if errclass.Of(err) != errclass.Data {
			return 0, err
		}
		bad := w.others(r, i, err)
		if err := in.Abort("a row cannot be written"); err != nil {
			row, named := refused(err, i)
			if !named {
				return 0, err
			}
			bad = append([]errclass.BadRow{row}, bad...)
		}
		return 0, &errclass.Rows{Bad: bad}
	}
	if err := in.Put(w.encoder.AppendTrailer(in.Buffer())); err != nil {
		return 0, err
	}
	n, err := in.Finish()
	if err == nil || errclass.Of(err) != errclass.Data {
		return n, err
	}
	if row, named := refused(err, r.Len()); named {
		return 0, &errclass.Rows{Bad: []errclass.BadRow{row}}
	}
	return 0, err
}

// refused is the one of the first n rows that the server has named.
func refused(err error, n int) (row errclass.BadRow, named bool) {
	line := pgkit.Line(err)
	if errclass.Of(err) != errclass.Data || line < 1 || line > int64(n) {
		return row, false
	}
	return errclass.AsBadRow(int(line-1), err), true
}

// others finds the rows from the first one on that cannot be encoded.
func (w *copier) others(r sqlwrite.Rows, first int, err error) []errclass.BadRow {
	bad := []errclass.BadRow{errclass.AsBadRow(first, err)}
	var buf []byte
	for i := first + 1; i < r.Len(); i++ {
		var err error
		if buf, err = w.encoder.AppendRow(buf[:0], r.Row(i), r.Columns); err != nil {
			bad = append(bad, errclass.AsBadRow(i, err))
		}
	}
	return bad
}
