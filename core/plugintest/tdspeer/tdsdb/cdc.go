package tdsdb

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/plugintest/tdspeer"
)

// serverZone is how far the server's clock is from UTC, in minutes.
const serverZone = 120

// cdc is change data capture: triggers write each change of a captured table
// into the change tables of its instances, under the number of the transaction.
// A transaction is captured the moment it is committed.
type cdc struct {
	instances []*captured // in the order in which they were made
	retention int64       // minutes; 0: the login may not know
	agent     string      // what its service is doing; "": the login may not know
	stopped   time.Time   // nothing was captured since, so the server says; zero: it goes on
	denied    map[string]bool
	altered   int // how many change tables were altered
	harvest   harvest
}

// captured is a capture instance.
type captured struct {
	name, table, start string // start in hexadecimal
	columns            []tdspeer.Column
	computed           []string
	role               string
	modified           int
}

func (c *captured) changeTable() string { return c.name + "_CT" }

// EnableCDC makes the database one whose changes can be captured.
func (d *Database) EnableCDC() {
	d.t.Helper()
	d.mu.Lock()
	if d.cdc != nil {
		d.mu.Unlock()
		return
	}
	d.cdc = &cdc{retention: 4320, agent: "Running", denied: map[string]bool{}}
	d.mu.Unlock()
	d.Exec("CREATE TABLE cdc_clock (n INTEGER, k INTEGER, dirty INTEGER)")
	d.Exec("INSERT INTO cdc_clock VALUES (1, 0, 0)")
	d.Exec("CREATE TABLE cdc_lsn_time_mapping (start_lsn BLOB PRIMARY KEY, tran_end_time TEXT, tran_id BLOB)")
}

// The LSN of a commit, and of the next change in it, by cdc_clock.
const (
	commitLSN = "(SELECT unhex(printf('00000032%08X0001', n)) FROM cdc_clock)"
	changeLSN = "(SELECT unhex(printf('%08X%012X', n, k)) FROM cdc_clock)"
)

// tick ends a transaction that has changed captured tables.
var tick = []string{
	"INSERT INTO cdc_lsn_time_mapping SELECT unhex(printf('00000032%08X0001', n)), strftime('%Y-%m-%d %H:%M:%f', 'now', '+" + fmt.Sprint(serverZone) + " minutes'), unhex(printf('%020X', n)) FROM cdc_clock WHERE dirty = 1",
	"UPDATE cdc_clock SET n = n + 1, k = 0, dirty = 0 WHERE dirty = 1",
}

