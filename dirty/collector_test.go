package dirty_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
	"github.com/datasync-io/datasync/dirty"
)

var users = record.NewSchema(record.Name{Database: "shop", Table: "users"}, []record.Column{
	{Name: "id", Kind: record.Uint64}, {Name: "name", Kind: record.String},
}, 0)

func userRow(id uint64, name string) record.Row {
	b := record.NewBatch(0, 0)
	b.Begin(users, record.Insert)
	b.Uint64(id)
	b.String([]byte(name))
	return b.Row(0)
}

// sink notes the order of calls; it fails while broken.
type sink struct {
	calls  []string
	broken error
}

func (s *sink) Put(_ context.Context, r *dirty.Refusal) error {
	s.calls = append(s.calls, fmt.Sprintf("put %s %s %s", r.Reason, r.Column, r.Text))
	return s.broken
}

func (s *sink) Flush(context.Context) error {
	s.calls = append(s.calls, "flush")
	return s.broken
}

func (s *sink) Close() error {
	s.calls = append(s.calls, "close")
	return nil
}

func settings(limit dirty.Limit, read int64, sinks ...dirty.Sink) dirty.Settings {
	return dirty.Settings{
		Limit: limit, Read: func() int64 { return read }, Sinks: sinks,
		Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return time.Unix(1, 5) },
	}
}

var errBad = errors.New("bad")

func TestLimit(t *testing.T) {
	for _, tt := range []struct {
		name    string
		limit   dirty.Limit
		read    int64
		allowed int // rows that may be rejected; -1: any number
		end     string
	}{
		{"none allowed", dirty.Limit{Rows: 0, Percent: 0}, 1e6, 0, ""},
		{"unlimited", dirty.Limit{Rows: -1, Percent: -1}, 10, -1, ""},
		{"rows", dirty.Limit{Rows: 3, Percent: -1}, 10, 3, ""},
		{"share", dirty.Limit{Rows: -1, Percent: 0.5}, 1000, 5, ""},
		{"share of few rows waits for the end", dirty.Limit{Rows: -1, Percent: 0.5}, 999, -1, "too many dirty rows: 20 of 999 rows (2 %), and errorLimit.percentage allows 0.5 %"},
		{"share at the end", dirty.Limit{Rows: -1, Percent: 50}, 40, -1, ""},
		{"all rows are bad", dirty.Limit{Rows: -1, Percent: 99}, 0, -1, "too many dirty rows: 20 of 20 rows (100 %), and errorLimit.percentage allows 99 %"},
		{"both, rows bind", dirty.Limit{Rows: 2, Percent: 50}, 2000, 2, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &sink{}
			c := dirty.New(settings(tt.limit, tt.read, s))
			for i := 1; i <= 20; i++ {
				err := c.Reject(t.Context(), userRow(1, "a"), nil, errBad)
				passed := tt.allowed >= 0 && i > tt.allowed
				if passed != errors.Is(err, dirty.ErrLimit) || !passed && err != nil {
					t.Fatalf("row %d: %v", i, err)
				}
				if len(s.calls) != i {
					t.Fatalf("row %d: the row that passes the limit is not kept", i)
				}
				if passed {
					if errclass.Of(err) != errclass.Permanent {
						t.Errorf("class %v", errclass.Of(err))
					}
					return
				}
			}
			err := c.End()
			if tt.end == "" && err != nil || tt.end != "" && (err == nil || err.Error() != tt.end || !errors.Is(err, dirty.ErrLimit)) {
				t.Errorf("at the end: %v, want %s", err, tt.end)
			}
		})
	}
}

func TestNoDirtyRowsIsNoError(t *testing.T) {
	if err := dirty.New(settings(dirty.Limit{}, 0)).End(); err != nil {
		t.Error(err)
	}
}

