package handover_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// asked orders texts and counts the questions.
type asked int

func (n *asked) Compare(_ context.Context, _ record.Name, a, b handover.Key) (int, error) {
	*n++
	return strings.Compare(a[0].Text, b[0].Text), nil
}

// TestSkipAsksOnce has a table that was read in many views: of a row it is asked
// only on which side of one key it is, that before which the views show the
// transaction not.
func TestSkipAsksOnce(t *testing.T) {
	name := record.Name{Table: "t"}
	schema := record.NewSchema(name, []record.Column{{Name: "k", Kind: record.String}}, 0)
	key := func(n int) handover.Key {
		return handover.Key{sqlkit.Value{Kind: record.String, Text: fmt.Sprintf("%03d", n)}}
	}
	var segments []handover.Segment
	for n := range 10 { // of keys to n0, as of n
		s := handover.Segment{Chunk: handover.Chunk{Table: name}, Through: key(n * 10), High: json.RawMessage(strconv.Itoa(n))}
		if n > 0 {
			s.After = key(n*10 - 10)
		}
		if n == 9 {
			s.Through = nil
		}
		segments = append(segments, s)
	}
	var order asked
	f, err := handover.NewFilter(segments, func(raw json.RawMessage) (int, error) { return strconv.Atoi(string(raw)) },
		func(high, tx int) bool { return tx <= high }, &order)
	if err != nil {
		t.Fatal(err)
	}
	b := record.NewBatch(0, 0)
	for tx := range 12 {
		f.Begin(tx)
		for k := range 110 {
			b.Reset("")
			b.Begin(schema, record.Insert)
			b.Text(record.String, key(k)[0].Text)
			order = 0
			skip, err := f.Skip(t.Context(), b.Row(0))
			if want := tx <= min((k+9)/10, 9); skip != want || err != nil {
				t.Fatalf("transaction %d, key %d: %v, %v", tx, k, skip, err)
			}
			if order > 1 {
				t.Fatalf("transaction %d, key %d: %d questions", tx, k, order)
			}
			order = 0
			if again, err := f.Skip(t.Context(), b.Row(0)); again != skip || err != nil || order > 0 {
				t.Fatalf("transaction %d, key %d: asked again, %v, %v", tx, k, again, err)
			}
		}
	}
}

// TestAnew has a table part of which was never copied: its changes are left out
// until a signal has the whole table copied.
func TestAnew(t *testing.T) {
	name := record.Name{Table: "t"}
	schema := record.NewSchema(name, []record.Column{{Name: "k", Kind: record.String}}, 0)
	key := handover.Key{sqlkit.Value{Kind: record.String, Text: "m"}}
	segments := []handover.Segment{{Chunk: handover.Chunk{Table: name}, Through: key, High: json.RawMessage("5")}, {Chunk: handover.Chunk{Table: name}, After: key}}
	var order asked
	f, err := handover.NewFilter(segments, func(raw json.RawMessage) (int, error) { return strconv.Atoi(string(raw)) },
		func(high, tx int) bool { return tx <= high }, &order)
	if err != nil {
		t.Fatal(err)
	}
	b := record.NewBatch(0, 0)
	skipped := func(tx int, k string) bool {
		t.Helper()
		f.Begin(tx)
		b.Reset("")
		b.Begin(schema, record.Insert)
		b.Text(record.String, k)
		skip, err := f.Skip(t.Context(), b.Row(0))
		if err != nil {
			t.Fatal(err)
		}
		return skip
	}
	if !skipped(4, "a") || skipped(6, "a") || !skipped(6, "z") || !f.Pass(func(high int) bool { return high < 9 }) {
		t.Error("what is still to be copied is not left out")
	}
	f.Anew([]record.Name{{Table: "other"}, name})
	if !skipped(4, "a") || skipped(6, "a") || skipped(6, "z") {
		t.Error("changes of what was copied anew are left out")
	}
	if f.Pass(func(high int) bool { return high < 9 }) {
		t.Error("the filter is not done with the table")
	}
}
