package binlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/binlogkit"
	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/kit/mysqlkit/mysqlread"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlread"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// views opens views of tables for package handover.
//
// MariaDB says where in its log a consistent snapshot is. MySQL does not: the
// log is read from a place whose changes are visible for certain to one whose
// later changes cannot be.
type views struct {
	*reader
	// beside is the server whose log is read meanwhile, by a source that finds what
	// was changed between the two places by itself; nil: the view finds it.
	beside *mysqlkit.Settings
}

var _ handover.Views = (*views)(nil)

// consistentSnapshot begins a transaction that shows all tables as of its begin.
var consistentSnapshot = []string{"SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ", "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"}

// codeChanged is the server's error for a table that was altered after the
// view was opened.
const codeChanged = 1412

// View implements [handover.Views].
func (v *views) View(ctx context.Context, split plugin.Split, after json.RawMessage) (view handover.View, err error) {
	cs, err := parseChunk(split)
	if err != nil {
		return view, err
	}
	settings := v.settings
	if v.beside != nil {
		settings = v.beside
	}
	srv, err := connect(ctx, settings)
	if err != nil {
		return view, err
	}
	defer func() { err = errors.Join(err, srv.close()) }()
	d := &viewDriver{views: v, name: cs.Chunk.Table}
	if err := d.begin(ctx, srv); err != nil {
		return view, fmt.Errorf("opening a view of table %s: %w", d.name, err)
	}
	where := v.config.Start.condition(d.name)
	cfg := &sqlkit.ReaderConfig{Connection: []sqlkit.Connection{{}}, Where: where}
	for _, c := range d.schema.Columns[:d.schema.Data] {
		cfg.Column = append(cfg.Column, sqlkit.Column{Name: c.Name})
	}
	inner, err := sqlread.New(plugin.Env{Log: v.log, Zone: time.UTC}, cfg, d)
	if err != nil {
		return view, errors.Join(err, d.unused())
	}
	src, err := inner.Open(ctx, plugin.Progress{Split: plugin.Split{ID: split.ID, Spec: cs.Read}, Position: after})
	if err != nil {
		return view, errors.Join(err, inner.Close(), d.unused())
	}
	view = handover.View{Source: &viewSource{src, inner}, Low: d.low.encode(), High: d.high.encode(), Schema: d.schema, Stamp: d.stamp, Selected: where != ""}
	if d.between != nil {
		view.Changes = d.changes
	}
	return view, nil
}

// viewSource is a view's source, with all that was opened for it.
type viewSource struct {
	plugin.Source
	reader plugin.Reader
}

// Close implements [plugin.Source].
func (s *viewSource) Close() error { return errors.Join(s.Source.Close(), s.reader.Close()) }

// Key implements [handover.Views].
func (v *views) Key(c handover.Chunk, position json.RawMessage) (handover.Key, error) {
	cfg, err := v.keyOf(context.Background(), c.Table)
	if err != nil {
		return nil, err
	}
	values, err := sqlkit.ParsePosition(position, cfg)
	return handover.Key(values), err
}

// viewDriver is the driver of package sqlread for one view: its only session is
// the transaction that the view is.
type viewDriver struct {
	*views
	name      record.Name
	low, high *Position
	between   *record.Batch // changes between the two; nil: there are none
	schema    *record.Schema
	ready     sqlread.Session
	at        time.Time // when the view was opened
	driver    *mysqlread.Driver
}

var _ sqlread.Driver = (*viewDriver)(nil)

// Dialect implements [sqlread.Driver].
func (d *viewDriver) Dialect() *sqlkit.Dialect { return mysqlkit.Dialect }

// Name implements [sqlread.Driver]; the split names the table.
func (d *viewDriver) Name(*sqlkit.Connection, string) (record.Name, error) { return d.name, nil }

