package sqlserver

import (
	"context"
	"errors"
	"sync"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/kit/mssqlkit/mssqlread"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlread"
)

// Snapshot implements [sqlread.Snapshotter]: one transaction that all splits
// are read in, one after the other. The server has none that several sessions
// share.
func (d *driver) Snapshot(ctx context.Context, c *sqlkit.Connection, n int) (sqlread.Snapshot, error) {
	switch {
	case d.cfg.WithNoLock:
		return nil, errclass.With(errclass.Permanent, errors.New("withNoLock reads what is there, not one view of it"))
	case n > 1:
		return nil, errclass.With(errclass.Permanent, errors.New("sessions of SQL Server cannot share a view: with one channel all rows are read in one"))
	}
	conn, err := sqlkit.Reach(ctx, d.places[d.place(c)], mssqlkit.Dial)
	if err != nil {
		return nil, err
	}
	v, err := conn.Versions(ctx)
	if err == nil && (!v.Snapshot || d.abroad()) {
		err = errclass.With(errclass.Permanent, errors.New("the database allows no snapshot isolation: ALTER DATABASE ... SET ALLOW_SNAPSHOT_ISOLATION ON"))
	}
	if err == nil { // the first read fixes the view
		err = conn.Exec(ctx, "SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRANSACTION")
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &snapshot{free: &mssqlread.Session{Conn: conn}}, nil
}

// snapshot is a view with the one session that reads in it.
type snapshot struct {
	mu   sync.Mutex
	free *mssqlread.Session // nil: handed out, or lost
}

// Session implements [sqlread.Snapshot].
func (s *snapshot) Session(context.Context) (sqlread.Session, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.free == nil {
		return nil, false, nil
	}
	one := s.free
	s.free = nil
	return one, true, nil
}

// Release implements [sqlread.Snapshot].
func (s *snapshot) Release(back sqlread.Session) error {
	one, ok := back.(*mssqlread.Session)
	if !ok || !one.Reusable() {
		return back.Close()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = one
	return nil
}

// Position implements [sqlread.Snapshot]: a view has no place in a log.
func (s *snapshot) Position() string { return "" }

// Close implements [sqlread.Snapshot].
func (s *snapshot) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.free == nil {
		return nil
	}
	one := s.free
	s.free = nil
	return one.Close()
}
