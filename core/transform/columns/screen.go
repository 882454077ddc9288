package columns

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// Screen is a policy for one channel: one goroutine at a time may use it.
type Screen struct {
	policy *Policy
	works  map[*record.Schema]*work
	schema *record.Schema // of the row before
	work   *work          // for it
	text   []byte         // scratch: a value's text
	other  []byte         // scratch: another one's
}

// work is a plan with what one channel needs for it.
type work struct {
	plan      *plan
	digesters []*digester // by column
}

// NewScreen returns the policy for one channel.
func (p *Policy) NewScreen() *Screen { return &Screen{policy: p, works: map[*record.Schema]*work{}} }

// Apply appends to out what the rows of in become, one for each, and what is
// told of input that is no row. It is false, and out as it was, where all of in
// may be seen as it is. Its error is that of [Policy.Schema].
func (s *Screen) Apply(in, out *record.Batch) (bool, error) {
	hidden := len(in.Rejects()) > 0
	for _, schema := range in.Schemas() {
		w, err := s.of(schema)
		if err != nil {
			return false, err
		}
		hidden = hidden || w.plan.steps != nil
	}
	if !hidden {
		return false, nil
	}
	rejects := in.Rejects()
	for i := 0; i < in.Len(); i++ {
		for len(rejects) > 0 && rejects[0].Row <= i {
			reject(out, &rejects[0])
			rejects = rejects[1:]
		}
		r := in.Row(i)
		w, err := s.of(r.Schema())
		if err != nil {
			return false, err
		}
		switch {
		case w.plan.steps == nil:
			out.CopyRow(r)
		case len(w.plan.keys) > 0 && s.moves(w, in, i):
			s.row(w, out, r, record.Row{}, record.Delete)
			i++
			s.row(w, out, in.Row(i), r, record.Insert)
			out.Link()
		default:
			s.row(w, out, r, record.Row{}, r.Op())
			if r.Linked() {
				out.Link()
			}
		}
	}
	for i := range rejects {
		reject(out, &rejects[i])
	}
	return true, nil
}

func (s *Screen) of(schema *record.Schema) (*work, error) {
	if schema == s.schema {
		return s.work, nil
	}
	w := s.works[schema]
	if w == nil {
		pl := s.policy.plan(schema)
		if pl.err != nil {
			return nil, pl.err
		}
		w = &work{plan: pl, digesters: make([]*digester, len(schema.Columns))}
		for c, a := range pl.steps {
			if a != nil && a.do == digest {
				w.digesters[c] = newDigester(a)
			}
		}
		if len(s.works) >= maxPlans {
			clear(s.works)
		}
		s.works[schema] = w
	}
	s.schema, s.work = schema, w
	return w, nil
}

// row appends what becomes of r; fill stands in for what r does not say.
func (s *Screen) row(w *work, out *record.Batch, r, fill record.Row, op record.Op) {
	out.Begin(w.plan.out, op)
	for c, a := range w.plan.steps {
		from := r
		if fill.Valid() && r.Kind(c) == record.Absent {
			from = fill
		}
		switch {
		case a == nil:
			out.Copy(from, c)
		case a.do == leaveOut:
		case from.Kind(c) == record.Null:
			out.Null()
		case from.Kind(c) == record.Absent:
			out.Absent()
		case a.do == digest:
			buf := out.Buffer()
			out.Take(record.String, w.digesters[c].appendDigest(buf, s.value(from, c)))
		default:
			var text []byte
			if a.do != fixed {
				text = s.value(from, c)
			}
			if from.Kind(c) == record.Bytes && a.do != fixed {
				s.other = hex.AppendEncode(s.other[:0], text)
				text = s.other
			}
			out.Take(record.String, a.appendText(out.Buffer(), text))
		}
	}
}

// value is the text of a value, or its bytes; borrowed until the next call.
func (s *Screen) value(r record.Row, c int) []byte {
	if v := r.Bytes(c); v != nil && r.Kind(c) != record.Interval {
		return v
	}
	s.text = r.AppendText(s.text[:0], c)
	return s.text
}

// moves tells that row i and the next are an update of a key that the source
// takes for the same (it may compare without regard to case): digests differ.
func (s *Screen) moves(w *work, in *record.Batch, i int) bool {
	r := in.Row(i)
	if r.Op() != record.UpdateBefore || i+1 == in.Len() {
		return false
	}
	next := in.Row(i + 1)
	if next.Op() != record.UpdateAfter || next.Schema() != r.Schema() {
		return false
	}
	for _, c := range w.plan.keys {
		s.other = append(s.other[:0], s.value(r, c)...)
		if next.Kind(c) != record.Absent && !bytes.Equal(s.other, s.value(next, c)) {
			return true
		}
	}
	return false
}

// reject hands on that there was input that is no row, and where; what it held
// cannot be told apart from what is hidden.
func reject(out *record.Batch, r *record.Reject) {
	place := ""
	var v *errclass.Value
	if errors.As(r.Err, &v) {
		place, _ = strings.CutSuffix(r.Err.Error(), v.Error())
	} else {
		v = &errclass.Value{Reason: errclass.Other}
	}
	out.Reject([]byte(withheld), errclass.BadValue(v.Column, v.Reason, "%s%s", place, withheld))
}

const withheld = "the input is not shown, as the job has tableColumns"
