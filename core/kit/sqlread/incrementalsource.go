package sqlread

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// increment reads an origin in order of its increment column, one statement
// after the other. It is used by one goroutine.
type increment struct {
	reader  *incremental
	session Session
	query   *query // its conditions are those of the statement that runs
	cursor  *cursor
	report  *report
	rows    *source // of the statement that runs; nil: none does
	key     *key
	text    []byte
	id      []byte
	held    bool // the current row is known to the cursor and not in a batch yet
}

// incrementSource reads up to the maximum at the start.
type incrementSource struct {
	increment
	end   *sqlkit.Value // nil: there is nothing to read
	below bool          // the rows that have it stay
}

var _ plugin.Source = (*incrementSource)(nil)

// Open implements [plugin.Reader].
func (r *incremental) Open(ctx context.Context, from plugin.Progress) (plugin.Source, error) {
	spec, err := parseIncrement(&from.Split)
	if err != nil {
		return nil, err
	}
	if spec.Bad != "" {
		return nil, errclass.With(errclass.Config, errors.New(spec.Bad))
	}
	position := from.Position
	if position == nil {
		position = spec.Begin
	}
	state, err := parseCursor(position)
	if err != nil {
		return nil, err
	}
	s, err := r.session(ctx, spec.place())
	if err != nil {
		return nil, err
	}
	src, err := r.newIncrement(ctx, s, spec, state)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening split %s: %w", from.Split.ID, err), r.release(s))
	}
	return src, nil
}

func (r *incremental) newIncrement(ctx context.Context, s Session, spec *incrementSpec, state cursorState) (plugin.Source, error) {
	o, err := r.origin(ctx, s, spec.place())
	if err != nil {
		return nil, err
	}
	shape, by, err := spec.shape(o)
	if err != nil {
		return nil, err
	}
	if state.bound.op == fromAfter && len(state.bound.values) != len(shape.columns) {
		return nil, errclass.With(errclass.PositionLost, fmt.Errorf("the position is in the order of %d columns, the key has %d: start over with -fresh", len(state.bound.values), len(shape.columns)))
	}
	i := increment{reader: r, session: s, report: r.report(spec),
		query:  &query{origin: o, order: by, strict: true},
		cursor: &cursor{cursorState: state, cursorShape: shape, limit: rememberedRows}}
	if spec.Kind == kindPolling {
		return r.newPolling(i), nil
	}
	end, err := spec.end()
	return &incrementSource{increment: i, end: end, below: spec.Below}, err
}

// Fill implements [plugin.Source].
func (s *incrementSource) Fill(ctx context.Context, b *record.Batch) error {
	return s.guard(ctx, func() error { return s.fill(ctx, b) })
}

// guard interrupts the session when ctx ends.
func (i *increment) guard(ctx context.Context, f func() error) error {
	defer interrupting(ctx, i.session)()
	err := f()
	if err != nil && ctx.Err() != nil && !errors.Is(err, io.EOF) {
		return ctx.Err()
	}
	return err
}

func (s *incrementSource) fill(ctx context.Context, b *record.Batch) error {
	if s.end == nil {
		b.Mark(s.cursor.position(s.report), time.Time{})
		return io.EOF
	}
	if s.rows == nil {
		op := " <= "
		if s.below {
			op = " < "
		}
		if err := s.begin(ctx, false, s.compare(op, *s.end)); err != nil {
			return err
		}
	}
	err := s.read(b)
	if !errors.Is(err, io.EOF) {
		return err
	}
	var below *sqlkit.Value
	if s.below {
		below = s.end
	}
	s.ended(below, nil)
	b.Mark(s.cursor.position(s.report), time.Time{})
	return io.EOF
}

// compare is a condition on the increment column.
func (i *increment) compare(op string, v sqlkit.Value) string {
	d := i.reader.dialect
	return d.Quote(i.cursor.columns[0].Name) + op + d.Literal(v)
}

