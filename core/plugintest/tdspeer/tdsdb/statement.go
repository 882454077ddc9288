package tdsdb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/plugintest/tdspeer"
)

var background = context.Background()

// beginSnapshot begins a transaction that the first read fixes the view of, as
// SQLite's do.
const beginSnapshot = "SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRANSACTION"

// transactions are the statements about them, in SQLite's words.
var transactions = map[string]string{
	"BEGIN TRANSACTION": "BEGIN IMMEDIATE", "COMMIT TRANSACTION": "COMMIT", "SAVE TRANSACTION datasync": "SAVEPOINT datasync",
	"ROLLBACK TRANSACTION datasync": "ROLLBACK TO datasync", "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION": "ROLLBACK",
	beginSnapshot: "BEGIN DEFERRED",
}

// handle answers a request.
func (d *Database) handle(q *tdspeer.Request) tdspeer.Reply {
	reply := d.answer(q)
	reply.Drop = reply.Drop || d.loses(q)
	return reply
}

func (d *Database) answer(q *tdspeer.Request) tdspeer.Reply {
	if reply := d.intercepted(q); reply != nil {
		return *reply
	}
	s, err := d.session(q.Session)
	if err != nil {
		return fault(err)
	}
	if q.Load != nil {
		return d.load(s, q)
	}
	if q.SQL == beginSnapshot && d.snapshots() == 0 {
		return tdspeer.Reply{Errors: []tdspeer.Error{{Number: 3952, Message: "Snapshot isolation transaction failed accessing database 'shop'"}}}
	}
	if word, ok := transactions[q.SQL]; ok {
		if word == "COMMIT" {
			if err := d.tick(s); err != nil {
				return fault(err)
			}
		}
		if _, err := s.conn.ExecContext(background, word); err != nil && word != "ROLLBACK" {
			return fault(err)
		}
		switch word {
		case "BEGIN IMMEDIATE", "BEGIN DEFERRED":
			s.open = true
		case "COMMIT", "ROLLBACK":
			s.open = false
		}
		return tdspeer.Reply{}
	}
	if reply, ok := d.captures(s, q.SQL); ok {
		return reply
	}
	if reply, ok := d.catalog(q.SQL); ok {
		return reply
	}
	switch sql := q.SQL; {
	case strings.HasPrefix(sql, "select * from ") && strings.HasSuffix(sql, " SET FMTONLY OFF"):
		return d.shape(s, strings.TrimSuffix(strings.TrimPrefix(sql, "select * from "), " SET FMTONLY OFF"))
	case strings.HasPrefix(sql, "SET "), strings.HasPrefix(sql, "DECLARE @schema "):
		return tdspeer.Reply{}
	case strings.HasPrefix(sql, "CREATE TABLE "):
		return d.create(s, sql)
	case staging.MatchString(sql):
		return d.stage(s, staging.FindStringSubmatch(sql))
	case strings.HasPrefix(sql, "SELECT TOP (1) 1 FROM "):
		return d.plain(s, columnsOf("one int"), qualify(strings.Replace(sql, "TOP (1) ", "", 1))+" LIMIT 1")
	case strings.HasPrefix(sql, "SELECT "):
		return d.query(s, sql)
	}
	reply := tdspeer.Reply{}
	for _, sql := range rewrite(q.SQL) {
		result, err := s.conn.ExecContext(background, qualify(sql))
		if err != nil {
			return fault(err)
		}
		n, err := result.RowsAffected()
		if err != nil {
			return fault(err)
		}
		reply.Affected += n
	}
	if !s.open {
		if err := d.tick(s); err != nil {
			return fault(err)
		}
	}
	return reply
}

// tick ends a transaction of changes that are captured.
func (d *Database) tick(s *session) error {
	d.mu.Lock()
	on := d.cdc != nil
	d.mu.Unlock()
	if !on {
		return nil
	}
	if _, err := s.conn.ExecContext(background, "SAVEPOINT tick"); err != nil {
		return err
	}
	for _, sql := range append(slices.Clone(tick), "RELEASE tick") {
		if _, err := s.conn.ExecContext(background, sql); err != nil {
			return err
		}
	}
	return nil
}

// qualify drops the schema, which SQLite's main database has none of.
func qualify(sql string) string {
	return outside(sql, func(s string) string { return strings.ReplaceAll(s, "[dbo].", "") })
}

