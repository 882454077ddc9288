package tdsdb

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/plugintest/tdspeer"
)

// result is a reply of one result.
func result(columns []tdspeer.Column, rows ...[]any) (tdspeer.Reply, bool) {
	return tdspeer.Reply{Results: []tdspeer.Result{{Columns: columns, Rows: rows}}}, true
}

// refused is a reply of one error.
func refused(number int32, format string, args ...any) (tdspeer.Reply, bool) {
	return tdspeer.Reply{Errors: []tdspeer.Error{{Number: number, Message: fmt.Sprintf(format, args...)}}}, true
}

// captures answers what is asked of change data capture.
func (d *Database) captures(s *session, sql string) (tdspeer.Reply, bool) {
	d.mu.Lock()
	on := d.cdc != nil
	d.mu.Unlock()
	switch {
	case strings.HasPrefix(sql, "SELECT is_cdc_enabled FROM sys.databases"):
		return result(columnsOf("is_cdc_enabled bit"), []any{on})
	case sql == "EXEC sys.sp_cdc_enable_db":
		d.EnableCDC()
		return tdspeer.Reply{}, true
	case existence.MatchString(sql):
		var id any
		if d.table(lastPart(unquote("N'"+existence.FindStringSubmatch(sql)[1]+"'"))) != nil {
			id = int64(1)
		}
		return result(columnsOf("id int"), []any{id})
	case !on:
		if strings.Contains(sql, "cdc.") {
			return refused(208, "Invalid object name 'cdc'.")
		}
		return tdspeer.Reply{}, false
	case enablingTable.MatchString(sql):
		m := enablingTable.FindStringSubmatch(sql)
		if m[2] == "" {
			m[2] = "dbo_" + m[1]
		}
		d.Capture(m[1], m[2])
		return tdspeer.Reply{}, true
	}
	return d.captured(s, sql)
}

// captured answers it where it is enabled.
func (d *Database) captured(s *session, sql string) (tdspeer.Reply, bool) {
	switch {
	case strings.Contains(sql, "sys.dm_db_log_stats"), strings.Contains(sql, "sys.dm_cdc_log_scan_sessions"), strings.Contains(sql, "database_transaction_state IN (10, 12)"):
		return d.logged(sql)
	case comparing.MatchString(sql):
		return d.plain(s, columnsOf("c int"), qualify(sql)), true
	case strings.Contains(sql, "sys.fn_cdc_get_max_lsn()"):
		d.question()
		return d.status()
	case commitsOf.MatchString(sql):
		m := commitsOf.FindStringSubmatch(sql)
		return d.plain(s, columnsOf("start_lsn binary(10)", "tran_end_time datetime", "tran_id varbinary(10)"),
			"SELECT start_lsn, tran_end_time, tran_id FROM cdc_lsn_time_mapping WHERE "+m[2]+" ORDER BY start_lsn LIMIT "+m[1]), true
	case strings.Contains(sql, "FROM cdc.change_tables"):
		return d.instances()
	case strings.Contains(sql, "FROM cdc.captured_columns"):
		var rows [][]any
		for _, name := range d.capturedAs(sql).computed {
			rows = append(rows, []any{name})
		}
		return result(columnsOf("column_name sysname"), rows...)
	case strings.Contains(sql, "FROM cdc.index_columns"):
		var rows [][]any
		for _, name := range d.table(d.capturedAs(sql).table).Key {
			rows = append(rows, []any{name})
		}
		return result(columnsOf("column_name sysname"), rows...)
	case strings.Contains(sql, "WHERE EXISTS (SELECT 1 FROM [cdc]."):
		return d.plain(s, columnsOf("n int"), changeTableRef.ReplaceAllString(sql, "")), true
	case strings.Contains(sql, "FROM msdb.dbo.cdc_jobs"):
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.cdc.retention == 0 {
			return refused(229, "The SELECT permission was denied on the object 'cdc_jobs', database 'msdb', schema 'dbo'.")
		}
		return result(columnsOf("retention bigint"), []any{d.cdc.retention})
	case strings.Contains(sql, "FROM sys.dm_server_services"):
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.cdc.agent == "" {
			return refused(300, "VIEW SERVER STATE permission was denied on object 'server', database 'master'.")
		}
		return result(columnsOf("status_desc nvarchar(256)"), []any{d.cdc.agent})
	case permissionOn.MatchString(sql):
		d.mu.Lock()
		defer d.mu.Unlock()
		may := int64(1)
		if d.cdc.denied[permissionOn.FindStringSubmatch(sql)[1]] {
			may = 0
		}
		return result(columnsOf("may int"), []any{may})
	case allChanges.MatchString(sql):
		return d.allChanges(s, allChanges.FindStringSubmatch(sql))
	}
	return tdspeer.Reply{}, false
}

