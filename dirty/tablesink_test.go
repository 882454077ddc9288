package dirty_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
	"github.com/datasync-io/datasync/dirty"
)

// table is a writer that keeps rows as texts, once flushed, and fails as told.
type table struct {
	mu             sync.Mutex // over rows
	rows           []string   // dirty_data|error_message|field_name
	opens, closes  int
	batches        []int
	openErr        error
	fail           func(b *record.Batch) error // of a write; may be nil
	shaped, closed bool
}

func (w *table) Shape(_ context.Context, s []*record.Schema) error {
	w.shaped = len(s) == 1
	return nil
}

func (w *table) Open(context.Context, plugin.Task) (plugin.Sink, error) {
	w.opens++
	return &tableSink{w: w}, w.openErr
}

func (w *table) in() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.rows)
}

func (w *table) Close() error { w.closed = true; return nil }

type tableSink struct {
	w    *table
	kept []string
}

func (s *tableSink) Write(_ context.Context, b *record.Batch) error {
	if s.w.fail != nil {
		if err := s.w.fail(b); err != nil {
			return err
		}
	}
	s.w.batches = append(s.w.batches, b.Len())
	for i := range b.Len() {
		r := b.Row(i)
		s.kept = append(s.kept, fmt.Sprintf("%s|%s|%s", r.Bytes(3), r.Bytes(4), r.AppendText(nil, 5)))
	}
	return nil
}

func (s *tableSink) Flush(context.Context) error {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	s.w.rows, s.kept = append(s.w.rows, s.kept...), nil
	return nil
}

func (s *tableSink) Close() error { s.w.closes++; return nil }

// again tries three times.
func again(_ context.Context, f func() error) error {
	err := f()
	for range 2 {
		if err == nil || errclass.Of(err) != errclass.Transient {
			return err
		}
		err = f()
	}
	return err
}

func tableSettings(w *table, rows int) dirty.TableSettings {
	return dirty.TableSettings{Writer: w, Schema: dirty.TableSchema("bad"), Job: "job-0", ID: "1f", Reader: "r", Operator: "w", Rows: rows, Wait: time.Second, Retry: again}
}

func refusal(id uint64, text string) *dirty.Refusal {
	return &dirty.Refusal{Time: time.Unix(5, 1_999), Row: userRow(id, text), Column: "name", Text: "too long"}
}

func put(t *testing.T, s dirty.Sink, from, n int) (lost int64) {
	t.Helper()
	for i := range n {
		if err := s.Put(t.Context(), refusal(uint64(from+i), "x")); err != nil {
			var l *dirty.Lost
			if !errors.As(err, &l) {
				t.Fatal(err)
			}
			lost += l.Rows
		}
	}
	return lost
}

func opened(t *testing.T, s dirty.TableSettings) *dirty.TableSink {
	t.Helper()
	sink, err := dirty.OpenTable(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return sink
}

func closed(t *testing.T, s dirty.Sink) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestTableSinkBatches writes when there are enough rows, when one has waited,
// and when it is told to.
func TestTableSinkBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &table{}
		s := opened(t, tableSettings(w, 4))
		put(t, s, 0, 5)
		if w.in() != 4 || !w.shaped {
			t.Errorf("%d rows of five are in", w.in())
		}
		<-time.After(990 * time.Millisecond)
		synctest.Wait()
		if w.in() != 4 {
			t.Errorf("%d rows are in before their time", w.in())
		}
		<-time.After(20 * time.Millisecond)
		synctest.Wait()
		if w.in() != 5 {
			t.Errorf("%d rows are in after their time", w.in())
		}
		put(t, s, 5, 2)
		if err := s.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		if w.in() != 7 || !reflect.DeepEqual(w.batches, []int{4, 1, 2}) {
			t.Errorf("%d rows in batches of %v", w.in(), w.batches)
		}
		put(t, s, 7, 1)
		closed(t, s) // after a Flush, by contract: the row is given up
		<-time.After(time.Minute)
		if w.in() != 7 || w.closes != w.opens || w.closed {
			t.Errorf("%d rows, %d opens, %d closes, writer closed %v", w.in(), w.opens, w.closes, w.closed)
		}
	})
}