// Capture makes a capture instance of a table, of all its columns or of those
// named; a name that begins with = is a computed column.
func (d *Database) Capture(table, instance string, columns ...string) {
	d.t.Helper()
	source := d.table(table)
	in := &captured{name: instance, table: source.Name, start: d.hex("SELECT printf('00000032%08X0001', n) FROM cdc_clock")}
	for _, c := range source.Columns {
		if len(columns) > 0 && !slices.Contains(columns, c.Name) && !slices.Contains(columns, "="+c.Name) {
			continue
		}
		if slices.Contains(columns, "="+c.Name) {
			in.computed = append(in.computed, c.Name)
		}
		c.Nullable = true
		if name, _, _ := strings.Cut(c.Type, "("); name == "rowversion" || name == "timestamp" {
			c.Type = "binary(8)"
		}
		in.columns = append(in.columns, c)
	}
	changes := &Table{Name: in.changeTable(), captured: true}
	changes.Columns = slices.Concat(columnsOf("__$start_lsn binary(10)", "__$end_lsn binary(10)", "__$seqval binary(10)", "__$operation int", "__$update_mask varbinary(128)"),
		in.columns, columnsOf("__$command_id int"))
	d.Exec(strings.Replace(changes.create(), "dbo.", "", 1))
	for _, sql := range in.triggers(source) {
		d.Exec(sql)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tables[strings.ToLower(changes.Name)] = changes
	d.cdc.altered++
	in.modified = d.cdc.altered
	d.cdc.instances = append(d.cdc.instances, in)
}

// triggers write the change table.
func (c *captured) triggers(source *Table) []string {
	image := func(op, mask string, value func(col tdspeer.Column) string) string {
		values := []string{commitLSN, "NULL", changeLSN, op, mask}
		for _, col := range c.columns {
			v := value(col)
			if slices.Contains(c.computed, col.Name) {
				v = "NULL"
			}
			values = append(values, v)
		}
		return "INSERT INTO [" + c.changeTable() + "] SELECT " + strings.Join(append(values, "1"), ", ") + "; "
	}
	plain := func(side string) func(tdspeer.Column) string {
		return func(col tdspeer.Column) string {
			if foreign := col.Type == "text" || col.Type == "ntext" || col.Type == "image"; foreign && side == "OLD" {
				return "NULL"
			}
			return side + ".[" + col.Name + "]"
		}
	}
	var bits, keys []string
	for i, col := range c.columns {
		bits = append(bits, fmt.Sprintf("((OLD.[%s] IS NOT NEW.[%s]) << %d)", col.Name, col.Name, i))
	}
	for _, k := range source.Key {
		keys = append(keys, fmt.Sprintf("OLD.[%s] IS NEW.[%s]", k, k))
	}
	if keys == nil {
		keys = []string{"1"}
	}
	same := "(" + strings.Join(keys, " AND ") + ")"
	mask := "unhex(printf('%016X', " + strings.Join(bits, " | ") + "))"
	all := fmt.Sprintf("unhex(printf('%%016X', %d))", 1<<len(c.columns)-1)
	was := func(col tdspeer.Column) string {
		if strings.HasSuffix(col.Type, "(max)") {
			return fmt.Sprintf("CASE WHEN NOT %s OR OLD.[%s] IS NOT NEW.[%s] THEN OLD.[%s] END", same, col.Name, col.Name, col.Name)
		}
		return plain("OLD")(col)
	}
	begin := func(event string) string {
		return "CREATE TRIGGER [" + c.name + "_" + event + "] AFTER " + event + " ON [" + source.Name + "] BEGIN UPDATE cdc_clock SET k = k + 1, dirty = 1; "
	}
	return []string{
		begin("INSERT") + image("2", all, plain("NEW")) + "END",
		begin("DELETE") + image("1", all, plain("OLD")) + "END",
		begin("UPDATE") + image("CASE WHEN "+same+" THEN 3 ELSE 1 END", mask, was) + image("CASE WHEN "+same+" THEN 4 ELSE 2 END", mask, plain("NEW")) + "END",
	}
}

// Uncapture drops a capture instance.
func (d *Database) Uncapture(instance string) {
	d.t.Helper()
	for _, event := range []string{"INSERT", "DELETE", "UPDATE"} {
		d.Exec("DROP TRIGGER [" + instance + "_" + event + "]")
	}
	d.Exec("DROP TABLE [" + instance + "_CT]")
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.tables, strings.ToLower(instance)+"_ct")
	d.cdc.instances = slices.DeleteFunc(d.cdc.instances, func(c *captured) bool { return c.name == instance })
}

// Drop drops a table with its capture instances.
func (d *Database) Drop(table string) {
	d.t.Helper()
	d.mu.Lock()
	var names []string
	for _, in := range d.cdc.instances {
		if in.table == table {
			names = append(names, in.name)
		}
	}
	d.mu.Unlock()
	for _, name := range names {
		d.Uncapture(name)
	}
	d.Exec("DROP TABLE [" + table + "]")
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.tables, strings.ToLower(table))
}

// Retype gives a column of a table, and of its change tables, another type.
func (d *Database) Retype(table, column, native string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	retype := func(name string) { // others may be reading the definition as it was
		t := *d.tables[strings.ToLower(name)]
		t.Columns = slices.Clone(t.Columns)
		for i := range t.Columns {
			if t.Columns[i].Name == column {
				t.Columns[i].Type = native
			}
		}
		d.tables[strings.ToLower(name)] = &t
	}
	retype(table)
	for _, in := range d.cdc.instances {
		if in.table == table {
			retype(in.changeTable())
			d.cdc.altered++
			in.modified = d.cdc.altered
		}
	}
}

// Forget takes a column away from a table. Its change tables keep it, with what
// is NULL from then on, as it has to be already.
func (d *Database) Forget(table, column string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := *d.tables[strings.ToLower(table)] // others may be reading the definition as it was
	t.Columns = slices.DeleteFunc(slices.Clone(t.Columns), func(c tdspeer.Column) bool { return c.Name == column })
	d.tables[strings.ToLower(table)] = &t
}

