package sqlservercdc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/kit/mssqlkit/mssqlread"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlread"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// views opens views of tables for package handover: under snapshot isolation,
// or piece by piece where the database does not allow it. Low is a commit that
// was captured, and so was committed, before the view; high is the end of the
// log after it.
type views struct{ *reader }

var _ handover.Views = (*views)(nil)

// View implements [handover.Views].
func (v *views) View(ctx context.Context, split plugin.Split, after json.RawMessage) (view handover.View, err error) {
	cs, d, err := v.driver(split, after)
	if err != nil {
		return view, err
	}
	err = v.with(ctx, func(srv *server) error {
		d.srv = srv
		var err error
		switch isolation, ask := srv.Versions(ctx); {
		case ask != nil:
			return ask
		case cs.Log == nil:
			view, err = d.alone(ctx, isolation)
		case isolation.Snapshot:
			view, err = d.still(ctx, cs.Log)
		default:
			v.moving()
			view, err = d.piece(ctx, cs)
		}
		return err
	})
	return d.opened(view, err)
}

// driver returns the driver of a view.
func (v *views) driver(split plugin.Split, after json.RawMessage) (*chunkSpec, *viewDriver, error) {
	cs, err := parseChunk(split)
	if err != nil {
		return nil, nil, err
	}
	d := &viewDriver{views: v, name: cs.Chunk.Table, read: plugin.Progress{Split: plugin.Split{ID: split.ID, Spec: cs.Read}, Position: after}}
	read, err := sqlkit.ParseSpec(d.read.Split)
	if err != nil {
		return nil, nil, err
	}
	if d.ordered = len(read.Key) > 0; read.Most > 0 {
		d.marked = min(read.Most-1, record.TargetRows)
	}
	return cs, d, nil
}

// opened completes a view, or closes it after an error.
func (d *viewDriver) opened(view handover.View, err error) (handover.View, error) {
	if err != nil {
		if view.Source != nil {
			err = errors.Join(err, view.Source.Close())
		}
		return handover.View{}, fmt.Errorf("opening a view of table %s: %w", d.name, err)
	}
	view.Schema, view.Stamp, view.Selected = d.capture.schema, d.stamp, d.condition() != ""
	return view, nil
}

// moving says once what it costs that no view stands still.
func (v *views) moving() {
	v.told.Do(func() {
		v.log.Warn("the database allows no snapshot isolation: rows are copied in pieces, each after what was changed meanwhile is captured, and writers are waited for",
			"remedy", remedyIsolation)
	})
}

const remedyIsolation = "ALTER DATABASE ... SET ALLOW_SNAPSHOT_ISOLATION ON"

// viewDriver is the driver of package sqlread for one view, which has one
// session.
type viewDriver struct {
	*views
	srv     *server // while the view is opened
	name    record.Name
	read    plugin.Progress // of package sqlkit
	ordered bool            // rows come in the order of a key
	marked  int             // rows of a piece that have a mark after them, at most; 0: any number
	capture *capture
	ready   sqlread.Session
	low     lsn
	high    lsn
	seen    lsn       // the last commit that is captured up to high
	clock   time.Time // when the view was opened
}

var _ sqlread.Driver = (*viewDriver)(nil)

// Dialect implements [sqlread.Driver].
func (d *viewDriver) Dialect() *sqlkit.Dialect { return mssqlkit.Dialect }

// Name implements [sqlread.Driver]; the split names the table.
func (d *viewDriver) Name(*sqlkit.Connection, string) (record.Name, error) {
	return record.Name{Schema: d.name.Schema, Table: d.name.Table}, nil
}

// Dial implements [sqlread.Driver].
func (d *viewDriver) Dial(context.Context, *sqlkit.Connection) (sqlread.Session, error) {
	if d.ready == nil {
		return nil, errclass.With(errclass.Permanent, errors.New("a view has one session"))
	}
	s := d.ready
	d.ready = nil
	return s, nil
}

func (d *viewDriver) condition() string { return d.config.Start.condition(d.name) }

// alone opens a view without a log.
func (d *viewDriver) alone(ctx context.Context, isolation mssqlkit.Versions) (view handover.View, err error) {
	st, err := d.srv.status(ctx)
	if err != nil {
		return view, err
	}
	in, err := d.instance(ctx, st.max)
	if err == nil {
		err = d.define(ctx, in)
	}
	if err != nil {
		return view, err
	}
	d.low, d.high, d.clock = st.max, st.max, time.Now()
	sql := ""
	switch {
	case isolation.Snapshot:
		sql = sqlBegin
	case !isolation.ReadCommitted:
		d.told.Do(func() {
			d.log.Warn("the database allows no snapshot isolation: a row that is moved while its table is read may be read twice or not at all, and writers are waited for",
				"remedy", remedyIsolation)
		})
	}
	if view.Source, err = d.source(ctx, sql); err != nil {
		return view, err
	}
	view.Low, view.High = d.low.encode(), d.high.encode()
	return view, nil
}

