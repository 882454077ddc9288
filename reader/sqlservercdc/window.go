package sqlservercdc

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/mssqlkit"
)

// Operations of a change.
const (
	opDelete = 1
	opInsert = 2
	opBefore = 3
	opAfter  = 4
)

// cursor is the changes of one capture instance in a window, in order.
type cursor struct {
	table   *table
	capture *capture
	span    span
	conn    *mssqlkit.Conn
	rows    *mssqlkit.Rows // nil: ended

	// Of the change that it stands at.
	commit    lsn
	sequence  lsn
	operation int64
}

// advance goes to the next change; rows is nil after the last one.
func (c *cursor) advance() error {
	err := c.rows.Next(0)
	if errors.Is(err, io.EOF) {
		c.rows = nil
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading changes of table %s: %w", c.table.name, err)
	}
	n := c.capture.schema.Data
	commit, sequence := c.rows.Binary(n+markCommit), c.rows.Binary(n+markSequence)
	if len(commit) != len(c.commit) || len(sequence) != len(c.sequence) {
		return errclass.With(errclass.Permanent, fmt.Errorf("a change of table %s has no LSN", c.table.name))
	}
	copy(c.commit[:], commit)
	copy(c.sequence[:], sequence)
	c.operation = c.rows.Integer(n + markOperation)
	return nil
}

// mask is that of the columns that the update has touched.
func (c *cursor) mask() []byte { return c.rows.Binary(c.capture.schema.Data + markMask) }

// at tells that the cursor stands at an operation of a change.
func (c *cursor) at(commit, sequence lsn, operation int64) bool {
	return c.rows != nil && c.operation == operation && c.commit == commit && c.sequence == sequence
}

// cursors is a heap with the cursor of the earliest change in front.
type cursors []*cursor

func (h cursors) Len() int { return len(h) }

func (h cursors) Less(i, j int) bool {
	a, b := h[i], h[j]
	return cmp.Or(a.commit.compare(b.commit), a.sequence.compare(b.sequence), cmp.Compare(a.operation, b.operation),
		cmp.Compare(a.capture.instance, b.capture.instance)) < 0
}

func (h cursors) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push implements [heap.Interface].
func (h *cursors) Push(x any) { *h = append(*h, x.(*cursor)) }

// Pop implements [heap.Interface].
func (h *cursors) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// window is some commits with what the tables have of them.
type window struct {
	commits []commit // of which there are changes, perhaps in other tables
	to      lsn      // the last of them
	read    []*cursor
	left    cursors
	tx      commit // being read
	begun   bool   // tx is one
	// Everything up to here was handed on, and was still there then.
	verified lsn
}

// enter begins the commit at a place.
func (w *window) enter(at lsn) {
	for len(w.commits) > 1 && w.commits[0].at.before(at) {
		w.commits = w.commits[1:]
	}
	w.tx, w.begun = commit{at: at}, true
	if w.commits[0].at == at {
		w.tx = w.commits[0]
	}
}

// settle puts the first cursor in its place after it has moved.
func (w *window) settle(p *pool) {
	if c := w.left[0]; c.rows == nil {
		heap.Pop(&w.left)
		p.put(c.conn)
		return
	}
	heap.Fix(&w.left, 0)
}

// openWindow begins to read the changes of commits.
func (s *source) openWindow(ctx context.Context, commits []commit) error {
	w := &window{commits: commits, to: commits[len(commits)-1].at}
	var spans []span
	var tables []*table
	for _, t := range s.catalog.tables {
		from := commits[0].at
		if from.before(t.floor) {
			from = t.floor
		}
		if !w.to.before(from) {
			spans, tables = append(spans, span{t.instance, from, w.to}), append(tables, t)
		}
	}
	busy, err := s.server.busy(ctx, spans)
	if err != nil {
		return err
	}
	for _, i := range busy {
		c := &cursor{table: tables[i], capture: tables[i].capture, span: spans[i]}
		if err := s.stream(ctx, c); err != nil {
			return fmt.Errorf("reading changes of table %s: %w", c.table.name, err)
		}
		w.read = append(w.read, c)
	}
	for _, c := range w.read { // all run at the server by now
		if err := c.advance(); err != nil {
			return s.explain(ctx, c, err)
		}
		if c.rows == nil {
			s.pool.put(c.conn)
			continue
		}
		heap.Push(&w.left, c)
	}
	s.window = w
	return nil
}

func (s *source) stream(ctx context.Context, c *cursor) (err error) {
	if c.conn, err = s.pool.get(ctx); err != nil {
		return err
	}
	c.rows, err = c.conn.Stream(ctx, c.capture.statement(c.span.from, c.span.to), c.capture.columns, 0)
	return err
}

// explain makes more of the error of a stream: the server's says little of a
// range that is not all there, and of a missing role.
func (s *source) explain(ctx context.Context, c *cursor, err error) error {
	switch mssqlkit.Code(err) {
	case errNoArguments:
		if missing := s.catalog.whole(ctx, s.server, []*cursor{c}, s.at); missing != nil {
			return missing
		}
	case errNoPermission:
		return fmt.Errorf("%w; grant SELECT on the captured columns, and make the user a member of the role of capture instance %s", err, c.capture.instance)
	}
	return err
}

// verify makes sure that what was handed on of the window is all that there
// was: nothing beyond what was verified before has been removed since. It comes
// before every mark.
func (s *source) verify(ctx context.Context) error {
	w := s.window
	if err := s.catalog.whole(ctx, s.server, w.read, w.verified); err != nil {
		return err
	}
	w.verified = s.at
	return nil
}

// closeWindow ends a window that is read.
func (s *source) closeWindow(ctx context.Context) error {
	w := s.window
	if len(w.read) > 0 {
		if err := s.verify(ctx); err != nil {
			return err
		}
	}
	s.reach(w.to, w.commits[len(w.commits)-1].end)
	s.window = nil
	return s.pool.trim()
}