func TestReasonsAndText(t *testing.T) {
	s := &sink{}
	c := dirty.New(settings(dirty.Limit{Rows: 3}, 10, s))
	for _, why := range []error{
		errclass.BadValue("age", errclass.Overflow, "300 does not fit"),
		fmt.Errorf("writing: %w", &errclass.Value{Reason: errclass.Duplicate, Err: errors.New("the key is taken")}),
		errors.New("login with password=hush failed"),
	} {
		if err := c.Reject(t.Context(), userRow(1, "a"), nil, why); err != nil {
			t.Fatal(err)
		}
	}
	want := "put overflow age 300 does not fit|put duplicate  the key is taken|put other  login with password=****** failed"
	if got := strings.Join(s.calls, "|"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	err := c.Reject(t.Context(), record.Row{}, []byte("x"), errclass.BadValue("age", errclass.Null, "missing"))
	const text = `too many dirty rows: 4, and errorLimit.record allows 3; the last one: input that is no row, column "age": missing (null)`
	if err == nil || err.Error() != text {
		t.Errorf("got %v", err)
	}
	if r := c.Reasons(); r[errclass.Overflow] != 1 || r[errclass.Duplicate] != 1 || r[errclass.Other] != 1 || r[errclass.Null] != 1 {
		t.Errorf("reasons %v", r)
	}
}

func TestSecretsOfTheJobAreHidden(t *testing.T) {
	s := &sink{}
	set := settings(dirty.Limit{Rows: 0}, 0, s)
	set.Mask = func(text string) string { return strings.ReplaceAll(text, "hush", "******") }
	err := dirty.New(set).Reject(t.Context(), userRow(1, "a"), nil, errors.New("hush is denied"))
	if strings.Join(s.calls, "|") != "put other  ****** is denied" || err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("got %q, %v", s.calls, err)
	}
}

func TestRestoredAndTakenBackRowsCount(t *testing.T) {
	s := settings(dirty.Limit{Rows: 10, Percent: -1}, 0)
	s.Restored = 9
	c := dirty.New(s)
	for range 5 { // the same row, over and over
		if err := c.Reject(t.Context(), userRow(1, "a"), nil, errBad); err != nil {
			t.Fatal(err)
		}
		c.TakeBack(1)
	}
	if c.Rows() != 9 {
		t.Errorf("%d rows", c.Rows())
	}
	if err := c.Reject(t.Context(), userRow(1, "a"), nil, errBad); err != nil {
		t.Error(err)
	}
	if err := c.Reject(t.Context(), userRow(2, "a"), nil, errBad); !errors.Is(err, dirty.ErrLimit) {
		t.Errorf("got %v", err)
	}
}

func TestFailingSink(t *testing.T) {
	disk := errors.New("no space left")
	s := &sink{broken: disk}
	c := dirty.New(settings(dirty.Limit{Rows: -1, Percent: -1}, 0, s))
	if err := c.Reject(t.Context(), userRow(1, "a"), nil, errBad); !errors.Is(err, disk) || errors.Is(err, dirty.ErrLimit) || errclass.Of(err) != errclass.Permanent {
		t.Errorf("put: %v", err)
	}
	if err := c.Flush(t.Context()); !errors.Is(err, disk) {
		t.Errorf("flush: %v", err)
	}
	tolerant := settings(dirty.Limit{Rows: -1, Percent: -1}, 0, s)
	tolerant.Failures = 2
	c = dirty.New(tolerant)
	for i := range 3 {
		if err := c.Reject(t.Context(), userRow(1, "a"), nil, errBad); (err != nil) != (i == 2) {
			t.Errorf("failure %d: %v", i+1, err)
		}
	}
}

func TestConcurrentRejects(t *testing.T) {
	s := &sink{}
	c := dirty.New(settings(dirty.Limit{Rows: -1, Percent: -1}, 0, s))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 100 {
				if err := c.Reject(t.Context(), userRow(1, "a"), nil, errBad); err != nil {
					t.Error(err)
				}
				if i%10 == 0 {
					if err := c.Flush(t.Context()); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if c.Rows() != 800 || len(s.calls) != 800+80+2 || s.calls[len(s.calls)-1] != "close" {
		t.Errorf("%d rows, %d calls", c.Rows(), len(s.calls))
	}
}

func TestLogSink(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	c := dirty.New(settings(dirty.Limit{Rows: -1, Percent: -1}, 0, dirty.NewLogSink(log, 2), dirty.NewLogSink(log, 0)))
	for i := range 4 {
		if err := c.Reject(t.Context(), userRow(uint64(i), "zoë"), nil, errclass.BadValue("name", errclass.Encoding, "no latin1")); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Reject(t.Context(), record.Row{}, bytes.Repeat([]byte("é"), 5000), errBad); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines: %s", len(lines), out.String())
	}
	const want = `level=WARN msg="dirty row" class=conversion reason=encoding error="no latin1" column=name table=shop.users op=insert row="{\"id\":\"2\",\"name\":\"zoë\"}" printEvery=2`
	if lines[1] != want {
		t.Errorf("got  %s\nwant %s", lines[1], want)
	}
	if len(lines[2]) > 3000 || !strings.Contains(lines[2], "é...") {
		t.Errorf("a long input is not cut: %d bytes", len(lines[2]))
	}
}
