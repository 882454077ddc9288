package pgwal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/pgkit"
)

// visible is a snapshot as the server spells it, xmin:xmax:xip: which
// transactions it shows. Numbers are of 64 bits, with the epoch.
// https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-PG-SNAPSHOT
type visible struct {
	from, to uint64   // all below from are over, none from to on is shown
	running  []uint64 // between the two, ascending: not shown either
}

func parseVisible(text string) (v visible, err error) {
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return v, errclass.With(errclass.Permanent, fmt.Errorf("reading the snapshot %q: expected xmin:xmax:xip", text))
	}
	numbers := parts[:2]
	if parts[2] != "" {
		numbers = append(numbers, strings.Split(parts[2], ",")...)
	}
	for i, part := range numbers {
		n, bad := strconv.ParseUint(part, 10, 64)
		switch err = errors.Join(err, bad); i {
		case 0:
			v.from = n
		case 1:
			v.to = n
		default:
			v.running = append(v.running, n)
		}
	}
	if err != nil {
		return v, errclass.With(errclass.Permanent, fmt.Errorf("reading the snapshot %q: %w", text, err))
	}
	slices.Sort(v.running)
	return v, nil
}

// shows tells that what a transaction did is visible, if it was committed.
func (v *visible) shows(tx uint64) bool {
	if tx < v.from || tx >= v.to {
		return tx < v.from
	}
	_, runs := slices.BinarySearch(v.running, tx)
	return !runs
}

// whole is the number of a transaction of which the log has the lower half: no
// two that are at work at once are as far apart as 2^31.
func (v *visible) whole(tx uint32) uint64 {
	return v.to + uint64(int64(int32(tx-uint32(v.to)))) //nolint:gosec // modulo 2^32 by intent
}

// high is what a view of a table shows: the filter's high.
type high struct {
	visible
	at pgkit.LSN // read after the view was opened: what is committed later is not shown
}

type highJSON struct {
	Snapshot string `json:"snapshot"`
	At       string `json:"at"`
}

func parseHigh(raw json.RawMessage) (h high, err error) {
	var in highJSON
	if err = json.Unmarshal(raw, &in); err == nil {
		h.visible, err = parseVisible(in.Snapshot)
	}
	if err == nil {
		h.at, err = pgkit.ParseLSN(in.At)
	}
	if err != nil {
		return h, lost("reading what a snapshot has shown: %w", err)
	}
	return h, nil
}

// shown is what the filter asks: whether a view at high shows what a transaction did.
func shown(h high, tx uint32) bool { return h.shows(h.whole(tx)) }

// currentSnapshot asks for the snapshot of the session's transaction, or of
// this moment outside of one.
func currentSnapshot(ctx context.Context, c *pgkit.Conn) (string, error) {
	name := "pg_current_snapshot()"
	if c.Server.Number < 130000 {
		name = "txid_current_snapshot()"
	}
	r, err := c.Query(ctx, "SELECT "+name)
	if err != nil {
		return "", fmt.Errorf("asking for the snapshot: %w", err)
	}
	return r.Text(0, 0), nil
}

// logEnd asks for the end of what has been written of the log.
func logEnd(ctx context.Context, c *pgkit.Conn) (pgkit.LSN, error) {
	r, err := c.Query(ctx, "SELECT pg_current_wal_insert_lsn(), current_setting('wal_block_size')::int, pg_size_bytes(current_setting('wal_segment_size'))")
	if err != nil {
		return 0, fmt.Errorf("asking for the end of the log: %w", err)
	}
	at, err := pgkit.ParseLSN(r.Text(0, 0))
	return recordEnd(at, pgkit.LSN(r.Int(0, 1)), pgkit.LSN(r.Int(0, 2))), errclass.With(errclass.Permanent, err)
}

// Headers of pages of the log, and of the first one of a segment
// (access/xlog_internal.h).
const (
	pageHeader    = 24
	segmentHeader = 40
)

// recordEnd is the end of the last record before the place where the next one
// is written: behind a page's header there is none yet. Else a stream that has
// all of the log would not be told that it is there before something comes.
func recordEnd(at, page, segment pgkit.LSN) pgkit.LSN {
	switch {
	case segment > 0 && at%segment == segmentHeader:
		return at - segmentHeader
	case page > 0 && at%page == pageHeader:
		return at - pageHeader
	}
	return at
}