func TestTableSinkColumns(t *testing.T) {
	var got [][]string
	w := &table{fail: func(b *record.Batch) error {
		for i := range b.Len() {
			var row []string
			for c := range b.Row(i).Schema().Columns {
				row = append(row, string(b.Row(i).AppendText(nil, c)))
			}
			got = append(got, row)
		}
		return nil
	}}
	s := opened(t, tableSettings(w, 100))
	long := strings.Repeat("ä", 70000)
	for _, r := range []*dirty.Refusal{refusal(7, "a\x00b"), {Time: time.Unix(0, 0), Raw: []byte("1,2\n"), Text: "not\x00 a \xffrow"}, {Row: userRow(1, long), Text: long, Column: long}} {
		if err := s.Put(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	closed(t, s)
	want := [][]string{
		{"1f", "job-0", "w", `{"id":"7","name":"a\u0000b"}`, "too long", "name", "1970-01-01 00:00:05.000001Z"},
		{"1f", "job-0", "r", `"1,2\n"`, "not a ?row", "", "1970-01-01 00:00:00.000000Z"},
	}
	if !reflect.DeepEqual(got[:2], want) {
		t.Errorf("got  %q\nwant %q", got[:2], want)
	}
	for c, most := range map[int]int{3: 16383, 4: 16383, 5: 255} {
		if n := len([]rune(got[2][c])); n != most || !strings.HasSuffix(got[2][c], "ä...") {
			t.Errorf("column %d has %d characters, want %d", c, n, most)
		}
	}
}

// TestTableSinkRefusals loses the rows that the table refuses, and no others.
func TestTableSinkRefusals(t *testing.T) {
	is := func(r record.Row) bool { return strings.Contains(string(r.Bytes(3)), `"id":"3"`) }
	at := func(b *record.Batch) (bad []errclass.BadRow) {
		for i := range b.Len() {
			if is(b.Row(i)) {
				bad = append(bad, errclass.BadRow{Index: i, Err: errBad})
			}
		}
		return bad
	}
	for name, fail := range map[string]func(b *record.Batch) error{
		"named": func(b *record.Batch) error {
			if bad := at(b); bad != nil {
				return &errclass.Rows{Bad: bad}
			}
			return nil
		},
		"unnamed": func(b *record.Batch) error {
			if at(b) != nil {
				return errclass.With(errclass.Data, errBad)
			}
			return nil
		},
	} {
		w := &table{fail: fail}
		s := opened(t, tableSettings(w, 10))
		if lost := put(t, s, 0, 10); lost != 1 || w.in() != 9 || w.opens != 1 {
			t.Errorf("%s: %d rows are lost and %d in, %d opens", name, lost, w.in(), w.opens)
		}
		closed(t, s)
	}
}

// TestTableSinkThatBreaks opens another one, and counts what does not get in.
func TestTableSinkThatBreaks(t *testing.T) {
	n := 0
	w := &table{fail: func(*record.Batch) error {
		n++
		switch {
		case n <= 2:
			return errclass.With(errclass.Transient, errors.New("reset"))
		case n == 4:
			return errors.New("no such table")
		}
		return nil
	}}
	s := opened(t, tableSettings(w, 10))
	if lost := put(t, s, 0, 10); lost != 0 || w.in() != 10 || w.opens != 3 || w.closes != 2 {
		t.Errorf("after two resets %d rows are lost and %d in, %d opens, %d closes", lost, w.in(), w.opens, w.closes)
	}
	if lost := put(t, s, 10, 10); lost != 10 || w.in() != 10 {
		t.Errorf("without a table %d rows are lost and %d in", lost, w.in())
	}
	w.openErr = errors.New("no server")
	if lost := put(t, s, 20, 10); lost != 10 {
		t.Errorf("without a server %d rows are lost", lost)
	}
	w.openErr = nil
	if lost := put(t, s, 30, 10); lost != 0 || w.in() != 20 {
		t.Errorf("when it is back %d rows are lost and %d in", lost, w.in())
	}
	closed(t, s)
}

// TestLostRowsCountOneByOne counts rows, not batches, against what may fail.
func TestLostRowsCountOneByOne(t *testing.T) {
	for _, tt := range []struct {
		failures int64
		ok       bool
	}{{9, false}, {10, true}, {-1, true}} {
		w := &table{}
		s := settings(dirty.Limit{Rows: -1, Percent: -1}, 10, opened(t, tableSettings(w, 10)))
		s.Failures = tt.failures
		c := dirty.New(s)
		w.fail = func(*record.Batch) error { return errors.New("no such table") }
		var err error
		for i := range 10 {
			err = errors.Join(err, c.Reject(t.Context(), userRow(uint64(i), "a"), nil, errBad))
		}
		if (err == nil) != tt.ok || c.Failures() != 10 {
			t.Errorf("%d failures allowed: %v, %d counted", tt.failures, err, c.Failures())
		}
		const want = "keeping dirty rows: 10 of them: no such table"
		if err != nil && err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
		if err := c.Close(); err != nil {
			t.Errorf("%d failures allowed: closing: %v", tt.failures, err)
		}
	}
}
