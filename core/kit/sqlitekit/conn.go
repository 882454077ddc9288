package sqlitekit

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// Settings say how a database is opened.
type Settings struct {
	ReadOnly bool
	Create   bool          // make the file if it does not exist; not with ReadOnly
	Busy     time.Duration // how long a statement waits for another process's lock
}

// Conn is a connection to one database file.
type Conn struct {
	path  string
	tls   *libc.TLS
	db    uintptr // sqlite3*
	utf16 bool    // texts are stored as UTF-16

	scratch uintptr // memory that values lie in while they are bound
	size    int     // of scratch

	mu     sync.Mutex // keeps an interruption away from a closed connection
	closed bool
}

// Open opens the file at path, which is no URI. It reads the file's header, so
// that a file that is no database is found out here.
func Open(path string, s Settings) (*Conn, error) {
	flags := int32(lib.SQLITE_OPEN_READWRITE)
	switch {
	case s.ReadOnly:
		flags = lib.SQLITE_OPEN_READONLY
	case s.Create:
		flags |= lib.SQLITE_OPEN_CREATE
	}
	c := &Conn{path: path, tls: libc.NewTLS()}
	if err := c.open(flags | lib.SQLITE_OPEN_NOMUTEX); err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	lib.Xsqlite3_extended_result_codes(c.tls, c.db, 1)
	lib.Xsqlite3_busy_timeout(c.tls, c.db, int32(min(s.Busy, 24*time.Hour).Milliseconds()))
	encoding, err := c.Text(context.Background(), "PRAGMA encoding")
	if err != nil {
		_ = c.Close() // the first error is the one to report
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	c.utf16 = encoding != "UTF-8"
	return c, nil
}

func (c *Conn) open(flags int32) error {
	name, err := libc.CString(c.path)
	if err != nil {
		c.tls.Close()
		return err
	}
	defer libc.Xfree(c.tls, name)
	out := c.tls.Alloc(int(unsafe.Sizeof(uintptr(0))))
	defer c.tls.Free(int(unsafe.Sizeof(uintptr(0))))
	code := lib.Xsqlite3_open_v2(c.tls, name, out, flags, 0)
	c.db = *(*uintptr)(pointer(out))
	if code != lib.SQLITE_OK {
		err := c.fault(code)
		lib.Xsqlite3_close_v2(c.tls, c.db)
		defer c.tls.Close()
		return err
	}
	return nil
}

// Path returns the file's path.
func (c *Conn) Path() string { return c.path }

// Close closes the connection; a transaction that is open is rolled back. Its
// statements were closed before.
func (c *Conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	lib.Xsqlite3_free(c.tls, c.scratch)
	code := lib.Xsqlite3_close_v2(c.tls, c.db)
	c.tls.Close()
	if code != lib.SQLITE_OK {
		return &Error{Code: int(code), Msg: "closing " + c.path}
	}
	return nil
}

// interruptEvery is how often an interruption is repeated: one that comes just
// before its statement begins has no effect.
const interruptEvery = 10 * time.Millisecond

// Watch interrupts what the connection does when ctx ends, until stop is
// called; the statement then fails with an error of class Canceled.
func (c *Conn) Watch(ctx context.Context) (stop func()) {
	done := make(chan struct{})
	forget := context.AfterFunc(ctx, func() {
		again := time.NewTicker(interruptEvery)
		defer again.Stop()
		for {
			c.interrupt()
			select {
			case <-done:
				return
			case <-again.C:
			}
		}
	})
	return func() {
		forget()
		close(done)
	}
}

func (c *Conn) interrupt() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	tls := libc.NewTLS() // the connection's own is in use
	defer tls.Close()
	lib.Xsqlite3_interrupt(tls, c.db)
}

// Exec runs statements, separated by semicolons, whose rows nobody wants.
func (c *Conn) Exec(ctx context.Context, sql string) error {
	defer c.Watch(ctx)()
	if err := ctx.Err(); err != nil {
		return err
	}
	return c.Run(sql)
}

// Run is Exec under the caller's own Watch.
func (c *Conn) Run(sql string) error {
	text, err := libc.CString(sql)
	if err != nil {
		return err
	}
	defer libc.Xfree(c.tls, text)
	if code := lib.Xsqlite3_exec(c.tls, c.db, text, 0, 0, 0); code != lib.SQLITE_OK {
		return c.fault(code)
	}
	return nil
}

// InTransaction tells whether a transaction is open. An error may have ended one.
func (c *Conn) InTransaction() bool { return lib.Xsqlite3_get_autocommit(c.tls, c.db) == 0 }

// OwesKeys tells whether a foreign key of the open transaction still lacks the
// row that it is to refer to, which COMMIT would refuse.
func (c *Conn) OwesKeys() bool {
	const size = 2 * int(unsafe.Sizeof(int32(0)))
	out := c.tls.Alloc(size)
	defer c.tls.Free(size)
	lib.Xsqlite3_db_status(c.tls, c.db, lib.SQLITE_DBSTATUS_DEFERRED_FKS, out, out+unsafe.Sizeof(int32(0)), 0)
	return *(*int32)(pointer(out)) != 0
}

// Changes is how many rows the last INSERT, UPDATE or DELETE changed.
func (c *Conn) Changes() int64 { return lib.Xsqlite3_changes64(c.tls, c.db) }

// Rows runs a query and hands each row over as texts, nil for NULL, valid
// until each returns.
func (c *Conn) Rows(ctx context.Context, sql string, each func(row []*string) error) error {
	defer c.Watch(ctx)()
	if err := ctx.Err(); err != nil {
		return err
	}
	s, err := c.Prepare(sql)
	if err != nil {
		return err
	}
	defer s.Close()
	row := make([]*string, s.Columns())
	for {
		more, err := s.Step()
		if err != nil || !more {
			return err
		}
		for i := range row {
			row[i] = nil
			if !s.isNull(i) {
				text := string(s.text(i))
				row[i] = &text
			}
		}
		if err := each(row); err != nil {
			return err
		}
	}
}

// Text returns the first value of a query's first row as text, "" for NULL or no row.
func (c *Conn) Text(ctx context.Context, sql string) (text string, err error) {
	err = c.Rows(ctx, sql, func(row []*string) error {
		if row[0] != nil && text == "" {
			text = *row[0]
		}
		return nil
	})
	return text, err
}

// pointer is the address p of memory that SQLite owns.
func pointer(p uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&p)) }

// keptScratch is the most memory that is kept from one value to the next.
const keptScratch = 1 << 20

// lend copies v into memory of SQLite's side, where it lies until the next
// call: the collector does not know of pointers over there.
func (c *Conn) lend(v []byte) (uintptr, error) {
	need := max(len(v), 1) // an empty value has an address, else it would be NULL
	if need > math.MaxInt32 {
		return 0, c.fault(lib.SQLITE_TOOBIG)
	}
	if need > c.size || c.size > keptScratch {
		lib.Xsqlite3_free(c.tls, c.scratch)
		c.size = max(need, 4096)
		if c.scratch = lib.Xsqlite3_malloc(c.tls, int32(c.size)); c.scratch == 0 {
			c.size = 0
			return 0, c.fault(lib.SQLITE_NOMEM)
		}
	}
	copy(unsafe.Slice((*byte)(pointer(c.scratch)), c.size), v)
	return c.scratch, nil
}
