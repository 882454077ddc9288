package mysqlread

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlread"
)

// Bounds of the moment in which nobody can write.
const (
	lockWait = 3                // seconds that the lock may be waited for
	lockTime = 20 * time.Second // until it is given up whatever the server does
)

var _ sqlread.Snapshotter = (*Driver)(nil)

// snapshot is transactions that see the same rows: all were begun while a lock
// kept writers away.
type snapshot struct {
	position string

	mu     sync.Mutex
	free   []*session
	closed bool
}

// Snapshot implements [sqlread.Snapshotter]. The connections are made before
// the lock is taken, which is then held for n short statements. It waits for
// statements that run, and new writes wait for it: not long.
func (d *Driver) Snapshot(ctx context.Context, c *sqlkit.Connection, n int) (sqlread.Snapshot, error) {
	var settings *mysqlkit.Settings // of the server that is reached
	locker, err := sqlkit.Reach(ctx, d.places[d.place(c)], func(ctx context.Context, at *mysqlkit.Settings) (*mysqlkit.Conn, error) {
		settings = at
		return mysqlkit.Dial(ctx, at)
	})
	if err != nil {
		return nil, err
	}
	s := &snapshot{}
	for range n {
		conn, err := mysqlkit.Dial(ctx, settings)
		if err == nil {
			s.free = append(s.free, &session{driver: d, conn: conn})
			err = conn.Exec(ctx, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
		}
		if err != nil {
			return nil, errors.Join(err, s.Close(), locker.Close())
		}
	}
	err = s.begin(ctx, locker)
	if err = errors.Join(err, locker.Close()); err != nil {
		return nil, errors.Join(explainLock(err), s.Close())
	}
	return s, nil
}

// begin begins all transactions under the lock, and notes the position.
func (s *snapshot) begin(ctx context.Context, locker *mysqlkit.Conn) error {
	bounded, cancel := context.WithTimeout(ctx, lockTime)
	defer cancel()
	if err := locker.Exec(bounded, fmt.Sprintf("SET SESSION lock_wait_timeout = %d", lockWait)); err != nil {
		return err
	}
	if err := locker.Exec(bounded, "FLUSH TABLES WITH READ LOCK"); err != nil {
		return err
	}
	for _, one := range s.free {
		if err := one.conn.Exec(bounded, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"); err != nil {
			return err
		}
	}
	s.position = logPosition(bounded, locker)
	return locker.Exec(bounded, "UNLOCK TABLES")
}

// explainLock says what is missing.
func explainLock(err error) error {
	switch mysqlkit.Code(err) {
	case 1227, 1044, 1045, 1142:
		return errclass.With(errclass.Permanent, fmt.Errorf("locking all tables for a moment: %w; grant RELOAD", err))
	case 1205:
		return fmt.Errorf("locking all tables for a moment: %w: a long statement runs, or a transaction holds a table lock", err)
	}
	return fmt.Errorf("locking all tables for a moment: %w", err)
}

// logPosition is where the binary log is; "" if there is none, or the user may
// not ask.
func logPosition(ctx context.Context, c *mysqlkit.Conn) string {
	for _, sql := range []string{"SHOW MASTER STATUS", "SHOW BINARY LOG STATUS"} { // the second since MySQL 8.2
		r, err := c.Query(ctx, sql)
		if err != nil || len(r.Rows) == 0 {
			continue
		}
		at := r.Column(0, "File") + ":" + r.Column(0, "Position")
		gtid := r.Column(0, "Executed_Gtid_Set")
		if c.Server.MariaDB {
			if g, err := c.Query(ctx, "SELECT @@gtid_binlog_pos AS gtid"); err == nil && len(g.Rows) == 1 {
				gtid = g.Column(0, "gtid")
			}
		}
		if gtid != "" {
			at += " GTID " + strings.ReplaceAll(gtid, "\n", "")
		}
		return at
	}
	return ""
}

// Session implements [sqlread.Snapshot]. A transaction that has ended with its
// connection cannot be begun again.
func (s *snapshot) Session(context.Context) (sqlread.Session, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.free)
	if n == 0 {
		return nil, false, nil
	}
	one := s.free[n-1]
	s.free = s.free[:n-1]
	return one, true, nil
}

// Release implements [sqlread.Snapshot].
func (s *snapshot) Release(back sqlread.Session) error {
	own, ok := back.(*session)
	if !ok || !own.Reusable() {
		return back.Close()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return own.Close()
	}
	s.free = append(s.free, own)
	return nil
}

// Position implements [sqlread.Snapshot]: file and offset of the binary log, and
// the GTIDs that are in it.
func (s *snapshot) Position() string { return s.position }

// Close implements [sqlread.Snapshot].
func (s *snapshot) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	var errs []error
	for _, one := range s.free {
		errs = append(errs, one.Close())
	}
	s.free = nil
	return errors.Join(errs...)
}
