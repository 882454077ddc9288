package pgwal

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/record"
)

// mostNamed bounds how many tables an error names.
const mostNamed = 10

// unidentified selects the tables of which PostgreSQL refuses updates and
// deletes once these are published, as the log could not say which row is meant
// (https://www.postgresql.org/docs/current/logical-replication-publication.html).
const unidentified = `SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname !~ '^(pg_|information_schema$)'
 AND NOT (c.relreplident = 'f'
  OR c.relreplident = 'd' AND EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND i.indimmediate)
  OR c.relreplident = 'i' AND EXISTS (SELECT 1 FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisreplident))`

// identified refuses to publish tables whose owners could not change them any
// more. Those that the job reads the inserts of alone are published so.
func identified(ctx context.Context, c *pgkit.Conn, cfg *Config) error {
	if cfg.insertsAlone() {
		return nil
	}
	sql := unidentified
	if len(cfg.tables) > 0 {
		of := make([]string, len(cfg.tables))
		for i, t := range cfg.tables {
			name := pgkit.Dialect.Text(pgkit.Dialect.Table(record.Name{Schema: t.Schema, Table: t.Table})) + "::regclass"
			of[i] = "SELECT " + name + "::oid"
			if c.Server.Number >= 120000 {
				of[i] = "SELECT relid::oid FROM pg_catalog.pg_partition_tree(" + name + ") UNION " + of[i]
			}
		}
		sql += " AND c.oid IN (" + strings.Join(of, " UNION ") + ")"
	}
	r, err := c.Query(ctx, sql+fmt.Sprintf(" ORDER BY 1, 2 LIMIT %d", mostNamed))
	if err != nil {
		return fmt.Errorf("asking for the tables' replica identities: %w", err)
	}
	var errs []error
	for i := range r.Rows {
		t := record.Name{Schema: r.Text(i, 0), Table: r.Text(i, 1)}
		errs = append(errs, fmt.Errorf(
			"table %s has neither a primary key nor a replica identity, and PostgreSQL would refuse its UPDATEs and DELETEs once it is published: ALTER TABLE %s REPLICA IDENTITY FULL, or leave it out of tableList, or read inserts alone (cat)", t, pgkit.Dialect.Table(t)))
	}
	return errclass.With(errclass.Config, errors.Join(errs...))
}

// insertsAlone tells that the job reads neither updates nor deletes.
func (c *Config) insertsAlone() bool { return !c.cat[record.UpdateAfter] && !c.cat[record.Delete] }

// publishes lists what a publication of the job's own publishes.
func (c *Config) publishes(server int) string {
	kinds := "insert"
	if !c.insertsAlone() {
		kinds += ", update, delete"
	}
	if server >= 110000 {
		kinds += ", truncate"
	}
	return "publish = '" + kinds + "'"
}