// plain runs a statement of SQLite whose columns are known.
func (d *Database) plain(s *session, columns []tdspeer.Column, sql string) tdspeer.Reply {
	rows, err := s.conn.QueryContext(background, rewrite(sql)[0])
	if err != nil {
		return fault(err)
	}
	defer func() { _ = rows.Close() }()
	r := tdspeer.Result{Columns: columns}
	for rows.Next() {
		values := pointers(len(columns))
		if err := rows.Scan(values...); err != nil {
			return fault(err)
		}
		row := make([]any, len(columns))
		for i := range row {
			row[i] = toPeer(columns[i].Type, *values[i].(*any))
		}
		r.Rows = append(r.Rows, row)
	}
	if err := rows.Err(); err != nil {
		return fault(err)
	}
	return tdspeer.Reply{Results: []tdspeer.Result{r}}
}

// newest is the LSN of the newest commit, nil if there is none, and its age.
func (d *Database) newest() (lsn []byte, age any, err error) {
	var at *string
	where, args := "", []any(nil)
	d.mu.Lock()
	if h := &d.cdc.harvest; h.every > 0 {
		where, args = " WHERE start_lsn <= ?", []any{h.newest}
	}
	d.mu.Unlock()
	err = d.db.QueryRowContext(background, "SELECT max(start_lsn), max(tran_end_time) FROM cdc_lsn_time_mapping"+where, args...).Scan(&lsn, &at)
	if err != nil || at == nil {
		return nil, nil, err
	}
	end, err := time.Parse("2006-01-02 15:04:05.000", *at)
	if err != nil {
		return nil, nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	since := time.Since(end.Add(-serverZone * time.Minute))
	if !d.cdc.stopped.IsZero() {
		since = time.Since(d.cdc.stopped)
	}
	return lsn, int64(since.Seconds()), nil
}

func (d *Database) status() (tdspeer.Reply, bool) {
	lsn, age, err := d.newest()
	if err != nil {
		return fault(err), true
	}
	row := []any{nil, age, int64(serverZone)}
	if lsn != nil {
		row[0] = lsn
	}
	return result(columnsOf("lsn binary(10)", "age int", "zone int"), row)
}

func (d *Database) instances() (tdspeer.Reply, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var rows [][]any
	for i, in := range d.cdc.instances {
		var role any
		if in.role != "" {
			role = in.role
		}
		start := toPeer("binary(10)", decodeHex(in.start))
		modified := time.Date(2024, 1, 1, 0, 0, in.modified, 0, time.UTC)
		rows = append(rows, []any{in.name, start, "dbo", in.table, modified, int64(i + 1), role})
	}
	return result(columnsOf("capture_instance sysname", "start_lsn binary(10)", "schema_name sysname", "table_name sysname", "modify_date datetime", "object_id int", "role_name sysname"), rows...)
}

// capturedAs is the instance whose change table has a number.
func (d *Database) capturedAs(sql string) *captured {
	n, err := strconv.Atoi(changeObject.FindStringSubmatch(sql)[1])
	if err != nil {
		panic(err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.cdc.instances[n-1]
}

// allChanges is the function of that name; m is of the pattern.
func (d *Database) allChanges(s *session, m []string) (tdspeer.Reply, bool) {
	selected, name, from, to, order := m[1], m[2], m[3], m[4], m[5]
	newest, _, err := d.newest()
	if err != nil {
		return fault(err), true
	}
	d.mu.Lock()
	i := slices.IndexFunc(d.cdc.instances, func(c *captured) bool { return c.name == name })
	denied := d.cdc.denied[name]
	start := ""
	if i >= 0 {
		start = strings.ToLower(d.cdc.instances[i].start)
	}
	d.mu.Unlock()
	switch {
	case i < 0:
		return refused(208, "Invalid object name 'cdc.fn_cdc_get_all_changes_%s'.", name)
	case denied:
		return refused(229, "The SELECT permission was denied on the object 'fn_cdc_get_all_changes_%s', database 'shop', schema 'cdc'.", name)
	case from < start || from > to || to > fmt.Sprintf("%x", newest):
		return refused(313, "An insufficient number of arguments were supplied for the procedure or function cdc.fn_cdc_get_all_changes_ ... .")
	}
	return d.query(s, fmt.Sprintf("%s FROM (SELECT * FROM [%s_CT] WHERE [__$start_lsn] >= 0x%s AND [__$start_lsn] <= 0x%s) datasync_tmp %s", selected, name, from, to, order)), true
}