// skipToMax puts the cursor behind the rows that are there, which it takes for
// delivered.
func (i *increment) skipToMax(ctx context.Context) error {
	most, err := i.maximum(ctx)
	if err != nil || most == nil {
		return err
	}
	c := i.cursor
	c.last = most
	if !c.keyed || c.alone() {
		c.bound = bound{fromAbove, []sqlkit.Value{*most}}
		return nil
	}
	i.query.where = []string{i.compare(" = ", *most)}
	if err := i.run(ctx); err != nil {
		return err
	}
	c.start(false)
	for {
		if err := i.rows.rows.Next(0); errors.Is(err, io.EOF) {
			i.ended(nil, nil)
			return nil
		} else if err != nil {
			return err
		}
		row, ok, err := i.identify()
		if err != nil {
			return err
		}
		if ok {
			c.see(row)
		}
	}
}

// begin begins a statement from the cursor's bound on, under one more condition.
func (i *increment) begin(ctx context.Context, window bool, more string) error {
	i.query.where = []string{i.cursor.bound.where(i.reader.dialect, i.cursor.columns), more}
	if err := i.run(ctx); err != nil {
		return err
	}
	i.cursor.start(window)
	return nil
}

// run runs the query under its conditions.
func (i *increment) run(ctx context.Context) error {
	st, err := i.reader.prepare(ctx, i.session, i.query, nil)
	if err != nil {
		return err
	}
	rows, err := st.Rows(ctx, i.reader.cfg.QueryTimeOut)
	if err != nil {
		return err
	}
	i.rows = i.reader.newSource(i.session, i.query, rows)
	i.key = i.rows.key
	return nil
}

// ended takes note that the statement was read to its end.
func (i *increment) ended(below, low *sqlkit.Value) {
	if i.cursor.gaveUp {
		i.reader.log.Warn("more rows have to be remembered than is possible: rows that were or will be committed late, with no larger value than those delivered, may be missed",
			"from", i.query.origin.String(), "increColumn", i.cursor.columns[0].Name, "rows", i.cursor.limit)
	}
	i.cursor.finish(below, low)
	i.rows = nil
}

// read reads rows into b until it returns as Fill has to, or to the
// statement's end (io.EOF).
func (i *increment) read(b *record.Batch) error {
	now := time.Now()
	for {
		if !i.held {
			done, fresh, err := i.next(b)
			if done || err != nil {
				return err
			}
			if !fresh {
				continue
			}
			if !i.cursor.keyed && i.cursor.turned && b.Full() {
				i.held = true
				b.Mark(i.cursor.positionAt(i.cursor.before, i.report), time.Time{})
				return nil
			}
		}
		i.held = false
		if err := i.rows.add(b, now); err != nil {
			return err
		}
		if b.Full() && (b.Over() || i.cursor.due() && i.mark(b)) {
			return nil
		}
	}
}

// next goes to the next row and tells whether it is to be delivered. It is done
// when rows wait in b, none comes soon, and b could be marked.
func (i *increment) next(b *record.Batch) (done, fresh bool, err error) {
	var wait time.Duration
	if i.cursor.keyed && !b.Empty() {
		wait = patience
	}
	err = i.rows.rows.Next(wait)
	if errors.Is(err, ErrWait) {
		if i.cursor.due() && i.mark(b) {
			return true, false, nil
		}
		err = i.rows.rows.Next(0)
	}
	if err != nil {
		return false, false, err
	}
	row, ok, err := i.identify()
	switch {
	case err != nil && errclass.Of(err) == errclass.Data:
		b.Reject(i.rows.rows.Raw(i.rows.data), err)
		return false, false, nil
	case err != nil || !ok:
		return false, false, err
	}
	return false, i.cursor.see(row), nil
}

