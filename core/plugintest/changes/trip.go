package changes

import (
	"slices"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/record"
)

// Message is one message of a format.
type Message struct {
	Key, Value []byte // nil: none
	Headers    []changefmt.Header
}

// Now is when encoders of tests write.
var Now = time.UnixMilli(1_700_000_000_123).UTC()

// Topic is where the messages of tests go.
const Topic = "changes"

// Encode returns the messages of a batch's changes. Keys are the primary key.
func Encode(t testing.TB, e changefmt.Encoder, b *record.Batch) (all []Message) {
	t.Helper()
	e.Begin(Now)
	for i := 0; i < b.Len(); {
		ev, n := changefmt.At(b, i, e.Grouping())
		r := ev.Row()
		if up, ok := e.(changefmt.Upserter); ok && up.Upserts() && ev.Op == record.UpdateBefore {
			i += n
			continue
		}
		if g, ok := e.(changefmt.Registrar); ok {
			if err := g.Register(t.Context(), Topic, r.Schema(), r.Schema().Key); err != nil {
				t.Fatal(err)
			}
		}
		key, ok, err := e.AppendKey(nil, r, r.Schema().Key)
		if err != nil {
			t.Fatalf("row %d: key: %v", i, err)
		}
		if _, keyless := e.(changefmt.Keyless); keyless || !ok {
			key = nil
		}
		if up, ok := e.(changefmt.Upserter); ok && up.Upserts() && ev.Op == record.Delete {
			all = append(all, Message{Key: key})
			i += n
			continue
		}
		value, err := e.AppendValue(nil, ev)
		if err != nil {
			t.Fatalf("row %d: %v", i, err)
		}
		m := Message{Key: key, Value: value}
		if headed, ok := e.(changefmt.Headed); ok {
			for _, h := range headed.AppendHeaders(nil, ev) {
				m.Headers = append(m.Headers, changefmt.Header{Name: h.Name, Value: slices.Clone(h.Value)})
			}
		}
		all = append(all, m)
		i += n
	}
	return all
}

// Trip is a batch's way through a format and back.
type Trip struct {
	Encoder changefmt.Encoder
	Decoder changefmt.Decoder
	// Want spells a cell as it is to come back; nil: its kind and text.
	Want func(r record.Row, c int) string
	// Lone says that an update comes back without the row before it.
	Lone bool
	// Unlinked says that an update of the key comes back as two changes.
	Unlinked bool
}

// Spell is a cell's kind and text.
func Spell(r record.Row, c int) string {
	k := r.Kind(c)
	if k <= record.Null {
		return k.String()
	}
	return k.String() + " " + string(r.AppendText(nil, c))
}

// Run encodes and decodes the changes of b and fails unless they come back as
// Want says. It returns what came back.
func (tr Trip) Run(t *testing.T, b *record.Batch) *record.Batch {
	t.Helper()
	want := tr.Want
	if want == nil {
		want = Spell
	}
	back := record.NewBatch(1<<20, 1<<30)
	back.Reset("0")
	for i, m := range Encode(t, tr.Encoder, b) {
		before := back.Len()
		change, err := tr.Decoder.Decode(t.Context(), &changefmt.Message{Topic: Topic, Key: m.Key, Value: m.Value, Headers: m.Headers, Offset: int64(i)}, back)
		if err != nil || change != nil {
			t.Fatalf("message %d: %v %v\n%s", i, change, err, m.Value)
		}
		if back.Len() > before && back.Row(before).Schema().Data == 0 {
			t.Fatalf("message %d gave rows without columns", i)
		}
	}
	at := 0
	for i := range b.Len() {
		r := b.Row(i)
		if r.Op() == record.UpdateBefore && tr.Lone {
			continue
		}
		if at >= back.Len() {
			t.Fatalf("%d rows came back, row %d (%s) did not", back.Len(), i, r.Op())
		}
		tr.same(t, r, back.Row(at), want)
		at++
	}
	if at != back.Len() {
		t.Errorf("%d rows came back, want %d", back.Len(), at)
	}
	return back
}

func (tr Trip) same(t *testing.T, r, got record.Row, want func(r record.Row, c int) string) {
	t.Helper()
	if got.Op() != r.Op() || got.Linked() != r.Linked() && !tr.Lone && !tr.Unlinked {
		t.Fatalf("row %d came back as %s (linked %t), want %s (%t)", r.Index(), got.Op(), got.Linked(), r.Op(), r.Linked())
	}
	s := r.Schema()
	for c := range s.Columns[:s.Data] {
		back := got.Schema().Index(s.Columns[c].Name)
		spelled := "absent"
		if back >= 0 {
			spelled = Spell(got, back)
		}
		if w := want(r, c); spelled != w {
			t.Errorf("row %d (%s), column %s came back as %.300s, want %.300s", r.Index(), r.Op(), s.Columns[c].Name, spelled, w)
		}
	}
	if key := got.Schema().Key; len(key) != 1 || got.Schema().Columns[key[0]].Name != "id" {
		t.Fatalf("row %d: key columns %v", r.Index(), key)
	}
}

// Broken feeds a decoder with messages that are none, and with the pieces of a
// good one: each is a data error or gives rows, and none leaves a part of a row.
func Broken(t *testing.T, d changefmt.Decoder, good []byte, bad ...string) {
	t.Helper()
	b := record.NewBatch(1<<20, 1<<30)
	for _, text := range append(bad, "", "{", "null", "[]", "5", `"text"`, "{}", "\xff\xfe", `{"a":1}`) {
		n := b.Len()
		_, err := d.Decode(t.Context(), &changefmt.Message{Value: []byte(text)}, b)
		if errclass.Of(err) != errclass.Data {
			t.Errorf("%.80q: got %v (%v), want a data error", text, err, errclass.Of(err))
		}
		if b.Len() != n {
			t.Errorf("%.80q left %d rows", text, b.Len()-n)
		}
	}
	for i := range good {
		n := b.Len()
		if _, err := d.Decode(t.Context(), &changefmt.Message{Value: good[:i]}, b); err == nil || b.Len() != n {
			t.Fatalf("the first %d bytes of a message gave %d rows and %v", i, b.Len()-n, err)
		}
	}
	if change, err := d.Decode(t.Context(), &changefmt.Message{}, b); change != nil || err != nil {
		t.Errorf("a null value gave %v, %v", change, err)
	}
	if _, err := d.Decode(t.Context(), &changefmt.Message{Value: good}, b); err != nil {
		t.Errorf("the whole message: %v", err)
	}
}
