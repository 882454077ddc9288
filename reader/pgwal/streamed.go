package pgwal

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// streamingSince is the first version whose pgoutput sends transactions before
// they end.
const streamingSince = 140000

// checkStreaming refuses streaming where the server has none of it.
func (c *Config) checkStreaming(server pgkit.Server) error {
	if !c.Streaming || server.Number >= streamingSince {
		return nil
	}
	return errclass.With(errclass.Config, fmt.Errorf("the server is PostgreSQL %s, which sends transactions only when they have ended: remove streaming", server))
}

// spoolIn makes the place for transactions that have not ended. What a killed
// process has left there goes, also where nothing is kept there any more.
func spoolIn(env plugin.Env, streaming bool) (*spool, error) {
	if env.Folder == "" {
		if streaming {
			return nil, errclass.With(errclass.Config, errors.New("streaming keeps transactions that have not ended in the state folder, and there is none"))
		}
		return nil, nil
	}
	s, err := newSpool(filepath.Join(env.Folder, "transactions"))
	if !streaming {
		s = nil
	}
	return s, err
}

// streamed takes a message in that is of a transaction before its end
// (https://www.postgresql.org/docs/current/protocol-logical-replication.html#PROTOCOL-LOGICAL-MESSAGES-FLOW);
// false: it is none.
func (s *source) streamed(kind byte, m *message, at pgkit.LSN) (bool, error) {
	if s.spool == nil {
		return false, nil
	}
	switch kind {
	case 'S':
		id := m.uint32()
		if err := m.err(kind); err != nil {
			return true, err
		}
		return true, s.spool.begin(id)
	case 'E':
		return true, s.spool.end()
	case 'A':
		id, sub := m.uint32(), m.uint32()
		if err := m.err(kind); err != nil {
			return true, err
		}
		return true, s.spool.undo(id, sub)
	case 'c':
		return true, s.streamedCommit(m)
	}
	if s.spool.block == nil {
		return false, nil
	}
	switch kind {
	case 'R', 'I', 'U', 'D', 'T':
		sub := m.uint32()
		if err := m.err(kind); err != nil {
			return true, err
		}
		return true, s.spool.put(sub, kind, at, m.p)
	case 'B', 'C':
		return true, errclass.With(errclass.Permanent, fmt.Errorf("the log has a message %q within the changes of transaction %d", kind, s.spool.block.id))
	}
	return true, nil // types, origins, messages
}

// streamedCommit has the changes of a transaction that has ended given back.
func (s *source) streamedCommit(m *message) error {
	tx := transaction{id: m.uint32()}
	m.int8() // flags
	tx.end = m.lsn()
	end := m.lsn()
	tx.at = pgkit.Moment(m.int64())
	if err := m.err('c'); err != nil {
		return err
	}
	if err := s.spool.giveBack(tx.id); err != nil {
		return err
	}
	s.backEnd = end
	return s.begin(tx)
}

// internalError is what the server says of itself where it has met what it did
// not expect.
const internalError = "XX000"

// explain adds the way on to a failure of the server's that comes from streaming:
// it looks tables up that are not as they were any more, as where a change of a
// definition was rolled back to a savepoint.
func (s *source) explain(err error) error {
	var refused *pgconn.PgError
	if s.spool == nil || !errors.As(err, &refused) || refused.Code != internalError {
		return err
	}
	return errclass.With(errclass.Of(err), fmt.Errorf("%w: where this comes again, remove streaming; the job goes on where it is", err))
}

// spooling tells that changes of a transaction that has not ended come.
func (s *source) spooling() bool { return s.spool != nil && s.spool.block != nil }

// givingBack tells that the open transaction is read from the spool.
func (s *source) givingBack() bool { return s.spool != nil && s.spool.back != nil }

// giveBack takes the next change in of the transaction that is given back, or
// its end.
func (s *source) giveBack(ctx context.Context, b *record.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c, more, err := s.spool.next()
	switch {
	case err != nil:
		return err
	case !more:
		return s.commit(s.backEnd)
	}
	return s.handled(ctx, b, c)
}
