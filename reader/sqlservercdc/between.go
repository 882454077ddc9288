package sqlservercdc

import (
	"context"
	"errors"
	"fmt"

	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// before takes the low of a view that is to be opened, and returns the capture
// instance that has the changes after it.
//
// What is captured was committed some seconds ago, so that the changes since
// then correct the view. Where they cannot do that, since rows are chosen by a
// condition or have no key, low is the log's end: there are hardly any changes
// then. What is committed in the log and not visible yet is waited for in any case.
// log is what is read afterwards; nil: it is read already, and sees itself what is lost.
func (d *viewDriver) before(ctx context.Context, log *spec) (in instance, err error) {
	st, err := d.srv.status(ctx)
	if err != nil {
		return in, err
	}
	d.low = st.max
	if d.condition() != "" || !d.ordered {
		e, err := d.srv.logEnd(ctx)
		if err != nil {
			return in, err
		}
		d.low = later(d.low, e.at)
	}
	if in, err = d.instance(ctx, d.low); err != nil {
		return in, err
	}
	d.low = later(d.low, in.start.previous()) // of a table that is captured from a moment ago on
	if log != nil {
		if err := d.kept(ctx, log); err != nil {
			return in, err
		}
	}
	return in, d.settle(ctx, d.srv)
}

// kept makes sure, before more rows are copied, that the changes of the table
// since the log's begin are still there.
func (d *viewDriver) kept(ctx context.Context, log *spec) error {
	c := newCatalog(d.config, d.settings.Database, d.meta, d.log)
	if err := c.restore(log.State); err != nil {
		return err
	}
	after, err := parseLSN(log.After)
	if err != nil {
		return lost("reading where the log begins: %w", err)
	}
	list, err := d.srv.instances(ctx)
	if err != nil {
		return err
	}
	t := c.find(d.name)
	if t == nil {
		return nil
	}
	_, of := c.wanted(list)
	_, err = c.follow(ctx, d.srv, t, of[d.name], after)
	return err
}

// after takes the high of a view that has been opened, waits until everything
// up to there is captured, and returns the end of what is to be read of it.
func (d *viewDriver) after(ctx context.Context) (to lsn, err error) {
	e, err := d.srv.logEnd(ctx)
	if err != nil {
		return to, err
	}
	d.high, d.clock = later(d.low, e.at), e.clock
	st, err := d.captured(ctx, d.srv, e)
	if d.seen = d.high; st.max.before(d.high) {
		d.seen = st.max
	}
	return d.seen, err
}

func later(a, b lsn) lsn {
	if a.before(b) {
		return b
	}
	return a
}

// define learns what the table's rows are: the columns that the instance has.
// One that the table has lost since is NULL.
func (d *viewDriver) define(ctx context.Context, in instance) error {
	made, err := d.srv.capture(ctx, d.settings.Database, in, newCatalog(d.config, d.settings.Database, d.meta, d.log).meta)
	if err != nil {
		return err
	}
	source, err := d.srv.Table(ctx, record.Name{Schema: d.name.Schema, Table: d.name.Table})
	if err != nil {
		return fmt.Errorf("looking at table %s: %w", d.name, err)
	}
	for i := range made.schema.Data {
		c := &made.schema.Columns[i]
		one := sqlkit.Column{Name: c.Name}
		switch f := source.Column(c.Name); {
		case f == nil:
			one.Expr = "CAST(NULL AS " + c.Native + ")"
		case f.Kind != c.Kind: // the capture job has not read of that yet
			return d.altered(ctx)
		}
		made.copied = append(made.copied, one)
	}
	d.capture = d.asking.intern(d.name, made)
	return nil
}

// altered waits until the capture job has read of an ALTER TABLE.
func (d *viewDriver) altered(ctx context.Context) error {
	e, err := d.srv.logEnd(ctx)
	if err == nil {
		_, err = d.captured(ctx, d.srv, e)
	}
	return errors.Join(handover.ErrAgain, err)
}

// between completes a view by the changes between its positions.
func (d *viewDriver) between(view *handover.View, in instance, to lsn) {
	view.Low, view.High = d.low.encode(), d.high.encode()
	if !d.low.before(to) {
		return
	}
	view.Changes = func(ctx context.Context, add func(record.Row)) error {
		return d.with(ctx, func(srv *server) error {
			stop := context.AfterFunc(ctx, srv.Interrupt)
			defer stop()
			return d.changes(ctx, srv, span{in.name, d.low.next(), to}, add)
		})
	}
}

// windowBytes is how much of changes is held in memory to correct a view. After
// more than that, as of a huge transaction, another view is opened: what is
// captured by then is before it.
const windowBytes = 32 << 20

// changes reads the table's changes of a span.
func (d *viewDriver) changes(ctx context.Context, srv *server, of span, add func(record.Row)) error {
	c := &cursor{table: &table{name: d.name}, capture: d.capture, span: of, conn: srv.Conn}
	var err error
	if c.rows, err = srv.Stream(ctx, c.capture.statement(of.from, of.to), c.capture.columns, 0); err != nil {
		return err
	}
	all := emitter{cat: map[record.Op]bool{record.Insert: true, record.UpdateAfter: true, record.Delete: true}, scratch: record.NewBatch(0, 0)}
	b := record.NewBatch(0, 0)
	held := 0
	for err = c.advance(); err == nil && c.rows != nil; {
		b.Reset("")
		err = all.change(b, c, &commit{at: c.commit})
		if len(b.Rejects()) > 0 {
			return errors.Join(handover.ErrAgain, b.Rejects()[0].Err)
		}
		for i := range b.Len() {
			add(b.Row(i))
		}
		if held += b.Size(); held > d.windowBytes {
			d.log.Info("too much was changed while a view was opened, another one is", "table", d.name.String(), "from", d.low.String(), "to", c.commit.String())
			return handover.ErrAgain
		}
	}
	switch mssqlkit.Code(err) {
	case errNoObject: // the instance was replaced
		return errors.Join(handover.ErrAgain, err)
	case errNoPermission:
		return fmt.Errorf("%w; grant SELECT on the captured columns, and make the user a member of the role of capture instance %s", err, of.instance)
	}
	if err != nil {
		return err
	}
	return newCatalog(d.config, d.settings.Database, nil, d.log).whole(ctx, srv, []*cursor{c}, d.low)
}
