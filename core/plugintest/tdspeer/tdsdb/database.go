package tdsdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"modernc.org/sqlite" // registers itself as "sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/datasync-io/datasync/core/plugintest/tdspeer"
)

// Database is the tables, which all sessions of a server share.
type Database struct {
	t  testing.TB
	db *sql.DB

	mu         sync.Mutex
	noSnapshot bool
	intercept  func(q *tdspeer.Request) *tdspeer.Reply
	lose       map[string]int // by head of statement: after how many its answer is lost
	tables     map[string]*Table
	sessions   map[int]*session
	cdc        *cdc // nil: changes are not captured
}

// session is one connection to SQLite, whose temporary tables are its own.
type session struct {
	conn   *sql.Conn
	staged map[string]*Table
	open   bool // a transaction was begun
}

// Start keeps tables in a file and serves them until the test ends.
func Start(t testing.TB, tables ...*Table) (*Database, *tdspeer.Server) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "shop.db")
	query := url.Values{"_pragma": {"busy_timeout(20000)", "journal_mode(wal)", "synchronous(off)"}, "_txlock": {"immediate"}}
	db, err := sql.Open("sqlite", "file:"+path+"?"+query.Encode())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	d := &Database{t: t, db: db, tables: map[string]*Table{}, sessions: map[int]*session{}}
	for _, table := range tables {
		d.tables[strings.ToLower(table.Name)] = table
		d.Exec(strings.Replace(table.create(), "dbo.", "", 1))
	}
	server := tdspeer.Start(t, d.handle)
	server.Gone = d.gone
	return d, server
}

// ForbidSnapshot makes the database one that allows no snapshot isolation.
func (d *Database) ForbidSnapshot() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.noSnapshot = true
}

// Intercept has requests answered by f, in the place of the database unless it
// returns nil. f is called by several goroutines; nil ends it.
func (d *Database) Intercept(f func(q *tdspeer.Request) *tdspeer.Reply) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.intercept = f
}

// Lose carries out the nth statement (or load, by its INSERT BULK) from now on
// that begins with head, and cuts the connection in place of an answer.
func (d *Database) Lose(head string, nth int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lose == nil {
		d.lose = map[string]int{}
	}
	d.lose[head] = nth
}

// loses tells that the answer to a request is to be lost.
func (d *Database) loses(q *tdspeer.Request) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for head := range d.lose {
		if !strings.HasPrefix(q.SQL, head) {
			continue
		}
		if d.lose[head]--; d.lose[head] == 0 {
			delete(d.lose, head)
			return true
		}
	}
	return false
}

// intercepted is the answer of Intercept's function, nil if there is none.
func (d *Database) intercepted(q *tdspeer.Request) *tdspeer.Reply {
	d.mu.Lock()
	f := d.intercept
	d.mu.Unlock()
	if f == nil {
		return nil
	}
	return f(q)
}

// Exec runs a statement of SQLite, in which tables have no schema.
func (d *Database) Exec(statement string, args ...any) {
	d.t.Helper()
	if _, err := d.db.ExecContext(context.Background(), statement, args...); err != nil {
		d.t.Fatalf("%s: %v", statement, err)
	}
}

// Add appends rows to a table: values as [tdspeer] gives them in loads.
func (d *Database) Add(table string, rows ...[]any) {
	d.t.Helper()
	t := d.table(table)
	for _, row := range rows {
		values := make([]any, len(row))
		for i := range row {
			values[i] = toSQLite(t.Columns[i].Type, row[i])
		}
		d.Exec("INSERT INTO ["+table+"] VALUES (?"+strings.Repeat(", ?", len(row)-1)+")", values...)
	}
}

// Rows returns a table's rows in the order they came, as text, NULL as NULL;
// none of a table that is not there.
func (d *Database) Rows(table string) [][]string {
	d.t.Helper()
	if d.table(table) == nil {
		return nil
	}
	rows, err := d.db.QueryContext(context.Background(), "SELECT * FROM ["+table+"] ORDER BY rowid")
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	names, err := rows.Columns()
	if err != nil {
		d.t.Fatal(err)
	}
	var all [][]string
	for rows.Next() {
		values := pointers(len(names))
		if err := rows.Scan(values...); err != nil {
			d.t.Fatal(err)
		}
		row := make([]string, len(names))
		for i, v := range values {
			switch v := (*v.(*any)).(type) {
			case nil:
				row[i] = "NULL"
			case []byte:
				row[i] = string(v)
			default:
				row[i] = fmt.Sprint(v)
			}
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		d.t.Fatal(err)
	}
	return all
}

func pointers(n int) []any {
	values := make([]any, n)
	for i := range values {
		values[i] = new(any)
	}
	return values
}

func (d *Database) table(name string) *Table {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.tables[strings.ToLower(name)]
}

// session returns the connection of a client's session.
func (d *Database) session(number int) (*session, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := d.sessions[number]; s != nil {
		return s, nil
	}
	conn, err := d.db.Conn(context.Background())
	if err != nil {
		return nil, err
	}
	s := &session{conn: conn, staged: map[string]*Table{}}
	d.sessions[number] = s
	return s, nil
}

// gone rolls back what a client has left behind.
func (d *Database) gone(number int) {
	d.mu.Lock()
	s := d.sessions[number]
	delete(d.sessions, number)
	d.mu.Unlock()
	if s == nil {
		return
	}
	_, _ = s.conn.ExecContext(context.Background(), "ROLLBACK")
	_ = s.conn.Raw(func(any) error { return nil })
	for name := range s.staged {
		_, _ = s.conn.ExecContext(context.Background(), "DROP TABLE IF EXISTS temp.["+name+"]")
	}
	_ = s.conn.Close()
}

// fault is the server's error for one of SQLite.
func fault(err error) tdspeer.Reply {
	number := int32(50000)
	var e *sqlite.Error
	if errors.As(err, &e) {
		switch code := e.Code(); {
		case code == lib.SQLITE_CONSTRAINT_UNIQUE, code == lib.SQLITE_CONSTRAINT_PRIMARYKEY, code == lib.SQLITE_CONSTRAINT_ROWID:
			number = 2627
		case code == lib.SQLITE_CONSTRAINT_NOTNULL:
			number = 515
		case code == lib.SQLITE_CONSTRAINT_CHECK:
			number = 547
		case code&0xff == lib.SQLITE_BUSY, code&0xff == lib.SQLITE_LOCKED:
			number = 1205
		case strings.Contains(err.Error(), "no such table"):
			number = 208
		case strings.Contains(err.Error(), "no such column"):
			number = 207
		case code == lib.SQLITE_ERROR:
			number = 102
		}
	}
	return tdspeer.Reply{Errors: []tdspeer.Error{{Number: number, Message: err.Error()}}}
}
