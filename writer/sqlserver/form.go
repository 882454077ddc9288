package sqlserver

import (
	"context"
	"fmt"
	"strconv"

	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
	"github.com/datasync-io/datasync/core/record"
)

// formWriter writes rows by one form: straight into the table, or by way of a
// temporary table of the session.
type formWriter struct {
	loader   *mssqlkit.Loader
	adds     bool   // rows to the table
	identity string // the table whose identity column has the rows' values, quoted; "": the server numbers them
	staging  string // makes or empties the temporary table; "": there is none
	apply    string // writes its rows
}

func (s *session) newFormWriter(ctx context.Context, f *sqlwrite.Form) (*formWriter, error) {
	table := mssqlkit.Dialect.Table(f.Table.Name)
	columns := make([]*sqlkit.TableColumn, len(f.Columns))
	w := &formWriter{adds: f.Verb == sqlwrite.Insert || f.Verb == sqlwrite.Upsert}
	texts := false
	for i := range f.Columns {
		columns[i] = f.Columns[i].TableColumn
		texts = texts || mssqlkit.HasCodePage(columns[i])
		if columns[i].Identity && w.adds {
			w.identity = table
		}
	}
	var pages map[string]int
	if texts {
		var err error
		if pages, err = s.CodePages(ctx, f.Table.Name); err != nil {
			return nil, err
		}
	}
	into := table
	if f.Verb != sqlwrite.Insert {
		into = mssqlkit.Dialect.Quote("#datasync_" + strconv.Itoa(len(s.writers)+1))
		w.staging = stage(f, table, into)
		var err error
		if w.apply, err = spell(f, table, into); err != nil {
			return nil, err
		}
	}
	var err error
	w.loader, err = s.NewLoader(into, columns, pages)
	return w, err
}

func (w *formWriter) write(ctx context.Context, s *session, r sqlwrite.Rows) (int64, error) {
	if w.staging != "" {
		if err := s.Exec(ctx, w.staging); err != nil {
			return 0, fmt.Errorf("preparing a temporary table: %w", err)
		}
	}
	n, err := w.loader.Load(ctx, mssqlkit.Source{Len: r.Len(), Row: func(i int) record.Row { return r.Row(i) }, Cells: r.Columns})
	if err != nil || w.staging == "" {
		return n, err
	}
	return s.Affect(ctx, w.apply)
}
