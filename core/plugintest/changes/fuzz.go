package changes

import (
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/record"
)

// Fuzz feeds decoders with messages that begin as those of an encoder: whatever
// comes is rows, a change, nothing, or a data error that leaves no rows.
func Fuzz(f *testing.F, e changefmt.Encoder, newDecoder func() changefmt.Decoder) {
	for _, m := range Encode(f, e, Users(e.Meta()...)) {
		f.Add(m.Key, m.Value)
	}
	if text, key, ok := e.AppendChange(nil, Altered()); ok {
		f.Add([]byte(nil), text[max(key, 0):])
	}
	f.Fuzz(func(t *testing.T, key, value []byte) {
		b := record.NewBatch(1<<20, 1<<30)
		d := newDecoder()
		for range 2 { // the second time with what the first one has learnt
			n := b.Len()
			if _, err := d.Decode(t.Context(), &changefmt.Message{Topic: Topic, Key: key, Value: value}, b); err != nil {
				if errclass.Of(err) != errclass.Data {
					t.Fatalf("%v (%v)", err, errclass.Of(err))
				}
				if b.Len() != n {
					t.Fatalf("an error left %d rows: %v", b.Len()-n, err)
				}
			}
		}
		for i := range b.Len() {
			Spell(b.Row(i), 0)
		}
		b.Begin(Schema(), record.Insert) // panics after a row that is not complete
	})
}
