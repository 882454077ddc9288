package plugintest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/record"
)

const badID = 1_000_000

func refuse(r record.Row) error {
	if r.Int64(0) == badID {
		return errclass.BadValue("id", errclass.Constraint, "out of range")
	}
	return nil
}

// writerSuite is a suite that holds, but for what change does to the writers.
func writerSuite(whole, buffer bool, change func(w plugin.Writer, s *plugintest.Store) plugin.Writer) plugintest.WriterSuite {
	return plugintest.WriterSuite{
		Open: func(testing.TB) plugintest.Destination {
			s := &plugintest.Store{Refuse: refuse, Whole: whole, Buffer: buffer}
			return plugintest.Destination{
				New:  func(testing.TB) plugin.Writer { return change(s.Writer(), s) },
				Rows: func(testing.TB) [][]string { return s.Rows() },
			}
		},
		Schemas: []*record.Schema{plugintest.AllKinds("t"), plugintest.Kinds("u", record.String)},
		Want:    plugintest.Cells,
		Ordered: true,
		Bad: func(b *record.Batch, s *record.Schema) {
			plugintest.AppendRow(b, s, record.Insert, badID, 0)
		},
		BadConfigs: map[string]func(testing.TB) error{"bad": badConfig},
	}
}

func same(w plugin.Writer, _ *plugintest.Store) plugin.Writer { return w }

func TestWriterSuiteHolds(t *testing.T) {
	t.Run("plain", func(t *testing.T) { plugintest.Writer(t, writerSuite(false, false, same)) })
	t.Run("rollback", func(t *testing.T) { plugintest.Writer(t, writerSuite(true, false, same)) })
	t.Run("flusher", func(t *testing.T) { plugintest.Writer(t, writerSuite(false, true, same)) })
}

// brokenWriter changes what a sink of a memory writer does.
type brokenWriter struct {
	plugin.Writer
	store *plugintest.Store
	write func(ctx context.Context, b *record.Batch, next plugin.Sink) error
	close func(next plugin.Sink) error
}

func (w *brokenWriter) Open(ctx context.Context, task plugin.Task) (plugin.Sink, error) {
	sink, err := w.Writer.Open(ctx, task)
	return &brokenSink{Sink: sink, w: w}, err
}

type brokenSink struct {
	plugin.Sink
	w *brokenWriter
}

func (s *brokenSink) Write(ctx context.Context, b *record.Batch) error {
	if s.w.write == nil {
		return s.Sink.Write(ctx, b)
	}
	return s.w.write(ctx, b, s.Sink)
}

func (s *brokenSink) Close() error {
	if s.w.close == nil {
		return s.Sink.Close()
	}
	return s.w.close(s.Sink)
}

// except passes the rows that keep lets through.
func except(keep func(r record.Row) bool) func(ctx context.Context, b *record.Batch, next plugin.Sink) error {
	return func(ctx context.Context, b *record.Batch, next plugin.Sink) error {
		out := record.NewBatch(1<<20, 1<<30)
		for i := range b.Len() {
			if keep(b.Row(i)) {
				out.CopyRow(b.Row(i))
			}
		}
		return next.Write(ctx, out)
	}
}

