package pgwal

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/datasync-io/datasync/core/kit/pgkit"
)

// settleEvery is how often the server is asked whether transactions are over.
const settleEvery = 10 * time.Millisecond

// settle waits until every transaction that the log has from before a place is
// visible to whoever looks. One that is committed in the log is not yet while
// it waits for a standby (synchronous_standby_names), or for an instant
// otherwise: a view opened then would not show it, and a stream from the place
// on would not have it.
//
// snapshot is that of the place, exported by a slot's creation on stream: the
// transactions that it shows, which the server still runs, are waited for.
func settle(ctx context.Context, c *pgkit.Conn, snapshot string) (err error) {
	if err := c.Exec(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT "+pgkit.Dialect.Text(snapshot)); err != nil {
		return fmt.Errorf("joining the snapshot of the replication slot: %w", err)
	}
	text, err := currentSnapshot(ctx, c)
	if err = errors.Join(err, c.Exec(ctx, "COMMIT")); err != nil {
		return err
	}
	place, err := parseVisible(text)
	if err != nil {
		return err
	}
	tick := time.NewTicker(settleEvery)
	defer tick.Stop()
	for {
		if text, err = currentSnapshot(ctx, c); err != nil {
			return err
		}
		now, err := parseVisible(text)
		if err != nil || !slices.ContainsFunc(now.running, place.shows) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// settleNow is settle for the log's present end: for a slot that has been there
// before, and for a publication that has got tables. The making of a slot waits
// for every transaction that has begun before, so that none is left of which
// the publication had only a part. It returns the place.
func (r *reader) settleNow(ctx context.Context, c *pgkit.Conn, slot string) (pgkit.LSN, error) {
	stream, err := pgkit.DialReplication(ctx, r.config.settings)
	if err != nil {
		return 0, err
	}
	defer stream.Close() //nolint:errcheck // nothing runs on it, and the slot ends with it
	name := fmt.Sprintf("%s_%08x", slot[:min(len(slot), maxName-9)], rand.Uint32())
	start, err := stream.CreateSlot(ctx, name, true, true)
	if err != nil {
		return 0, fmt.Errorf("making a replication slot for a moment, to know what the log has: %w", err)
	}
	return start.At, settle(ctx, c, start.Snapshot)
}
