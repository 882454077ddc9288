package pgread

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlread"
)

const beginSnapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

// snapshot is a view that one session exports and keeps open; others join it
// when they are handed out. See "Snapshot Synchronization Functions" in
// PostgreSQL's manual.
type snapshot struct {
	settings *pgkit.Settings
	id       string
	position string

	mu     sync.Mutex
	holder *pgkit.Conn // nil: closed
	idle   []*session
}

// Snapshot implements [sqlread.Snapshotter]. Sessions join as they are asked
// for, so that their number does not matter.
func (d *Driver) Snapshot(ctx context.Context, c *sqlkit.Connection, _ int) (sqlread.Snapshot, error) {
	s := &snapshot{}
	holder, err := sqlkit.Reach(ctx, d.places[d.place(c)], func(ctx context.Context, at *pgkit.Settings) (*pgkit.Conn, error) {
		s.settings = at // whose server the others join
		return pgkit.Dial(ctx, at)
	})
	if err != nil {
		return nil, err
	}
	if err := s.export(ctx, holder); err != nil {
		return nil, errors.Join(fmt.Errorf("exporting a snapshot: %w", err), holder.Close())
	}
	s.holder = holder
	return s, nil
}

func (s *snapshot) export(ctx context.Context, c *pgkit.Conn) error {
	current, replayed := "pg_current_wal_lsn()", "pg_last_wal_replay_lsn()"
	if c.Server.Number < 100000 {
		current, replayed = "pg_current_xlog_location()", "pg_last_xlog_replay_location()"
	}
	if err := c.Exec(ctx, beginSnapshot); err != nil {
		return err
	}
	r, err := c.Query(ctx, "SELECT pg_export_snapshot(), CASE WHEN pg_is_in_recovery() THEN "+replayed+" ELSE "+current+" END")
	if err != nil {
		return err
	}
	s.id, s.position = r.Text(0, 0), r.Text(0, 1)
	return nil
}

// Session implements [sqlread.Snapshot]. The snapshot is lost when its holder
// has ended: the server then knows its name no more.
func (s *snapshot) Session(ctx context.Context) (sqlread.Session, bool, error) {
	one, err := s.take(ctx)
	if err != nil || one == nil {
		return nil, false, err
	}
	err = one.conn.Exec(ctx, beginSnapshot+"; SET TRANSACTION SNAPSHOT "+pgkit.Dialect.Text(s.id))
	switch {
	case err == nil:
		return one, true, nil
	case isLost(err):
		return nil, false, one.Close()
	}
	return nil, false, errors.Join(fmt.Errorf("joining the snapshot: %w", err), one.Close())
}

// take returns a connection, nil after Close.
func (s *snapshot) take(ctx context.Context) (*session, error) {
	s.mu.Lock()
	closed := s.holder == nil
	if n := len(s.idle); n > 0 {
		one := s.idle[n-1]
		s.idle = s.idle[:n-1]
		s.mu.Unlock()
		return one, nil
	}
	s.mu.Unlock()
	if closed {
		return nil, nil
	}
	conn, err := pgkit.Dial(ctx, s.settings)
	if err != nil {
		return nil, err
	}
	return &session{conn: conn}, nil
}

// isLost tells that the server no longer has the snapshot: it says invalid
// identifier, does not exist, or that the transaction that had it is over.
func isLost(err error) bool {
	switch pgkit.State(err) {
	case "22023", "42704", "55000":
		return true
	}
	return false
}

// releaseTime bounds the end of a transaction that has only read.
const releaseTime = 3 * time.Second

// Release implements [sqlread.Snapshot]. An idle session is in no transaction,
// and so keeps no lock: somebody who waits to change a table would otherwise
// wait for it, and sessions that join later for him.
func (s *snapshot) Release(one sqlread.Session) error {
	own, ok := one.(*session)
	if !ok || !own.Reusable() {
		return one.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), releaseTime)
	defer cancel()
	if own.conn.Exec(ctx, "COMMIT") != nil {
		return own.Close()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.holder == nil {
		return own.Close()
	}
	s.idle = append(s.idle, own)
	return nil
}

// Position implements [sqlread.Snapshot]: a place in the write-ahead log.
func (s *snapshot) Position() string { return s.position }

// Close implements [sqlread.Snapshot].
func (s *snapshot) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, one := range s.idle {
		errs = append(errs, one.Close())
	}
	if s.holder != nil {
		errs = append(errs, s.holder.Close())
	}
	s.idle, s.holder = nil, nil
	return errors.Join(errs...)
}
