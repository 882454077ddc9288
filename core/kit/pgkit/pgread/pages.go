package pgread

import (
	"context"
	"errors"
	"fmt"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlread"
)

// pagesPerRange is the least that a range of pages is cut to: 8 MiB.
const pagesPerRange = 1024

// PageRanges implements [sqlread.PageRanger] with ranges of ctid, the place of
// a row version, which a session reads no other pages for from PostgreSQL 14
// on. The last range has no end: it holds the pages that are added meanwhile.
// Every partition of a table is cut in the same places.
func (d *Driver) PageRanges(ctx context.Context, one sqlread.Session, t *sqlkit.Table, n int) ([]string, error) {
	s, ok := one.(*session)
	if !ok {
		return nil, errclass.With(errclass.Permanent, errors.New("cutting a table by pages: the session is another driver's"))
	}
	if s.conn.Server.Number < 140000 || t.View || n < 2 {
		return nil, nil
	}
	r, err := s.conn.Query(ctx, `WITH RECURSIVE part AS (SELECT '`+quoteRegclass(t)+`'::regclass::oid AS oid UNION
 SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN part p ON i.inhparent = p.oid)
 SELECT max(pg_catalog.pg_relation_size(c.oid) / current_setting('block_size')::bigint), bool_or(c.relkind NOT IN ('r', 'p'))
 FROM part p JOIN pg_catalog.pg_class c ON c.oid = p.oid`)
	if err != nil {
		return nil, s.note(fmt.Errorf("asking for the pages of %s: %w", t.Name, err))
	}
	if r.True(0, 1) {
		return nil, nil // a foreign table has no pages here
	}
	return pageRanges(r.Int(0, 0), n), nil
}

// pageRanges cuts pages into at most n ranges of about the same size.
func pageRanges(pages int64, n int) []string {
	n = int(min(int64(n), pages/pagesPerRange))
	if n < 2 {
		return nil
	}
	ranges := make([]string, n)
	for i := range ranges {
		from, to := pages*int64(i)/int64(n), pages*int64(i+1)/int64(n)
		switch i {
		case 0:
			ranges[i] = fmt.Sprintf("ctid < '(%d,0)'", to)
		case n - 1:
			ranges[i] = fmt.Sprintf("ctid >= '(%d,0)'", from)
		default:
			ranges[i] = fmt.Sprintf("ctid >= '(%d,0)' AND ctid < '(%d,0)'", from, to)
		}
	}
	return ranges
}

// quoteRegclass spells a table inside of a literal.
func quoteRegclass(t *sqlkit.Table) string {
	name := t.Name
	name.Database = ""
	text := pgkit.Dialect.Text(pgkit.Dialect.Table(name))
	return text[1 : len(text)-1]
}
