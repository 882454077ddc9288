package pgwal

import (
	"context"
	"fmt"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/pgkit"
)

// descends checks that the server's log has what was read of it, up to a place:
// one that was restored from a backup, or a standby that was promoted before it
// had all, has written something else there, which would be taken for read.
func (s *source) descends(ctx context.Context, system pgkit.System, from place) error {
	if system.ID != s.spec.System {
		return lost("the server is of another cluster (system identifier %s, it was %s)", system.ID, s.spec.System)
	}
	s.timeline = system.Timeline
	if from.timeline == 0 {
		return nil
	}
	read := max(from.at, pgkit.LSN(from.within.Commit))
	if from.timeline == system.Timeline {
		return s.reaches(ctx, system, read)
	}
	branches, err := s.stream.Branches(ctx, system.Timeline)
	if err != nil {
		return err
	}
	for _, b := range branches {
		switch {
		case b.Timeline != from.timeline:
		case b.Until < read:
			return lost("the server was promoted at %s of the log, or restored up to there, and the log was read up to %s: what it has had between is another one now (timeline %d, it was %d)", b.Until, read, system.Timeline, from.timeline)
		default:
			return s.reaches(ctx, system, read)
		}
	}
	return s.lacks(ctx, lost("the server's log does not come from the one that was read (timeline %d, it was %d)", system.Timeline, from.timeline))
}

// reaches checks that the log goes as far as it was read.
func (s *source) reaches(ctx context.Context, system pgkit.System, read pgkit.LSN) error {
	if read <= system.End {
		return nil
	}
	return s.lacks(ctx, lost("the server's log ends at %s and was read up to %s: it was restored from a backup, or has lost its end", system.End, read))
}

// lacks is the error of a server without what was read: a standby may still have
// to get there.
func (s *source) lacks(ctx context.Context, gone error) error {
	r, err := s.stream.Query(ctx, "SELECT pg_is_in_recovery()")
	if err != nil {
		return fmt.Errorf("asking whether the server is a standby: %w", err)
	}
	if r.True(0, 0) {
		return errclass.With(errclass.Transient, fmt.Errorf("the server is a standby that has not got all yet: %s", strings.TrimSuffix(gone.Error(), waysOn)))
	}
	return gone
}
