package pump

import (
	"bytes"
	"hash/maphash"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// dealer cuts the batches of a change stream into a part per sink, so that all
// changes of a key go to one sink, in order (I4). Rows without a key go by
// their table. It is for one goroutine.
type dealer struct {
	seed  maphash.Seed
	parts []*parcel // by sink; nil: no rows for it
	text  []byte
}

// deals tells that the batches of a split are to be cut: it is a stream of
// changes, and neither positions nor prepared rows bind it to one sink.
func (l *lane) deals(split plugin.Split) bool {
	if l.sinks == 1 || !split.Endless && !split.Ordered || l.c.Ledger != nil {
		return false
	}
	_, commits := l.c.Writer.(plugin.Committer)
	return !commits
}

// deal moves the rows of b into parts; input that is no row goes with the
// first. Without rows there is one part all the same.
func (d *dealer) deal(l *lane, b *record.Batch) (parts []*parcel) {
	if d.parts == nil {
		d.seed, d.parts = maphash.MakeSeed(), make([]*parcel, l.sinks)
	}
	clear(d.parts)
	sink := 0
	for i := range b.Len() {
		r := b.Row(i)
		if i == 0 || b.Row(i-1).Op() != record.UpdateBefore { // a pair travels together
			sink = d.sink(r)
		}
		p := d.part(l, sink, b)
		p.batch.CopyRow(r)
		if r.Linked() && d.sink(b.Row(i-1)) != sink {
			p.batch.Unlink()
		}
	}
	if len(b.Rejects()) > 0 || b.Len() == 0 {
		first := d.part(l, 0, b)
		for _, reject := range b.Rejects() {
			first.batch.Reject(reject.Raw, reject.Err)
		}
	}
	for _, p := range d.parts {
		if p != nil {
			p.batch.Inherit(b)
			p.memory = p.batch.Memory()
			l.c.Budget.Adjust(0, p.memory)
			parts = append(parts, p)
		}
	}
	return parts
}

func (d *dealer) part(l *lane, sink int, b *record.Batch) *parcel {
	if d.parts[sink] == nil {
		p := l.take()
		p.batch.Reset(b.Split())
		p.sink = sink
		d.parts[sink] = p
	}
	return d.parts[sink]
}

// sink is where the changes of a row's key go. Texts that a destination may
// take for the same key have one sink: many compare without regard to case,
// accents and spaces at the end.
func (d *dealer) sink(r record.Row) int {
	s := r.Schema()
	d.text = append(d.text[:0], s.Name.Schema...)
	d.text = append(append(d.text, 0), s.Name.Table...)
	for _, c := range s.Key {
		d.text = append(d.text, 0)
		switch k := r.Kind(c); {
		case k == record.String:
			d.text = appendFolded(d.text, r.Bytes(c))
		case k > record.Null:
			d.text = r.AppendText(d.text, c)
		}
	}
	return int(maphash.Bytes(d.seed, d.text) % uint64(len(d.parts)))
}

// appendFolded appends what is left of a text without case, accents, forms of
// letters and spaces at its end.
func appendFolded(dst, text []byte) []byte {
	text = bytes.TrimRight(text, " ")
	if bytes.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) {
		text = cases.Fold().Bytes(norm.NFKD.Bytes(text))
		text = norm.NFKD.Bytes(text)
	}
	for _, r := range string(text) { // copies nothing
		switch {
		case r >= 'A' && r <= 'Z':
			dst = append(dst, byte(r)+'a'-'A')
		case !unicode.Is(unicode.Mn, r):
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}