// still opens a view that stands still.
func (d *viewDriver) still(ctx context.Context, log *spec) (view handover.View, err error) {
	in, err := d.before(ctx, log)
	if err != nil {
		return view, err
	}
	d.pause()
	conn, err := mssqlkit.Dial(ctx, d.settings)
	if err != nil {
		return view, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, conn.Close())
		}
	}()
	for _, sql := range []string{sqlBegin, sqlFix(d.name)} { // the first read fixes the view
		if err := conn.Exec(ctx, sql); err != nil {
			return view, again(err)
		}
	}
	d.pause()
	to, err := d.after(ctx)
	if err == nil {
		err = d.define(ctx, in)
	}
	if err != nil {
		return view, err
	}
	d.pause()
	if view.Source, err = d.over(ctx, &mssqlread.Session{Conn: conn}); err != nil {
		return view, again(err)
	}
	d.between(&view, in, to)
	return view, nil
}

const (
	sqlBegin = "SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRANSACTION"
	// errAltered is the server's error for a table that was altered after the view
	// was opened.
	errAltered = 3961
)

// sqlFix reads of a table, which fixes what a snapshot shows.
func sqlFix(name record.Name) string {
	return "SELECT TOP (1) 1 FROM " + mssqlkit.Dialect.Table(record.Name{Schema: name.Schema, Table: name.Table})
}

// again has another view opened where a table was altered meanwhile.
func again(err error) error {
	if mssqlkit.Code(err) == errAltered {
		return errors.Join(handover.ErrAgain, err)
	}
	return err
}

// piece reads some rows one after the other, as each is when it is read.
func (d *viewDriver) piece(ctx context.Context, cs *chunkSpec) (view handover.View, err error) {
	in, err := d.before(ctx, cs.Log)
	if err == nil {
		err = d.define(ctx, in)
	}
	if err != nil {
		return view, err
	}
	d.pause()
	src, err := d.source(ctx, "")
	if err != nil {
		return view, err
	}
	p, err := gather(ctx, src, d.name, d.ordered, d.pieceBytes, d.marked)
	if err = errors.Join(err, src.Close()); err != nil {
		return view, err
	}
	d.pause()
	to, err := d.after(ctx)
	if err != nil {
		return view, err
	}
	was := d.capture
	if err := d.define(ctx, in); err != nil {
		return view, err
	}
	if was.modified != d.capture.modified || was.schema != d.capture.schema {
		return view, handover.ErrAgain
	}
	if p.more {
		if view.Through, err = d.Key(cs.Chunk, p.last()); err != nil {
			return view, err
		}
	}
	view.Source = p
	d.between(&view, in, to)
	return view, nil
}

// source opens what is left to read of the chunk, in a session of its own that
// begins with a statement.
func (d *viewDriver) source(ctx context.Context, sql string) (plugin.Source, error) {
	conn, err := mssqlkit.Dial(ctx, d.settings)
	if err == nil && sql != "" {
		if err = conn.Exec(ctx, sql); err != nil {
			err = errors.Join(err, conn.Close())
		}
	}
	if err != nil {
		return nil, err
	}
	src, err := d.over(ctx, &mssqlread.Session{Conn: conn})
	if err != nil {
		return nil, errors.Join(again(err), conn.Close())
	}
	return src, nil
}

// over opens what is left to read of the chunk over a session.
func (d *viewDriver) over(ctx context.Context, s sqlread.Session) (plugin.Source, error) {
	d.ready = s
	cfg := &sqlkit.ReaderConfig{Connection: []sqlkit.Connection{{}}, Where: d.condition(), Column: d.capture.copied}
	inner, err := sqlread.New(plugin.Env{Log: d.log, Zone: time.UTC}, cfg, d)
	if err != nil {
		return nil, err
	}
	src, err := inner.Open(ctx, d.read)
	if err != nil {
		return nil, errors.Join(err, inner.Close())
	}
	return &viewSource{src, inner}, nil
}

// viewSource is a view's source, with all that was opened for it.
type viewSource struct {
	plugin.Source
	reader plugin.Reader
}

// Close implements [plugin.Source].
func (s *viewSource) Close() error { return errors.Join(s.Source.Close(), s.reader.Close()) }

// stamp appends the metadata of a row that was copied.
func (d *viewDriver) stamp(b *record.Batch) {
	s := d.capture.schema
	for _, c := range s.Columns[s.Data:] {
		switch c.Name {
		case "_ts":
			now := time.Now()
			b.Timestamp(now.Unix(), uint32(now.Nanosecond()))
		case "_optime":
			b.Timestamp(d.clock.Unix(), uint32(d.clock.Nanosecond()))
		case "_lsn":
			b.Take(record.String, d.high.append(b.Buffer()))
		case "_snapshot":
			b.Bool(true)
		default:
			b.Null()
		}
	}
}

// instance is what a table's changes after a place are read from: the newest
// capture instance that has them all.
func (d *viewDriver) instance(ctx context.Context, at lsn) (in instance, err error) {
	list, err := d.srv.instances(ctx)
	if err != nil {
		return in, err
	}
	list = slices.DeleteFunc(list, func(in instance) bool {
		return !sameName(record.Name{Schema: in.schema, Table: in.table}, d.name)
	})
	if len(list) == 0 {
		return in, errors.Join(captured(ctx, d.srv, &Config{tables: []record.Name{{Schema: d.name.Schema, Table: d.name.Table}}}, nil)...)
	}
	in = list[0]
	for _, newer := range list[1:] {
		if !at.next().before(newer.start) {
			in = newer
		}
	}
	return in, nil
}
