package binlog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/kit/binlogkit"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// patience, in seconds, with a statement that changes a table just now.
const lockPatience = 30

// seed returns the log's end (visibleEnd), and what the tables that are wanted are there. While it asks, a
// transaction keeps statements away that would change a table: one that was
// before it is in the log before the end, and the next one comes after it.
func (s *server) seed(ctx context.Context, wanted func(record.Name) bool) (*Position, *binlogkit.History, error) {
	for _, sql := range []string{fmt.Sprintf("SET SESSION lock_wait_timeout = %d", lockPatience), "START TRANSACTION READ ONLY"} {
		if err := s.conn.Exec(ctx, sql); err != nil {
			return nil, nil, err
		}
	}
	names, err := s.tables(ctx, wanted)
	if err != nil {
		return nil, nil, err
	}
	names, err = s.hold(ctx, names)
	if err != nil {
		return nil, nil, err
	}
	end, err := s.visibleEnd(ctx)
	if err != nil {
		return nil, nil, err
	}
	h := binlogkit.NewHistory(s.product)
	if err := s.seedDatabases(ctx, h); err != nil {
		return nil, nil, err
	}
	for _, name := range names {
		d, err := s.define(ctx, name)
		if err != nil {
			return nil, nil, fmt.Errorf("asking for the columns of table %s: %w", name, err)
		}
		h.Define(d)
	}
	return end, h, s.conn.Exec(ctx, "COMMIT")
}

// visibleEnd is where the log ends or, of MariaDB, which says that, where the
// transactions end that are visible: one that is in the log may wait for a
// replica's word (rpl_semi_sync, AFTER_SYNC), or is not there yet for a moment,
// and a copy that begins now does not show it.
func (s *server) visibleEnd(ctx context.Context) (end *Position, err error) {
	if s.flavor != flavorMariaDB {
		return s.end(ctx)
	}
	conn, err := mysqlkit.Dial(ctx, s.again())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	for _, sql := range consistentSnapshot {
		if err := conn.Exec(ctx, sql); err != nil {
			return nil, err
		}
	}
	return s.snapshotOf(ctx, conn)
}

// hold makes the transaction use the tables, and leaves out those that are
// gone by now.
func (s *server) hold(ctx context.Context, names []record.Name) ([]record.Name, error) {
	var errs []error
	held := slices.DeleteFunc(names, func(name record.Name) bool {
		err := s.conn.Exec(ctx, "SELECT 1 FROM "+mysqlkit.Dialect.Table(name)+" LIMIT 0")
		if mysqlkit.Code(err) == 1146 {
			return true
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("table %s: %w", name, err))
		}
		return false
	})
	return held, errors.Join(errs...)
}

func (s *server) seedDatabases(ctx context.Context, h *binlogkit.History) error {
	r, err := s.conn.Query(ctx, "SELECT schema_name AS name, default_character_set_name AS charset FROM information_schema.schemata")
	if err != nil {
		return fmt.Errorf("asking for the character sets of databases: %w", err)
	}
	for i := range r.Rows {
		if name := r.Column(i, "name"); !systemDatabases[name] {
			h.SetDatabase(name, r.Column(i, "charset"))
		}
	}
	return nil
}

// define asks what a table is now.
func (s *server) define(ctx context.Context, name record.Name) (*binlogkit.Definition, error) {
	d := &binlogkit.Definition{Database: name.Database, Table: name.Table}
	table := mysqlkit.Dialect.Table(name)
	columns, err := s.conn.Query(ctx, "SHOW FULL COLUMNS FROM "+table)
	if err != nil {
		return nil, err
	}
	for i := range columns.Rows {
		c := binlogkit.Column{Name: columns.Column(i, "Field"), Type: columns.Column(i, "Type"), Comment: columns.Column(i, "Comment"),
			Nullable: columns.Column(i, "Null") == "YES", Hidden: strings.Contains(strings.ToUpper(columns.Column(i, "Extra")), "INVISIBLE")}
		if collation := columns.Column(i, "Collation"); collation != "" {
			c.Charset = binlogkit.CharsetOf(collation)
		}
		d.Columns = append(d.Columns, c)
	}
	keys, err := s.conn.Query(ctx, "SHOW INDEX FROM "+table)
	if err != nil {
		return nil, err
	}
	for i := range keys.Rows {
		if keys.Column(i, "Non_unique") != "0" {
			continue
		}
		called := keys.Column(i, "Key_name")
		at := slices.IndexFunc(d.Indexes, func(x binlogkit.Index) bool { return x.Name == called })
		if at < 0 {
			at = len(d.Indexes)
			d.Indexes = append(d.Indexes, binlogkit.Index{Name: called, Primary: called == "PRIMARY"})
		}
		x := &d.Indexes[at]
		x.Columns = append(x.Columns, keys.Column(i, "Column_name"))
		x.Prefixes = x.Prefixes || keys.Column(i, "Sub_part") != ""
	}
	about, err := s.conn.Query(ctx, fmt.Sprintf("SELECT table_comment AS comment, table_collation AS collation FROM information_schema.tables WHERE table_schema = %s AND table_name = %s",
		mysqlkit.Dialect.Text(name.Database), mysqlkit.Dialect.Text(name.Table)))
	if err != nil {
		return nil, err
	}
	if len(about.Rows) == 1 {
		d.Comment, d.Charset = about.Column(0, "comment"), binlogkit.CharsetOf(about.Column(0, "collation"))
	}
	s.defaults(ctx, d)
	return d, nil
}

// defaults takes the columns' defaults from the statement that makes the table,
// as far as it can be read.
func (s *server) defaults(ctx context.Context, d *binlogkit.Definition) {
	r, err := s.conn.Query(ctx, "SHOW CREATE TABLE "+mysqlkit.Dialect.Table(d.Name()))
	if err != nil || len(r.Rows) != 1 {
		return // they are not known then
	}
	h := binlogkit.NewHistory(s.product)
	if _, err := h.Apply(d.Database, r.Column(0, "Create Table")); err != nil {
		return
	}
	made := h.Table(d.Name())
	if made == nil {
		return
	}
	for i := range d.Columns {
		if at := made.Column(d.Columns[i].Name); at >= 0 {
			d.Columns[i].Default = made.Columns[at].Default
		}
	}
}