func TestWriterSuiteFindsBrokenWriters(t *testing.T) {
	for _, tt := range []struct {
		name, property string
		broken         brokenWriter
	}{
		{"loses a row", "rows", brokenWriter{write: except(func(r record.Row) bool { return r.Int64(0) != 50 })}},
		{"loses a row", "channels", brokenWriter{write: except(func(r record.Row) bool { return r.Int64(0) != 50 })}},
		{"writes twice", "schemas", brokenWriter{write: func(ctx context.Context, b *record.Batch, next plugin.Sink) error {
			return errors.Join(next.Write(ctx, b), next.Write(ctx, b))
		}}},
		{"refuses an empty batch", "empty", brokenWriter{write: func(ctx context.Context, b *record.Batch, next plugin.Sink) error {
			if b.Len() == 0 {
				return errors.New("nothing to write")
			}
			return next.Write(ctx, b)
		}}},
		{"says others are in", "bad", brokenWriter{write: func(ctx context.Context, b *record.Batch, next plugin.Sink) error {
			for i := range b.Len() {
				if refuse(b.Row(i)) != nil {
					return &errclass.Rows{Bad: []errclass.BadRow{{Index: i, Err: errors.New("bad")}}, Written: true}
				}
			}
			return next.Write(ctx, b)
		}}},
		{"says others are not in", "bad", brokenWriter{write: func(ctx context.Context, b *record.Batch, next plugin.Sink) error {
			err := next.Write(ctx, b)
			var rows *errclass.Rows
			if errors.As(err, &rows) {
				rows.Written = false
			}
			return err
		}}},
		{"takes bad rows silently", "bad", brokenWriter{write: except(func(r record.Row) bool { return refuse(r) == nil })}},
		{"reports a permanent error", "bad", brokenWriter{write: func(ctx context.Context, b *record.Batch, next plugin.Sink) error {
			if next.Write(ctx, b) != nil {
				return errors.New("bad")
			}
			return nil
		}}},
		{"writes nulls for absent", "absent", brokenWriter{write: func(ctx context.Context, b *record.Batch, next plugin.Sink) error {
			out := record.NewBatch(0, 0)
			for i := range b.Len() {
				r := b.Row(i)
				out.Begin(r.Schema(), r.Op())
				for c := range r.Schema().Columns {
					if r.Kind(c) == record.Absent {
						out.Null()
					} else {
						out.Copy(r, c)
					}
				}
			}
			return next.Write(ctx, out)
		}}},
		{"writes at Close only", "durable", func() brokenWriter {
			kept := record.NewBatch(1<<20, 1<<30)
			return brokenWriter{
				write: func(_ context.Context, b *record.Batch, _ plugin.Sink) error {
					if b.Len() > 0 && b.Row(0).Int64(0) > 0 {
						kept.Append(b)
					}
					return nil
				},
				close: func(next plugin.Sink) error { return errors.Join(next.Write(context.Background(), kept), next.Close()) },
			}
		}()},
		{"writes again at Close", "close", func() brokenWriter {
			kept := record.NewBatch(1<<20, 1<<30)
			return brokenWriter{
				write: func(ctx context.Context, b *record.Batch, next plugin.Sink) error {
					kept.Append(b)
					return next.Write(ctx, b)
				},
				close: func(next plugin.Sink) error { return errors.Join(next.Write(context.Background(), kept), next.Close()) },
			}
		}()},
		{"keeps the batch", "borrowed", func() brokenWriter {
			var kept *record.Batch // written once the next one has come
			return brokenWriter{
				write: func(ctx context.Context, b *record.Batch, next plugin.Sink) error {
					if b.Len() == 0 || kept == b {
						return next.Write(ctx, b)
					}
					kept = b
					return nil
				},
			}
		}()},
		{"hides cancelling", "cancel", brokenWriter{write: func(ctx context.Context, b *record.Batch, next plugin.Sink) error {
			if next.Write(ctx, b) != nil {
				return errors.New("broken pipe")
			}
			return nil
		}}},
		{"applies no changes", "changes", brokenWriter{}},
	} {
		s := writerSuite(false, false, func(w plugin.Writer, store *plugintest.Store) plugin.Writer {
			b := tt.broken
			b.Writer, b.store = w, store
			return &b
		})
		s.Changes = true
		failures, _ := plugintest.Record(t, func(t testing.TB) { plugintest.CheckWriter(t, s, tt.property) })
		if len(failures) == 0 {
			t.Errorf("a writer that %s passes %q", tt.name, tt.property)
		}
	}
}

func TestFaultyPluginsFailWhereTold(t *testing.T) {
	boom := errors.New("boom")
	r := plugintest.FaultyReader(plugintest.Memory{Table: input()}.Reader(), plugintest.FailAt(plugintest.CallFill, 1, boom))
	readings, err := plugintest.Drain(t.Context(), r, 1, plugintest.Options{Rows: 10})
	if !errors.Is(err, boom) || len(readings) != 1 || len(readings[0].Rows) != 10 {
		t.Errorf("the second Fill was to fail: %d splits, %v", len(readings), err)
	}
	store := &plugintest.Store{}
	w := plugintest.FaultyWriter(store.Writer(), plugintest.LoseAnswer(plugintest.CallWrite, 0, boom))
	sink, err := w.Open(t.Context(), plugin.Task{})
	if err != nil {
		t.Fatal(err)
	}
	if err := sink.Write(t.Context(), input()); !errors.Is(err, boom) || len(store.Rows()) != inputRows {
		t.Errorf("the answer of the first Write was to be lost: %d rows, %v", len(store.Rows()), err)
	}
}