// Dial implements [sqlread.Driver].
func (d *viewDriver) Dial(context.Context, *sqlkit.Connection) (sqlread.Session, error) {
	if d.ready == nil {
		return nil, errclass.With(errclass.Permanent, errors.New("a view has one session"))
	}
	s := d.ready
	d.ready = nil
	return s, nil
}

// unused closes the session if nobody has asked for it.
func (d *viewDriver) unused() error {
	if d.ready == nil {
		return nil
	}
	return d.ready.Close()
}

// begin begins the transaction on a connection of its own, between two places
// of the log, and reads what the log has between them.
func (d *viewDriver) begin(ctx context.Context, srv *server) (err error) {
	exact := srv.flavor == flavorMariaDB
	if !exact {
		if d.low, err = srv.before(ctx); err != nil {
			return err
		}
	}
	d.pause()
	conn, err := mysqlkit.Dial(ctx, srv.again())
	if err != nil {
		return err
	}
	d.driver = mysqlread.New(d.log, nil, nil, nil)
	d.ready = d.driver.NewSession(conn)
	defer func() {
		if err != nil {
			err = errors.Join(err, conn.Close())
		}
	}()
	for _, sql := range consistentSnapshot {
		if err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	d.at = time.Now()
	d.pause()
	if exact {
		if d.high, err = srv.snapshotOf(ctx, conn); err != nil {
			return err
		}
		d.low = d.high
	}
	if err := conn.Exec(ctx, "SELECT 1 FROM "+mysqlkit.Dialect.Table(d.name)+" LIMIT 0"); mysqlkit.Code(err) == codeChanged {
		return errors.Join(handover.ErrAgain, err)
	} else if err != nil {
		return err
	}
	on := *srv
	on.conn = conn
	definition, err := on.define(ctx, d.name)
	if err != nil {
		return err
	}
	d.schema = d.intern(binlogkit.SchemaOf(definition, &newTables(d.reader, srv, nil).options))
	if exact {
		return nil
	}
	end, err := srv.end(ctx)
	if err != nil {
		return err
	}
	if d.beside != nil {
		end.ByGTID, end.GTIDs = false, "" // which may lack what is visible already
		d.high = end
		return nil
	}
	if !d.low.ByGTID && d.low.File == end.File && d.low.Offset == end.Offset {
		d.high = end
		return nil
	}
	return d.read(ctx, srv, end, definition)
}

// pause lets a test change the table before and after the view is opened.
func (r *reader) pause() {
	if r.paused != nil {
		r.paused()
	}
}

// snapshotOf asks a transaction of MariaDB where in the log its snapshot is.
func (s *server) snapshotOf(ctx context.Context, conn *mysqlkit.Conn) (*Position, error) {
	r, err := conn.Query(ctx, "SHOW STATUS LIKE 'binlog_snapshot_%'")
	if err != nil {
		return nil, fmt.Errorf("asking where in the log the snapshot is: %w", err)
	}
	p := &Position{Flavor: s.flavor, Server: s.id, ByGTID: true}
	for i := range r.Rows {
		switch value := r.Column(i, "Value"); strings.ToLower(r.Column(i, "Variable_name")) {
		case "binlog_snapshot_file":
			p.File = value
		case "binlog_snapshot_position":
			if p.Offset, err = strconv.ParseUint(value, 10, 64); err != nil {
				return nil, fmt.Errorf("asking where in the log the snapshot is: the offset is %q", value)
			}
		}
	}
	if p.File == "" {
		return nil, errclass.With(errclass.Permanent, errors.New("the server does not say where in its log a snapshot is (binlog_snapshot_file)"))
	}
	p.GTIDs, err = s.gtidsAt(ctx, p.File, p.Offset)
	return p, err
}

// read reads the table's changes after low, to a place at end or behind it,
// which is high.
func (d *viewDriver) read(ctx context.Context, srv *server, end *Position, definition *binlogkit.Definition) (err error) {
	h := binlogkit.NewHistory(srv.product)
	h.Define(definition)
	state, err := h.MarshalJSON()
	if err != nil {
		return err
	}
	own := *d.config
	own.MaxTransactionRows, own.DDLSkip, own.OnPositionLost = 0, false, lostStop
	own.OnEventFailure = failureStop
	one := &reader{config: &own, log: d.log, settings: srv.again(), uuid: newUUID(), meta: d.meta, heartbeat: windowHeartbeat,
		selection: &selection{plain: map[record.Name]bool{lower(d.name): true}}, ops: ops{true, true, true}}
	log, err := connect(ctx, one.settings)
	if err != nil {
		return err
	}
	s, err := one.open(ctx, log, d.low, state)
	if err != nil {
		return errors.Join(err, log.close())
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	b := record.NewBatch(0, 0)
	d.between = record.NewBatch(0, 0)
	for {
		b.Reset("")
		s.marked = time.Time{} // a place is of use at once
		if err := s.Fill(ctx, b); err != nil {
			return err
		}
		if b.SchemaChange() != nil || len(b.Rejects()) > 0 {
			return handover.ErrAgain
		}
		for i := range b.Len() {
			d.between.CopyRow(b.Row(i))
		}
		for _, m := range b.Marks() {
			p, err := decodePosition(m.Position)
			if err != nil {
				return err
			}
			if !earlier(p.File, p.Offset, end.File, end.Offset) {
				d.high = p
				return nil
			}
		}
	}
}

// windowHeartbeat is how soon an idle server says where its log ends.
const windowHeartbeat = 20 * time.Millisecond

// changes hands on what read has found.
func (d *viewDriver) changes(_ context.Context, add func(record.Row)) error {
	for i := range d.between.Len() {
		add(d.between.Row(i))
	}
	d.between = nil
	return nil
}

// stamp appends the metadata of a row that was copied.
func (d *viewDriver) stamp(b *record.Batch) {
	for _, c := range d.schema.Columns[d.schema.Data:] {
		switch c.Name {
		case "_ts":
			now := time.Now()
			b.Timestamp(now.Unix(), uint32(now.Nanosecond()))
		case "_optime":
			b.Timestamp(d.at.Unix(), uint32(d.at.Nanosecond()))
		case "_lsn":
			b.String(appendLSN(nil, d.high.File, d.high.Offset, d.config.OffsetLength))
		case "_snapshot":
			b.Bool(true)
		default:
			b.Null()
		}
	}
}

// Compare implements [handover.Order]: the database is asked, by the columns'
// own collations. A UNION takes these over for a literal.
func (v *views) Compare(ctx context.Context, table record.Name, a, b handover.Key) (by int, err error) {
	columns, err := v.keyOf(ctx, table)
	if err != nil {
		return 0, err
	}
	names := make([]string, len(a))
	for i := range a {
		names[i] = mysqlkit.Dialect.Quote(columns[i].Name)
	}
	side := func(k handover.Key, as string) string {
		values := make([]string, len(k))
		for i, one := range k {
			values[i] = mysqlkit.Dialect.Literal(one)
		}
		return "(SELECT " + strings.Join(names, ", ") + " FROM " + mysqlkit.Dialect.Table(table) + " WHERE 1 = 0 UNION ALL SELECT " + strings.Join(values, ", ") + ") " + as
	}
	row := func(as string) string { return "(" + as + "." + strings.Join(names, ", "+as+".") + ")" }
	sql := "SELECT CASE WHEN " + row("a") + " < " + row("b") + " THEN -1 WHEN " + row("a") + " = " + row("b") + " THEN 0 ELSE 1 END AS c FROM " + side(a, "a") + " CROSS JOIN " + side(b, "b")
	err = v.ask(ctx, func(srv *server) error {
		r, err := srv.conn.Query(ctx, sql)
		if err != nil || len(r.Rows) != 1 {
			return errors.Join(err, errors.New("no answer came"))
		}
		by, err = strconv.Atoi(r.Column(0, "c"))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("comparing keys of table %s: %w", table, err)
	}
	return by, nil
}
