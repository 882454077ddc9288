package dirty

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// Longest texts that are written, in characters: a TEXT of MySQL, as ChunJun
// makes the table, has room for the longer ones.
const (
	longText  = 65535 / utf8.UTFMax
	shortText = 255
	idText    = 32
)

// TableSchema is the table's, with ChunJun's columns.
func TableSchema(table string) *record.Schema {
	text := func(name string, length int, nullable bool) record.Column {
		c := record.Column{Name: name, Kind: record.String, Length: length, Nullable: nullable}
		if length == longText {
			c.Native = "text"
		}
		return c
	}
	return record.NewSchema(record.Name{Table: table}, []record.Column{
		text("job_id", idText, false), text("job_name", shortText, false), text("operator_name", shortText, false),
		text("dirty_data", longText, false), text("error_message", longText, true), text("field_name", shortText, true),
		{Name: "create_time", Kind: record.Timestamp, Native: "timestamp", Scale: 6},
	})
}

// TableSettings are what a [TableSink] needs.
type TableSettings struct {
	Writer   plugin.Writer // of the table; to be closed after the sink
	Schema   *record.Schema
	Job, ID  string        // job_name and job_id
	Reader   string        // operator_name of input that is no row
	Operator string        // operator_name of rows
	Rows     int           // so many are written at once
	Wait     time.Duration // of a row for others, at most
	// Retry does f again after an error that may pass, for a while.
	Retry func(ctx context.Context, f func() error) error
}

// TableSink writes dirty rows into a table, in batches: when there are enough,
// when the first has waited long enough, and at Flush. Rows arrive at least once.
type TableSink struct {
	s      TableSettings
	cancel context.CancelFunc // ends what the timer does
	ctx    context.Context

	mu      sync.Mutex
	sink    plugin.Sink // nil after an error
	batch   *record.Batch
	timer   *time.Timer    // since the first row of the batch; nil: there is none
	running sync.WaitGroup // the timer, until it is stopped or its function has ended
	lost    *Lost          // not reported yet
}

// Lost is the error of a sink that rows did not get into.
type Lost struct {
	Rows int64
	Err  error
}

func (e *Lost) Error() string { return fmt.Sprintf("%d of them: %v", e.Rows, e.Err) }
func (e *Lost) Unwrap() error { return e.Err }

// OpenTable opens the table, and makes it if it is missing and the writer may.
func OpenTable(ctx context.Context, s TableSettings) (*TableSink, error) {
	t := &TableSink{s: s, batch: record.NewBatch(s.Rows, 0)}
	if shaper, ok := s.Writer.(plugin.Shaper); ok {
		if err := shaper.Shape(ctx, []*record.Schema{s.Schema}); err != nil {
			return nil, fmt.Errorf("opening the table for dirty rows: %w", err)
		}
	}
	if err := t.open(ctx); err != nil {
		return nil, fmt.Errorf("opening the table for dirty rows: %w", err)
	}
	t.ctx, t.cancel = context.WithCancel(context.Background())
	return t, nil
}

// open opens a sink; t.mu is held, or nobody else knows t.
func (t *TableSink) open(ctx context.Context) (err error) {
	t.sink, err = t.s.Writer.Open(ctx, plugin.Task{Job: t.s.Job, Of: 1})
	return err
}

// Put implements [Sink].
func (t *TableSink) Put(ctx context.Context, r *Refusal) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.add(r)
	if t.batch.Len() >= t.s.Rows || t.batch.Full() {
		return t.write(ctx)
	}
	if t.timer == nil {
		t.running.Add(1)
		t.timer = time.AfterFunc(t.s.Wait, t.due)
	}
	return t.report()
}

// stop ends the timer; t.mu is held.
func (t *TableSink) stop() {
	if t.timer != nil && t.timer.Stop() {
		t.running.Done()
	}
	t.timer = nil
}

// add appends a refusal to the batch.
func (t *TableSink) add(r *Refusal) {
	b := t.batch
	b.Begin(t.s.Schema, record.Insert)
	text := func(s string, most int) { b.String([]byte(shorten(s, most))) }
	text(t.s.ID, idText)
	text(t.s.Job, shortText)
	if r.HasRow() {
		text(t.s.Operator, shortText)
		text(string(values(nil, r.Row)), longText)
	} else {
		text(t.s.Reader, shortText)
		text(string(encodeText(r.Raw)), longText)
	}
	text(r.Text, longText)
	if r.Column == "" {
		b.Null()
	} else {
		text(r.Column, shortText)
	}
	b.Timestamp(r.Time.Unix(), uint32(r.Time.Nanosecond()/1000*1000))
}