func (d *Database) create(s *session, sql string) tdspeer.Reply {
	t, err := parseTable(sql)
	if err != nil {
		return fault(err)
	}
	if d.table(t.Name) != nil {
		return tdspeer.Reply{Errors: []tdspeer.Error{{Number: 2714, Message: "There is already an object named '" + t.Name + "'"}}}
	}
	if _, err := s.conn.ExecContext(background, strings.Replace(t.create(), "dbo.", "", 1)); err != nil {
		return fault(err)
	}
	d.mu.Lock()
	d.tables[strings.ToLower(t.Name)] = t
	d.mu.Unlock()
	return tdspeer.Reply{}
}

// stage makes or empties a temporary table; m is of the pattern staging.
func (d *Database) stage(s *session, m []string) tdspeer.Reply {
	name, from := m[1], d.table(lastPart(m[3]))
	var there int
	if err := s.conn.QueryRowContext(background, "SELECT COUNT(*) FROM temp.sqlite_master WHERE name = ?", name).Scan(&there); err != nil {
		return fault(err)
	}
	sql := "DELETE FROM temp.[" + name + "]"
	if there == 0 {
		sql = "CREATE TEMP TABLE [" + name + "] AS SELECT " + m[2] + " FROM [" + from.Name + "] WHERE 1 = 0"
		t := &Table{Name: name}
		for _, c := range split(m[2]) {
			column, _ := from.column(strings.Trim(c, "[]"))
			t.Columns = append(t.Columns, column)
		}
		s.staged[name] = t
	}
	if _, err := s.conn.ExecContext(background, sql); err != nil {
		return fault(err)
	}
	return tdspeer.Reply{}
}

// named finds a table or a temporary one.
func (d *Database) named(s *session, name string) *Table {
	name = lastPart(name)
	if short, ok := strings.CutPrefix(name, "#"); ok {
		return s.staged[short]
	}
	return d.table(name)
}

// shape is a table's columns without its rows.
func (d *Database) shape(s *session, name string) tdspeer.Reply {
	t := d.named(s, name)
	if t == nil {
		return tdspeer.Reply{Errors: []tdspeer.Error{{Number: 208, Message: "Invalid object name '" + name + "'."}}}
	}
	return tdspeer.Reply{Results: []tdspeer.Result{{Columns: t.Columns}}}
}

// load adds the rows of a bulk load, all or none.
func (d *Database) load(s *session, q *tdspeer.Request) tdspeer.Reply {
	head, _, _ := strings.Cut(strings.TrimPrefix(q.SQL, "INSERT BULK "), " (")
	t := d.named(s, head)
	into := "[" + t.Name + "]"
	if strings.Contains(head, "#") {
		into = "temp." + into
	}
	names := make([]string, len(q.Load.Columns))
	types := make([]string, len(names))
	for i, c := range q.Load.Columns {
		column, _ := t.column(c.Name)
		names[i], types[i] = "["+c.Name+"]", column.Type
	}
	sql := "INSERT INTO " + into + " (" + strings.Join(names, ", ") + ") VALUES (?" + strings.Repeat(", ?", len(names)-1) + ")"
	if err := d.insert(s, sql, types, q.Load.Rows); err != nil {
		return fault(err)
	}
	return tdspeer.Reply{Affected: int64(len(q.Load.Rows))}
}

func (d *Database) insert(s *session, sql string, types []string, rows [][]any) (err error) {
	if _, err := s.conn.ExecContext(background, "SAVEPOINT loading"); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_, undo := s.conn.ExecContext(background, "ROLLBACK TO loading")
			err = errors.Join(err, undo)
		}
		_, end := s.conn.ExecContext(background, "RELEASE loading")
		err = errors.Join(err, end)
	}()
	st, err := s.conn.PrepareContext(background, sql)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	for _, row := range rows {
		values := make([]any, len(row))
		for i := range row {
			values[i] = toSQLite(types[i], row[i])
		}
		if _, err := st.ExecContext(background, values...); err != nil {
			return err
		}
	}
	return nil
}

// query runs a SELECT.
func (d *Database) query(s *session, sql string) tdspeer.Reply {
	columns, err := d.describe(sql)
	if err != nil {
		return fault(err)
	}
	rows, err := s.conn.QueryContext(background, qualify(rewrite(sql)[0]))
	if err != nil {
		return fault(err)
	}
	defer func() { _ = rows.Close() }()
	result := tdspeer.Result{Columns: columns, NBC: len(columns) > 3}
	for rows.Next() {
		values := pointers(len(columns))
		if err := rows.Scan(values...); err != nil {
			return fault(fmt.Errorf("%s: %w", sql, err))
		}
		row := make([]any, len(columns))
		for i := range row {
			row[i] = toPeer(columns[i].Type, *values[i].(*any))
		}
		result.Rows = append(result.Rows, row)
	}
	if err := rows.Err(); err != nil {
		return fault(err)
	}
	return tdspeer.Reply{Results: []tdspeer.Result{result}}
}
