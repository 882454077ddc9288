package pgwal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/kit/pgkit/pgread"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlread"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// views opens views of tables for package handover. A view says by itself which
// transactions it shows, so that nothing is to be known of the log meanwhile:
// low and high are the same.
type views struct {
	*reader
	publication string // "": there is none, and no log either
	beside      bool   // the log is read meanwhile, and waited for
}

var _ handover.Views = (*views)(nil)

// View implements [handover.Views].
func (v *views) View(ctx context.Context, split plugin.Split, after json.RawMessage) (handover.View, error) {
	cs, err := parseChunk(split)
	if err != nil {
		return handover.View{}, err
	}
	d := &viewDriver{views: v, table: cs.Chunk.Table}
	conn, err := d.begin(ctx)
	if err != nil {
		return handover.View{}, fmt.Errorf("opening a view of table %s: %w", cs.Chunk.Table, err)
	}
	d.ready = pgread.NewSession(conn)
	if v.beside {
		if v.viewed != nil {
			v.viewed()
		}
		if err := v.writesOut(ctx); err != nil {
			return handover.View{}, errors.Join(err, conn.Close())
		}
	}
	where := v.config.Start.Where[d.table.Schema+"."+d.table.Table]
	cfg := &sqlkit.ReaderConfig{Connection: []sqlkit.Connection{{}}, Where: both(d.published, where)}
	for _, c := range d.rel.columns {
		cfg.Column = append(cfg.Column, sqlkit.Column{Name: c.name})
	}
	inner, err := sqlread.New(plugin.Env{Log: v.env.Log, Zone: time.UTC}, cfg, d)
	if err != nil {
		return handover.View{}, errors.Join(err, conn.Close())
	}
	src, err := inner.Open(ctx, plugin.Progress{Split: plugin.Split{ID: split.ID, Spec: cs.Read}, Position: after})
	if err != nil {
		return handover.View{}, errors.Join(err, inner.Close(), d.unused())
	}
	return handover.View{Source: &viewSource{src, inner}, Low: d.high, High: d.high, Schema: d.rel.schema, Stamp: d.stamp, Selected: where != ""}, nil
}

// both is the condition that two conditions, "" for none, make.
func both(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return sqlkit.Parenthesised(a) + " AND " + sqlkit.Parenthesised(b)
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
	columns, err := v.keyOf(c.Table)
	if err != nil {
		return nil, err
	}
	values, err := sqlkit.ParsePosition(position, columns)
	return handover.Key(values), err
}

// viewDriver is the driver of package sqlread for one view: its only session is
// the transaction that the view is.
type viewDriver struct {
	*views
	table     record.Name
	rel       *relation
	published string // the condition of the publication
	ready     sqlread.Session
	high      json.RawMessage
	lsn       string
	at        time.Time // when the view was opened, on the server's clock
}

var _ sqlread.Driver = (*viewDriver)(nil)

// Dialect implements [sqlread.Driver].
func (d *viewDriver) Dialect() *sqlkit.Dialect { return pgkit.Dialect }

// Name implements [sqlread.Driver]; the split names the table.
func (d *viewDriver) Name(*sqlkit.Connection, string) (record.Name, error) { return d.table, nil }

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

// begin begins the transaction. It takes the lock that a SELECT takes before
// the snapshot: what rewrites a table, as some ALTERs and TRUNCATE do, would
// show it empty to an older snapshot.
func (d *viewDriver) begin(ctx context.Context) (_ *pgkit.Conn, err error) {
	c, err := pgkit.Dial(ctx, d.config.settings)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	if err := c.Exec(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; LOCK TABLE "+pgkit.Dialect.Table(d.table)+" IN ACCESS SHARE MODE"); err != nil {
		return nil, err
	}
	snapshot, err := currentSnapshot(ctx, c)
	if err != nil {
		return nil, err
	}
	end, err := logEnd(ctx, c)
	if err != nil {
		return nil, err
	}
	if d.high, err = json.Marshal(highJSON{Snapshot: snapshot, At: end.String()}); err != nil {
		return nil, fmt.Errorf("encoding what a snapshot shows: %w", err)
	}
	r, err := c.Query(ctx, "SELECT extract(epoch FROM transaction_timestamp())::numeric(20,6)")
	if err != nil {
		return nil, fmt.Errorf("asking for the server's clock: %w", err)
	}
	seconds, err := time.ParseDuration(r.Text(0, 0) + "s")
	if err != nil {
		return nil, errclass.With(errclass.Permanent, fmt.Errorf("reading the server's clock: %w", err))
	}
	d.lsn, d.at = lsnText(end), time.Unix(0, 0).Add(seconds)
	d.rel, d.published, err = d.define(ctx, c, d.publication, d.table)
	return c, err
}

// snapshotMetas are the metadata columns of a row of a snapshot.
var snapshotMetas = map[string]func(b *record.Batch, d *viewDriver){
	"_ts":       func(b *record.Batch, _ *viewDriver) { appendTime(b, time.Now()) },
	"_optime":   func(b *record.Batch, d *viewDriver) { appendTime(b, d.at) },
	"_lsn":      func(b *record.Batch, d *viewDriver) { b.Text(record.String, d.lsn) },
	"_txid":     func(b *record.Batch, _ *viewDriver) { b.Null() },
	"_snapshot": func(b *record.Batch, _ *viewDriver) { b.Bool(true) },
}

func appendTime(b *record.Batch, t time.Time) { b.Timestamp(t.Unix(), uint32(t.Nanosecond())) }

func (d *viewDriver) stamp(b *record.Batch) {
	for _, c := range d.rel.schema.Columns[d.rel.schema.Data:] {
		snapshotMetas[c.Name](b, d)
	}
}

// Compare implements [handover.Order]: the database is asked, by the columns'
// own types and collations. A UNION takes these over for a literal.
func (v *views) Compare(ctx context.Context, table record.Name, a, b handover.Key) (by int, err error) {
	columns, err := v.keyOf(table)
	if err != nil {
		return 0, err
	}
	names := make([]string, len(a))
	for i := range a {
		names[i] = pgkit.Dialect.Quote(columns[i].Name)
	}
	list := strings.Join(names, ", ")
	side := func(k handover.Key, as string) string {
		values := make([]string, len(k))
		for i, one := range k {
			values[i] = pgkit.Dialect.Text(one.Text)
			if one.Kind == record.Bytes {
				values[i] = pgkit.Dialect.Literal(one)
			}
		}
		return "(SELECT " + list + " FROM " + pgkit.Dialect.Table(table) + " WHERE false UNION ALL SELECT " + strings.Join(values, ", ") + ") " + as + "(" + list + ")"
	}
	row := func(as string) string { return "ROW(" + as + "." + strings.Join(names, ", "+as+".") + ")" }
	sql := "SELECT CASE WHEN " + row("a") + " < " + row("b") + " THEN -1 WHEN " + row("a") + " = " + row("b") + " THEN 0 ELSE 1 END FROM " + side(a, "a") + ", " + side(b, "b")
	err = v.ask(ctx, func(c *pgkit.Conn) error {
		r, err := c.Query(ctx, sql)
		if err == nil {
			by = int(r.Int(0, 0))
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("comparing keys of table %s: %w", table, err)
	}
	return by, nil
}