// identify returns the current row as the cursor sees it, borrowed until the
// next call; false if it has no increment value. An error of class Data says
// that the increment value or the key cannot be read.
func (i *increment) identify() (row identity, ok bool, err error) {
	k := i.key
	k.scratch.Reset("")
	k.scratch.Begin(k.schema, record.Insert)
	if err := i.rows.rows.Pick(k.scratch, k.pick); err != nil {
		k.scratch.Drop()
		return row, false, err
	}
	picked := k.scratch.Row(0)
	i.text, i.id = i.text[:0], i.id[:0]
	for n, at := range k.at {
		kind := picked.Kind(at)
		if kind == record.Null || kind == record.Absent {
			return row, false, nil
		}
		from := len(i.text)
		i.text = picked.AppendText(i.text, at)
		if kind == record.Timestamp && i.text[len(i.text)-1] == 'Z' {
			i.text = i.text[:len(i.text)-1] // the session reads it as UTC anyway
		}
		i.id = appendPart(i.id, kind, i.text[from:])
		if n == 0 {
			row.kind, row.value = kind, i.text
		}
	}
	row.id = i.id
	return row, true, nil
}

// mark marks the batch after the current row; false if there is no position
// after it.
func (i *increment) mark(b *record.Batch) bool {
	position := i.cursor.position(i.report)
	if position != nil {
		b.Mark(position, time.Time{})
	}
	return position != nil
}

// maximum asks for the largest increment value from the cursor's bound on; nil
// if there is none.
func (i *increment) maximum(ctx context.Context) (*sqlkit.Value, error) {
	r, column := i.reader, i.cursor.columns[0]
	most := sqlkit.Select{Dialect: r.dialect, From: i.query.from, Where: []string{r.cfg.Where, i.cursor.bound.where(r.dialect, i.cursor.columns)},
		Items: []sqlkit.Item{{SQL: "MAX(" + r.dialect.Quote(column.Name) + ")", As: "datasync_max"}}}
	if h, ok := r.driver.(Hinter); ok && i.query.table != nil {
		most.Hint = h.Hint(i.query.table, nil)
	}
	asking := func(err error) error {
		return r.explain(i.query.origin, fmt.Errorf("asking for the maximum of increColumn %q: %w", column.Name, err))
	}
	if column.Kind == record.Any {
		v, err := i.pickOne(ctx, most.String())
		if err != nil {
			return nil, asking(err)
		}
		return v, nil
	}
	row, err := i.session.First(ctx, most.String())
	if err != nil {
		return nil, asking(err)
	}
	if len(row) != 1 || row[0] == nil {
		return nil, nil
	}
	return &sqlkit.Value{Kind: column.Kind, Text: strings.TrimSuffix(*row[0], "Z")}, nil
}

// pickOne returns the only value of a statement's only row, with the kind that
// it has; nil for NULL.
func (i *increment) pickOne(ctx context.Context, sql string) (*sqlkit.Value, error) {
	st, err := i.session.Prepare(ctx, sql)
	if err != nil {
		return nil, err
	}
	rows, err := st.Rows(ctx, i.reader.cfg.QueryTimeOut)
	if err != nil {
		return nil, err
	}
	one := record.NewSchema(record.Name{}, []record.Column{{Name: "max", Kind: record.Any}})
	b := record.NewBatch(1, 0)
	for {
		switch err := rows.Next(0); {
		case errors.Is(err, io.EOF):
			if b.Len() == 0 || b.Row(0).Kind(0) == record.Null {
				return nil, nil
			}
			return &sqlkit.Value{Kind: b.Row(0).Kind(0), Text: string(b.Row(0).AppendText(nil, 0))}, nil
		case err != nil:
			return nil, err
		}
		b.Reset("")
		b.Begin(one, record.Insert)
		if err := rows.Pick(b, []int{0}); err != nil {
			return nil, err
		}
	}
}

// Close implements [plugin.Source].
func (i *increment) Close() error { return i.reader.release(i.session) }