// shorten keeps as many characters as there is room for, of those that every
// system takes.
func shorten(s string, most int) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "?")
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	const cut = "..."
	n := 0
	for i := range s {
		if n == most-len(cut) {
			return s[:i] + cut
		}
		n++
	}
	return s
}

// due is called when the first row of the batch has waited long enough; what it
// cannot write is reported later. A batch that was begun meanwhile is written early.
func (t *TableSink) due() {
	defer t.running.Done()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ctx.Err() == nil {
		t.clear(t.ctx)
	}
}

// report returns once what could not be written; t.mu is held.
func (t *TableSink) report() error {
	if t.lost == nil {
		return nil
	}
	lost := t.lost
	t.lost = nil
	return lost
}

// write writes the batch; t.mu is held. Its error is a *[Lost].
func (t *TableSink) write(ctx context.Context) error {
	t.clear(ctx)
	return t.report()
}

// clear writes the batch, which is empty afterwards in any case; t.mu is held.
func (t *TableSink) clear(ctx context.Context) {
	t.stop()
	rows, err := t.deliver(ctx, t.batch)
	t.batch.Reset("")
	if rows == 0 {
		return
	}
	if t.lost != nil {
		rows += t.lost.Rows
	}
	t.lost = &Lost{Rows: rows, Err: err}
}

// deliver writes the rows of b, again without those that the table refuses, and
// returns how many are not in, and why.
func (t *TableSink) deliver(ctx context.Context, b *record.Batch) (lost int64, err error) {
	if b.Len() == 0 {
		return 0, nil
	}
	err = t.s.Retry(ctx, func() error { return t.once(ctx, b) })
	var refused *errclass.Rows
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &refused) && len(refused.Bad) > 0:
		lost = int64(len(refused.Bad))
		if refused.Written {
			return lost, refused.Bad[0].Err
		}
		more, why := t.deliver(ctx, part(b, func(i int) bool {
			return !refusedAt(refused, i)
		}))
		if why == nil {
			why = refused.Bad[0].Err
		}
		return lost + more, why
	case errclass.Of(err) == errclass.Data && b.Len() > 1:
		half := b.Len() / 2
		first, err := t.deliver(ctx, part(b, func(i int) bool { return i < half }))
		second, why := t.deliver(ctx, part(b, func(i int) bool { return i >= half }))
		if err == nil {
			err = why
		}
		return first + second, err
	}
	return int64(b.Len()), err
}

func refusedAt(refused *errclass.Rows, i int) bool {
	for _, bad := range refused.Bad {
		if bad.Index == i {
			return true
		}
	}
	return false
}

func part(b *record.Batch, wanted func(i int) bool) *record.Batch {
	some := record.NewBatch(0, 0)
	for i := range b.Len() {
		if wanted(i) {
			some.CopyRow(b.Row(i))
		}
	}
	return some
}

// once writes b and makes it durable. A sink that is finished by an error is
// closed, the next call opens another.
func (t *TableSink) once(ctx context.Context, b *record.Batch) error {
	if t.sink == nil {
		if err := t.open(ctx); err != nil {
			return err
		}
	}
	err := t.sink.Write(ctx, b)
	if err != nil && errclass.Of(err) == errclass.Data {
		return err
	}
	if f, ok := t.sink.(plugin.Flusher); ok && err == nil {
		err = f.Flush(ctx)
	}
	if err != nil {
		_ = t.sink.Close() // it has failed already
		t.sink = nil
	}
	return err
}

// Flush implements [Sink]: what was put is in the table.
func (t *TableSink) Flush(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.write(ctx)
}

// Close implements [Sink].
func (t *TableSink) Close() error {
	t.cancel()
	t.mu.Lock()
	t.stop()
	t.mu.Unlock()
	t.running.Wait()
	if t.sink == nil {
		return nil
	}
	if err := t.sink.Close(); err != nil {
		return fmt.Errorf("closing the table for dirty rows: %w", err)
	}
	return nil
}
