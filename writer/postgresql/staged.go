package postgresql

import (
	"context"
	"fmt"
	"strings"

	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
	"github.com/datasync-io/datasync/core/record"
)

// newStaged returns what upserts by COPY into a temporary table and one
// statement from there, all in one flight; nil where the account may have no
// temporary tables. A rollback takes the table away if it was made in the
// transaction, so that it is asked for each time.
func (s *session) newStaged(ctx context.Context, f *sqlwrite.Form, e *pgkit.Encoder) (formWriter, error) {
	r, err := s.conn.Query(ctx, "SELECT pg_catalog.has_database_privilege(current_database(), 'TEMP')")
	if err != nil {
		return nil, fmt.Errorf("asking whether temporary tables may be created: %w", err)
	}
	if !r.True(0, 0) {
		return nil, nil
	}
	always, err := s.always(ctx, f)
	if err != nil {
		return nil, err
	}
	s.names++
	stage := record.Name{Schema: "pg_temp", Table: fmt.Sprintf("datasync_%d", s.names)}
	t := &statement{f: f, table: pgkit.Dialect.Table(f.Table.Name), always: always, overriding: s.conn.Server.Number >= 100000}
	names := t.names()
	sql := []string{
		"CREATE TEMPORARY TABLE IF NOT EXISTS " + pgkit.Dialect.Quote(stage.Table) + " AS SELECT " + names + " FROM " + t.table + " WITH NO DATA",
		"TRUNCATE " + pgkit.Dialect.Table(stage),
		e.CopySQL(stage),
		t.insert() + " SELECT " + names + " FROM " + pgkit.Dialect.Table(stage) + t.conflict(),
	}
	return &copier{encoder: e, sql: strings.Join(sql, ";")}, nil
}
