package pump_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/checkpoint"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/pump"
	"github.com/datasync-io/datasync/core/record"
)

// picky is a source of numbered rows in large batches and a destination that
// takes all of a batch or none: it names the first bad row, or, of those that
// end in 7, none.
type picky struct {
	schema *record.Schema
	rows   int
	next   int
	got    []int64
}

func (p *picky) Close() error                { return nil }
func (p *picky) Batch(int) (rows, bytes int) { return 8 * record.TargetRows, 8 * record.TargetBytes }

func (p *picky) Open(context.Context, plugin.Task) (plugin.Sink, error) { return pickySink{p}, nil }

type pickyReader struct{ *picky }

func (p pickyReader) Open(context.Context, plugin.Progress) (plugin.Source, error) {
	return pickySource(p), nil
}

type pickySource struct{ *picky }

func (p pickySource) Fill(_ context.Context, b *record.Batch) error {
	for !b.Full() {
		if p.next == p.rows {
			return io.EOF
		}
		b.Begin(p.schema, record.Insert)
		b.String(fmt.Appendf(nil, "row %d", p.next))
		b.Int64(int64(p.next))
		p.next++
	}
	b.Mark(position, time.Time{})
	return nil
}

func (p *picky) bad(n int64) bool { return n%1009 == 0 || n%4999 == 7 }

type pickySink struct{ *picky }

func (p pickySink) Write(_ context.Context, b *record.Batch) error {
	taken := len(p.got)
	for i := range b.Len() {
		n := b.Row(i).Int64(1)
		if text := string(b.Row(i).Bytes(0)); text != fmt.Sprintf("row %d", n) {
			return fmt.Errorf("row %d is %q", n, text)
		}
		if !p.bad(n) {
			p.got = append(p.got, n)
			continue
		}
		p.got = p.got[:taken]
		why := errclass.With(errclass.Data, errors.New("not this one"))
		if n%10 == 7 {
			return why
		}
		return &errclass.Rows{Bad: []errclass.BadRow{errclass.AsBadRow(i, why)}}
	}
	return nil
}

// What is written again after a refusal is each row once, in order, whatever
// memory it is gathered in.
func TestRefusedRowsOfLargeBatches(t *testing.T) {
	p := &picky{rows: 60_000, schema: record.NewSchema(record.Name{Table: "t"},
		[]record.Column{{Name: "s", Kind: record.String}, {Name: "n", Kind: record.Int64}}, 0)}
	plan := []plugin.Progress{{Split: plugin.Split{ID: "0"}}}
	queue := pump.NewQueue(plan, nil)
	tracker := checkpoint.NewTracker(checkpoint.Counts{}, nil, queue.Done)
	tracker.Add(plan)
	refused := &bin{rows: map[string]map[int64]bool{}}
	c := pump.Config{Reader: pickyReader{p}, Writer: p, Sources: 1, Sinks: 1,
		Splits: queue, Tracker: tracker, Budget: pump.NewBudget(pump.DefaultBudget), Dirty: refused, Meter: &tally{},
		Log: slog.New(slog.DiscardHandler), Retry: pump.DefaultRetry(), FlushInterval: time.Second, Poison: true}
	if err := pump.New(c).Run(t.Context(), t.Context()); err != nil {
		t.Fatal(err)
	}
	var want []int64
	for n := range int64(p.rows) {
		if !p.bad(n) {
			want = append(want, n)
		} else if !refused.rows[fmt.Sprintf("row %d", n)][n] {
			t.Errorf("row %d is not among the dirty ones", n)
		}
	}
	if !slices.Equal(p.got, want) {
		t.Errorf("%d rows are written, want %d, or others", len(p.got), len(want))
	}
	if _, _, counts := tracker.Snapshot(); counts.Written != int64(len(want)) || counts.Errors() != int64(p.rows-len(want)) {
		t.Errorf("counted %+v, want %d written and %d refused", counts, len(want), p.rows-len(want))
	}
}