// Transact runs statements of SQLite in one transaction and returns the LSN of
// its commit, as 00000032:00000001:0001.
func (d *Database) Transact(statements ...string) (lsn string) {
	d.t.Helper()
	tx, err := d.db.BeginTx(background, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, sql := range statements {
		if _, err := tx.ExecContext(background, sql); err != nil {
			d.t.Fatalf("%s: %v", sql, err)
		}
	}
	if err := tx.QueryRowContext(background, "SELECT printf('00000032:%08x:0001', n) FROM cdc_clock").Scan(&lsn); err != nil {
		d.t.Fatal(err)
	}
	for _, sql := range tick {
		if _, err := tx.ExecContext(background, sql); err != nil {
			d.t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		d.t.Fatal(err)
	}
	return lsn
}

// Quiet commits a transaction that no captured table has part in, as the
// capture job does by itself from time to time.
func (d *Database) Quiet() (lsn string) {
	d.t.Helper()
	return d.Transact("UPDATE cdc_clock SET dirty = 1")
}

// Purge removes the changes of commits before an LSN.
func (d *Database) Purge(before string) {
	d.t.Helper()
	low := strings.ReplaceAll(before, ":", "")
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, in := range d.cdc.instances {
		in.start = max(in.start, strings.ToUpper(low))
		d.Exec("DELETE FROM [" + in.changeTable() + "] WHERE [__$start_lsn] < x'" + low + "'")
	}
	d.Exec("DELETE FROM cdc_lsn_time_mapping WHERE start_lsn < x'" + low + "'")
}

// Deny takes the permission to read a capture instance away from everybody
// who is not a member of a role; "": from all.
func (d *Database) Deny(instance, role string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cdc.denied[instance] = true
	for _, in := range d.cdc.instances {
		if in.name == instance {
			in.role = role
		}
	}
}

// StopCapture has the server say that its newest captured commit is that old
// and that its agent is in a state.
func (d *Database) StopCapture(age time.Duration, agent string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cdc.stopped, d.cdc.agent = time.Now().Add(-age), agent
}

// Rewind takes the last commits away, as a restore from a backup does.
func (d *Database) Rewind(commits int) {
	d.t.Helper()
	d.Exec("DELETE FROM cdc_lsn_time_mapping WHERE start_lsn IN (SELECT start_lsn FROM cdc_lsn_time_mapping ORDER BY start_lsn DESC LIMIT ?)", commits)
}

// hex is a text that a query gives.
func (d *Database) hex(sql string) (text string) {
	d.t.Helper()
	if err := d.db.QueryRowContext(context.Background(), sql).Scan(&text); err != nil {
		d.t.Fatalf("%s: %v", sql, err)
	}
	return text
}

var (
	enablingTable  = regexp.MustCompile(`^EXEC sys\.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'(\w+)', @role_name = NULL(?:, @capture_instance = N'(\w+)')?$`)
	allChanges     = regexp.MustCompile(`^(SELECT .*) FROM \[cdc\]\.\[fn_cdc_get_all_changes_(.+?)\]\(0x([0-9a-f]{20}), 0x([0-9a-f]{20}), N'all update old'\) (ORDER BY .*)$`)
	changeObject   = regexp.MustCompile(`object_id = (\d+)`)
	permissionOn   = regexp.MustCompile(`^SELECT HAS_PERMS_BY_NAME\(N'\[cdc\]\.\[fn_cdc_get_all_changes_(.+)\]', N'OBJECT', N'SELECT'\)$`)
	commitsOf      = regexp.MustCompile(`^SELECT TOP \((\d+)\) start_lsn, tran_end_time, tran_id FROM cdc\.lsn_time_mapping WHERE (start_lsn > 0x[0-9a-f]{20} AND start_lsn <= 0x[0-9a-f]{20}) ORDER BY start_lsn$`)
	existence      = regexp.MustCompile(`^SELECT OBJECT_ID\(N'((?:[^']|'')*)'\)$`)
	comparing      = regexp.MustCompile(`^SELECT CASE WHEN a\.\[`)
	changeTableRef = regexp.MustCompile(`\[cdc\]\.`)
)
