package stream

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/record"
)

func replaceCount(count string) string { return strings.ReplaceAll(everyType, "%COUNT%", count) }

// rowsOf generates the rows of a configuration row by row, without batches.
func rowsOf(t testing.TB, config string) (rows [][]string) {
	t.Helper()
	r := plugintest.NewReader(t, Info(), config).(*reader)
	s := newSource(r, spec{V: 1, Of: 1, Rows: r.config.SliceRecordCount.of(0), Seed: r.seed}, 0)
	for !s.ended() {
		b := record.NewBatch(1, 0)
		s.row(b)
		rows = append(rows, plugintest.Cells(b.Row(0)))
	}
	return rows
}

func TestCountsByChannel(t *testing.T) {
	for _, tt := range []struct {
		counts  string
		rows    []int64
		endless []bool
	}{
		{`["100", 7]`, []int64{100, 7, 0}, []bool{false, false, true}},
		{`["0", 7, 1]`, []int64{0, 7, 1}, []bool{true, false, false}},
		{`"12"`, []int64{12, 12, 12}, []bool{false, false, false}},
		{`[]`, []int64{0, 0, 0}, []bool{true, true, true}},
		{`[1, 2, 3, 4]`, []int64{1, 2, 3}, []bool{false, false, false}},
	} {
		r := plugintest.NewReader(t, Info(), `{"column":["a"],"sliceRecordCount":`+tt.counts+`}`)
		splits, err := r.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: 3})
		if err != nil || len(splits) != 3 {
			t.Fatalf("%s: %d splits, %v", tt.counts, len(splits), err)
		}
		for i, s := range splits {
			var sp spec
			if err := json.Unmarshal(s.Spec, &sp); err != nil || sp.Rows != tt.rows[i] || s.Endless != tt.endless[i] {
				t.Errorf("%s: split %d is %+v, endless %v, %v", tt.counts, i, sp, s.Endless, err)
			}
		}
	}
}

func TestIdsAreDealtByTurns(t *testing.T) {
	r := plugintest.NewReader(t, Info(), `{"column":[{"name":"id","type":"id"}],"sliceRecordCount":5}`)
	readings, err := plugintest.Drain(t.Context(), r, 3, plugintest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, g := range readings {
		for _, row := range g.Rows {
			seen[row[0]] = true
		}
	}
	if len(seen) != 15 || !seen["int64 1"] || !seen["int64 15"] {
		t.Errorf("ids are not 1 to 15: %v", seen)
	}
}

func TestSeedDecides(t *testing.T) {
	a, b := rowsOf(t, replaceCount("5")), rowsOf(t, replaceCount("5"))
	if plugintest.SameOrder(a, b) != "" {
		t.Error("the same seed gave other rows")
	}
	c := rowsOf(t, strings.Replace(replaceCount("5"), `"seed": 7`, `"seed": 8`, 1))
	if slices.Equal(a[0], c[0]) {
		t.Error("another seed gave the same row")
	}
	without := strings.Replace(replaceCount("5"), `, "seed": 7`, "", 1)
	if slices.Equal(rowsOf(t, without)[0], rowsOf(t, without)[0]) {
		t.Error("two runs without a seed gave the same row")
	}
}

func TestConstantsAreTyped(t *testing.T) {
	rows := rowsOf(t, `{"column":[{"name":"a","type":"decimal(5,2)","value":"1.50"},{"name":"b","type":"date","value":"03/02/2024","format":"dd/MM/yyyy"},
		{"name":"c","value":"x"},{"name":"d","type":"int","value":5},{"name":"e","type":"boolean","value":true}],"sliceRecordCount":2}`)
	want := []string{"decimal 1.50", "date 2024-02-03", "string x", "int64 5", "bool true"}
	if !slices.Equal(rows[1], want) {
		t.Errorf("got %q, want %q", rows[1], want)
	}
}

func TestEndlessSplitsNeedTheirChannels(t *testing.T) {
	r := plugintest.NewReader(t, Info(), `{"column":["a"]}`)
	splits, err := r.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: 2})
	if err != nil {
		t.Fatal(err)
	}
	stored := []plugin.Progress{{Split: splits[0]}, {Split: splits[1]}}
	if _, err := r.(plugin.Resumer).Resume(t.Context(), 1, stored); errclass.Of(err) != errclass.Config {
		t.Errorf("two endless splits in one channel: %v", err)
	}
	stored[0].Done = true
	if _, err := r.(plugin.Resumer).Resume(t.Context(), 1, stored); err != nil {
		t.Errorf("one endless split in one channel: %v", err)
	}
}

