package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlitekit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
	"github.com/datasync-io/datasync/core/record"
)

// session is one connection that writes.
type session struct {
	d           *driver
	conn        *sqlitekit.Conn
	interrupted context.Context // ends with Interrupt
	interrupt   context.CancelFunc
	unwatch     func()

	turn       bool // it is this session's
	saved      bool // the transaction has a savepoint
	statements map[*sqlwrite.Form]*statement
	text       []byte // of the value that is being bound
}

var (
	_ sqlwrite.Session = (*session)(nil)
	_ sqlwrite.Checker = (*session)(nil)
)

// Exec implements [sqlwrite.Session].
func (s *session) Exec(_ context.Context, sql string) error { return s.conn.Run(sql) }

// Query implements [sqlwrite.Session].
func (s *session) Query(ctx context.Context, sql string) (rows [][]*string, err error) {
	err = s.conn.Rows(ctx, sql, func(row []*string) error {
		rows = append(rows, append([]*string(nil), row...))
		return nil
	})
	return rows, err
}

// Begin implements [sqlwrite.Session]. It waits for this session's turn in the
// process, then for other processes as long as busyTimeout says.
func (s *session) Begin(ctx context.Context) error {
	if err := s.await(ctx); err != nil {
		return err
	}
	s.saved = false
	s.d.active.Store(time.Now().UnixNano())
	if err := s.conn.Run("BEGIN IMMEDIATE"); err != nil {
		s.leave()
		return fmt.Errorf("waiting for other users of %s: %w", s.d.path, err)
	}
	return nil
}

// stuck is how long a session may write nothing while others wait for its turn
// to end. A source may be slow; but the rows that the others hold may also be
// what leaves it without memory to read on.
const stuck = 10 * time.Minute

// await waits for this session's turn.
func (s *session) await(ctx context.Context) error {
	s.d.waiting.Add(1)
	defer s.d.waiting.Add(-1)
	look := time.NewTicker(stuck)
	defer look.Stop()
	for {
		select {
		case s.d.turn <- struct{}{}:
			s.turn = true
			return nil
		case <-ctx.Done():
			return errclass.With(errclass.Canceled, ctx.Err())
		case <-s.interrupted.Done():
			return errclass.With(errclass.Canceled, s.interrupted.Err())
		case now := <-look.C:
			if now.Sub(time.Unix(0, s.d.active.Load())) >= stuck {
				return errclass.With(errclass.Transient, fmt.Errorf("another channel has kept its transaction on %s open for %s without a row: set setting.speed.channel to 1", s.d.path, stuck))
			}
		}
	}
}

// leave ends this session's turn.
func (s *session) leave() {
	if s.turn {
		s.turn = false
		<-s.d.turn
	}
}

// Commit implements [sqlwrite.Session].
func (s *session) Commit(context.Context) error {
	if err := s.conn.Run("COMMIT"); err != nil {
		return err // the transaction may be open: Close ends it
	}
	s.leave()
	return nil
}

// Rollback implements [sqlwrite.Session]. A trigger, or a constraint that is
// declared so, may have done it already.
func (s *session) Rollback(context.Context) error {
	defer s.leave()
	if !s.conn.InTransaction() {
		return nil
	}
	return s.conn.Run("ROLLBACK")
}

// Savepoint implements [sqlwrite.Session].
func (s *session) Savepoint(context.Context) error {
	if s.saved {
		if err := s.conn.Run("RELEASE datasync"); err != nil {
			return err
		}
	}
	s.saved = true
	return s.conn.Run("SAVEPOINT datasync")
}

// Restore implements [sqlwrite.Session].
func (s *session) Restore(context.Context) error {
	if !s.conn.InTransaction() {
		return errors.New("a refused row has rolled back the rows before it: it is a trigger, or a constraint, of the table that does so (ROLLBACK)")
	}
	return s.conn.Run("ROLLBACK TO datasync")
}

// Check implements [sqlwrite.Checker]: foreign keys may be declared to be
// checked at the commit.
func (s *session) Check(context.Context) error {
	if !s.conn.OwesKeys() {
		return nil
	}
	return errclass.BadValue("", errclass.Constraint, "FOREIGN KEY constraint failed: a row refers to one that is not there")
}

// Interrupt implements [sqlwrite.Session].
func (s *session) Interrupt() { s.interrupt() }

// Close implements [sqlwrite.Session].
func (s *session) Close() error {
	s.interrupt()
	s.unwatch()
	for _, stmt := range s.statements {
		stmt.Close()
	}
	err := s.conn.Close()
	s.leave()
	return err
}

// Table implements [sqlwrite.Session].
func (s *session) Table(ctx context.Context, name record.Name) (*sqlkit.Table, error) {
	t, err := s.conn.Table(ctx, name.Table)
	if err != nil {
		return nil, err
	}
	def := define(t)
	if t.View {
		trigger, err := s.conn.Text(ctx, "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = "+quoted(t.Name))
		if err != nil {
			return nil, err
		}
		def.View = trigger == "" // a view's triggers stand in for writing to it
	}
	rollback, err := s.conn.Text(ctx, "SELECT name FROM sqlite_schema WHERE sql LIKE '%ROLLBACK%'")
	if err != nil {
		return nil, err
	}
	if rollback != "" {
		s.d.brittle.Store(true)
	}
	return def, nil
}

func quoted(text string) string {
	return sqlitekit.Dialect().Literal(sqlkit.Value{Kind: record.String, Text: text})
}

// define describes a table to the engine.
func define(t *sqlitekit.Table) *sqlkit.Table {
	def := &sqlkit.Table{Name: record.Name{Table: t.Name}, View: t.View, Rows: -1}
	for i := range t.Columns {
		c := sqlkit.TableColumn{Column: t.Column(i), Default: t.Columns[i].Default, Generated: t.Columns[i].Generated}
		if i == t.Alias { // a NULL is the next rowid
			c.Nullable, c.Default, c.Identity = true, true, true
		}
		def.Columns = append(def.Columns, c)
	}
	if key := t.PrimaryKey(); key != nil {
		x := sqlkit.Index{Name: "primary key", Primary: true, Unique: true}
		for _, i := range key {
			x.Columns = append(x.Columns, t.Columns[i].Name)
		}
		def.Indexes = append(def.Indexes, x)
	}
	for _, x := range t.Indexes {
		if !x.Primary {
			def.Indexes = append(def.Indexes, x)
		}
	}
	return def
}
