package pgwal

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// copyPoll is how soon an idle log is left to look whether rows have been read.
const copyPoll = 5 * time.Millisecond

// signalPoll is how soon it is left to look for signals.
const signalPoll = time.Second

var _ handover.Tables = (*views)(nil)

// Signals implements [plugin.Signaler].
func (r *reader) Signals(pending []plugin.Signal) { r.signals.Put(pending) }

// besides gives a source what is copied beside its log.
func (s *source) besides(ctx context.Context) (err error) {
	if s.came.before, err = currentVisible(ctx, s.lookup); err != nil {
		return err
	}
	s.tables.lists = s.spec.From(s.tables.lists.Passed)
	s.copier = handover.NewCopier(handover.Log[high, uint32]{
		Parse: parseHigh, Covers: shown, Passed: func(h high) bool { return h.at <= s.at }, Here: s.came.here, Follows: s.follows, Schema: s.tables.shape,
		Rows: s.reader.chunk, Logger: s.reader.env.Log,
	}, &views{reader: s.reader, publication: s.spec.Publication, beside: true}, s.tables.copies, &s.reader.signals)
	s.copier.Forget(func(n record.Name) bool { return !s.reader.config.wants(n) || s.tables.lists.Comes(n) })
	s.relisted()
	return nil
}

func currentVisible(ctx context.Context, c *pgkit.Conn) (visible, error) {
	text, err := currentSnapshot(ctx, c)
	if err != nil {
		return visible{}, err
	}
	return parseVisible(text)
}

// follows tells that a table is read where the log is.
func (s *source) follows(n record.Name) bool {
	return n.Database == s.reader.config.settings.Database && s.reader.config.wants(n) && !s.tables.lists.Comes(n)
}

// shape returns the log's schema for that of a view.
func (t *tables) shape(of *record.Schema) *record.Schema {
	rel := t.known[of.Name]
	if rel == nil || rel.schema == nil || !slices.Equal(rel.schema.Columns, of.Columns) || !slices.Equal(rel.schema.Key, of.Key) {
		return of
	}
	return rel.schema
}

// beside copies tables, where no transaction is open; full: the batch is to be
// given away, wait: soon there is more to do, whatever the log has.
func (s *source) beside(ctx context.Context, b *record.Batch) (full, wait bool, err error) {
	if err := s.came.prune(ctx, s.lookup); err != nil {
		return false, false, err
	}
	s.relisted()
	turn, err := s.copier.Next(ctx)
	switch turn {
	case handover.Hand:
		if !s.copier.Hand(b) {
			return true, false, nil
		}
		return true, false, s.noted(b)
	case handover.Note:
		return true, false, errors.Join(err, s.noted(b))
	}
	return false, turn == handover.Wait, err
}

// altering tells the copier that a table is another one from here on.
func (s *source) altering(table record.Name) {
	if s.copier != nil {
		s.copier.Altered(table)
	}
}

// noted gives a mark with what is copied.
func (s *source) noted(b *record.Batch) error {
	s.tables.fresh = true
	return s.markHere(b)
}

// came are the transactions that were read of the log. One that is committed in
// the log is visible a moment later, or when a standby has confirmed it.
type came struct {
	read []uint32 // those that may not be visible yet; only ever appended to
	// before is what was running when the stream was opened: of it, some may have
	// been read by an earlier stream.
	before visible
}

// mostCame is how many are remembered before the server is asked.
const mostCame = 1 << 15

func (c *came) add(tx uint32) { c.read = append(c.read, tx) }

// prune forgets those that everybody sees.
func (c *came) prune(ctx context.Context, conn *pgkit.Conn) error {
	if len(c.read) < mostCame {
		return nil
	}
	now, err := currentVisible(ctx, conn)
	if err != nil {
		return err
	}
	var left []uint32
	for _, tx := range c.read {
		if !now.shows(now.whole(tx)) {
			left = append(left, tx)
		}
	}
	c.read = left
	return nil
}

// here remembers what has been read.
func (c *came) here() func(low high) bool {
	read, before := c.read, c.before.running
	return func(low high) bool {
		return !slices.ContainsFunc(read, func(tx uint32) bool { return !shown(low, tx) }) &&
			!slices.ContainsFunc(before, func(tx uint64) bool { return !low.shows(tx) })
	}
}

// writesOut has an idle server write out what it has of its log in memory, which
// nobody is sent before: what reading has left behind (pruned pages, hints) waits
// for a transaction. One that only has a number is enough, and writes no row.
func (r *reader) writesOut(ctx context.Context) error {
	return r.ask(ctx, func(c *pgkit.Conn) error {
		_, err := c.Query(ctx, "SELECT CASE WHEN pg_current_wal_insert_lsn() > pg_current_wal_flush_lsn() THEN txid_current() END")
		if err != nil {
			return fmt.Errorf("having the log written out: %w", err)
		}
		return nil
	})
}

// Whole implements [handover.Tables].
func (v *views) Whole(ctx context.Context, name record.Name, rows int) (split plugin.Split, c handover.Chunk, err error) {
	var order []*sqlkit.TableColumn
	err = v.ask(ctx, func(c *pgkit.Conn) error {
		order, err = v.whole(ctx, c, v.publication, name)
		return err
	})
	if err != nil {
		return split, c, err
	}
	c = handover.Chunk{Table: name}
	split, err = chunkSpec{V: version, Chunk: c}.Split(0, sqlkit.Spec{Kind: sqlkit.All, Table: &name, Most: rows}, order)
	return split, c, err
}

// whole returns the columns that a table's rows can be read in the order of,
// part after part.
func (r *reader) whole(ctx context.Context, c *pgkit.Conn, publication string, name record.Name) ([]*sqlkit.TableColumn, error) {
	rel, _, err := newTables(r.config, nil).defined(ctx, c, publication, name)
	if err != nil {
		return nil, err
	}
	table, err := c.ReadTable(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("looking at table %s: %w", name, err)
	}
	order := rel.order(table)
	if len(order) == 0 {
		return nil, errclass.With(errclass.Config, fmt.Errorf(
			"table %s has no key that its rows can be read in the order of, part after part: give it a primary key that is its replica identity; or start over with -fresh, which copies a table as a whole", name))
	}
	return order, nil
}