// TestPermits runs on a fake clock: the rate is exact, and Fill gives what it
// has instead of waiting for a full batch.
func TestPermits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := plugintest.NewReader(t, Info(), `{"column":["a"],"sliceRecordCount":[1000],"permitsPerSecond":500}`)
		splits, err := r.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: 1})
		if err != nil {
			t.Fatal(err)
		}
		src, err := r.Open(t.Context(), plugin.Progress{Split: splits[0]})
		if err != nil {
			t.Fatal(err)
		}
		begin, rows, most := time.Now(), 0, 0
		for {
			b := record.NewBatch(0, 0)
			err := src.Fill(t.Context(), b)
			rows, most = rows+b.Len(), max(most, b.Len())
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(begin); rows != 1000 || took < 1990*time.Millisecond || took > 2010*time.Millisecond {
			t.Errorf("%d rows in %v, want 1000 in 2 s", rows, took)
		}
		if most > 10 {
			t.Errorf("a batch had %d rows: Fill waited for more", most)
		}
	})
}

func TestCancelWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := plugintest.NewReader(t, Info(), `{"column":["a"],"permitsPerSecond":0.001}`)
		splits, err := r.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: 1})
		if err != nil {
			t.Fatal(err)
		}
		src, err := r.Open(t.Context(), plugin.Progress{Split: splits[0]})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- src.Fill(ctx, record.NewBatch(0, 0)) }()
		synctest.Wait()
		cancel()
		if err := <-done; errclass.Of(err) != errclass.Canceled {
			t.Errorf("a cancelled wait gave %v", err)
		}
	})
}

func BenchmarkTwoInts(b *testing.B) {
	r := plugintest.NewReader(b, Info(), `{"column":[{"name":"a","type":"id"},{"name":"b","type":"bigint"}]}`).(*reader)
	benchmark(b, r)
}

func BenchmarkTenColumns(b *testing.B) {
	r := plugintest.NewReader(b, Info(), `{"column":[{"name":"a","type":"id"},{"name":"b","type":"int"},{"name":"c","type":"string"},
		{"name":"d","type":"decimal(12,2)"},{"name":"e","type":"timestamp"},{"name":"f","type":"date"},{"name":"g","type":"string"},
		{"name":"h","type":"double"},{"name":"i","type":"boolean"},{"name":"j","value":"constant"}]}`).(*reader)
	benchmark(b, r)
}

func benchmark(b *testing.B, r *reader) {
	b.ReportAllocs()
	s := newSource(r, spec{V: 1, Of: 1, Seed: 1}, 0)
	batch := record.NewBatch(0, 0)
	for rows := 0; rows < b.N; rows += batch.Len() {
		batch.Reset("0")
		if err := s.Fill(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
}

func TestRows(t *testing.T) {
	for parameters, want := range map[string]int64{
		`{"column":["id"],"sliceRecordCount":[7,5]}`: 12,
		`{"column":["id"],"sliceRecordCount":["7"]}`: 0, // the second channel never ends
	} {
		r := plugintest.NewReader(t, Info(), parameters)
		splits, err := plugintest.Plan(t.Context(), r, plugin.Plan{Channels: 2})
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.(plugin.Sizer).Rows(t.Context(), splits)
		if err != nil || got != want {
			t.Errorf("%s: %d rows, %v; want %d", parameters, got, err, want)
		}
	}
}
