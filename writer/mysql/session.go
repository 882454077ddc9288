package mysql

import (
	"context"
	"fmt"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
	"github.com/datasync-io/datasync/core/record"
)

// killTime is how long Close waits for the server to end what an abandoned
// session is doing.
const killTime = 5 * time.Second

// session is one connection.
type session struct {
	driver *driver
	conn   *mysqlkit.Conn
	pipe   *mysqlkit.Pipeline
	limit  int // max_allowed_packet
	forms  map[*sqlwrite.Form]*form
	load   loading
	at     []int // the rows' columns in the order of a statement's parameters
	sent   []set // commands whose answers are to come

	open   bool   // a transaction is
	auto   bool   // autocommit is on
	strict bool   // sql_mode is as it was dialled with
	saved  bool   // nothing was done since Savepoint
	due    string // savepoint that is sent with the next command; "": none
	broken bool   // what the server is doing is unknown
}

var _ sqlwrite.Session = (*session)(nil)

// note keeps what an error says of the connection.
func (s *session) note(err error) error {
	s.broken = s.broken || mysqlkit.Broken(err)
	return err
}

// Table implements [sqlwrite.Session].
func (s *session) Table(ctx context.Context, name record.Name) (*sqlkit.Table, error) {
	if err := s.settle(ctx); err != nil {
		return nil, err
	}
	t, err := s.conn.Table(ctx, name)
	if s.note(err) != nil {
		return nil, err
	}
	return t, s.transactional(ctx, t)
}

// transactional refuses a table whose engine has no transactions.
func (s *session) transactional(ctx context.Context, t *sqlkit.Table) error {
	text := func(name string) string {
		return s.driver.Dialect().Literal(sqlkit.Value{Kind: record.String, Text: name})
	}
	r, err := s.conn.Query(ctx, "SELECT e.ENGINE AS engine, e.TRANSACTIONS AS transactions FROM information_schema.TABLES t JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE"+
		" WHERE t.TABLE_SCHEMA = "+text(t.Name.Database)+" AND t.TABLE_NAME = "+text(t.Name.Table))
	if s.note(err) != nil {
		return err
	}
	if len(r.Rows) == 1 && r.Column(0, "transactions") == "NO" {
		engine := r.Column(0, "engine")
		return errclass.With(errclass.Config, fmt.Errorf("table %s is stored by %s, which has no transactions, so that a statement that fails could not be taken back: ALTER TABLE ... ENGINE = InnoDB", t.Name, engine))
	}
	return nil
}

// Exec implements [sqlwrite.Session].
func (s *session) Exec(ctx context.Context, sql string) error {
	if !s.open {
		s.strict = false
		if err := s.autocommit(ctx, true); err != nil {
			return err
		}
	}
	if err := s.settle(ctx); err != nil {
		return err
	}
	s.saved = false
	return s.note(s.conn.Exec(ctx, sql))
}

// Query implements [sqlwrite.Session].
func (s *session) Query(ctx context.Context, sql string) ([][]*string, error) {
	if !s.open {
		if err := s.autocommit(ctx, true); err != nil {
			return nil, err
		}
	}
	if err := s.settle(ctx); err != nil {
		return nil, err
	}
	r, err := s.conn.Query(ctx, sql)
	if s.note(err) != nil {
		return nil, err
	}
	return r.Rows, nil
}

func (s *session) autocommit(ctx context.Context, on bool) error {
	if s.auto == on {
		return nil
	}
	sql := "SET autocommit = 0"
	if on {
		sql = "SET autocommit = 1"
	}
	if err := s.note(s.conn.Exec(ctx, sql)); err != nil {
		return err
	}
	s.auto = on
	return nil
}

// Begin implements [sqlwrite.Session].
func (s *session) Begin(ctx context.Context) error {
	if !s.strict {
		if err := s.note(s.conn.Strict(ctx)); err != nil {
			return err
		}
		s.strict = true
	}
	if err := s.autocommit(ctx, false); err != nil {
		return err
	}
	if err := s.note(s.conn.Exec(ctx, "START TRANSACTION")); err != nil {
		return err
	}
	s.open, s.saved = true, false
	return nil
}

// Commit implements [sqlwrite.Session].
func (s *session) Commit(ctx context.Context) error { return s.finish(ctx, "COMMIT") }

// Rollback implements [sqlwrite.Session].
func (s *session) Rollback(ctx context.Context) error { return s.finish(ctx, "ROLLBACK") }

func (s *session) finish(ctx context.Context, sql string) error {
	s.open, s.saved, s.due = false, false, ""
	return s.note(s.conn.Exec(ctx, sql))
}

const (
	savepoint     = "datasync"
	loadSavepoint = "datasync_load"
)

// Savepoint implements [sqlwrite.Session]. It travels with what comes next.
func (s *session) Savepoint(context.Context) error {
	s.due, s.saved = savepoint, true
	return nil
}

// begin makes the savepoint that is due the first command of the pipeline.
func (s *session) begin(ctx context.Context) error {
	if s.due == "" {
		return nil
	}
	sql := "SAVEPOINT " + s.due
	s.due = ""
	return s.note(s.pipe.Query(ctx, sql))
}

// settle sends the savepoint that is due by itself.
func (s *session) settle(ctx context.Context) error {
	if s.due == "" {
		return nil
	}
	sql := "SAVEPOINT " + s.due
	s.due = ""
	return s.note(s.conn.Exec(ctx, sql))
}

// Restore implements [sqlwrite.Session].
func (s *session) Restore(ctx context.Context) error {
	if err := s.settle(ctx); err != nil {
		return err
	}
	err := s.note(s.conn.Exec(ctx, "ROLLBACK TO SAVEPOINT "+savepoint))
	s.saved = err == nil
	return err
}

// Interrupt implements [sqlwrite.Session].
func (s *session) Interrupt() { s.conn.Interrupt() }

// Close implements [sqlwrite.Session]. A server that is busy does not notice
// that its client is gone, and keeps the transaction's locks: it is told so.
func (s *session) Close() error {
	if s.broken {
		ctx, cancel := context.WithTimeout(context.Background(), killTime)
		defer cancel()
		if err := s.conn.Kill(ctx); err != nil {
			s.driver.log.Debug("ending an abandoned session", "error", err)
		}
	}
	return s.conn.Close()
}
