package pgwal

import (
	"encoding/json"
	"fmt"

	"github.com/datasync-io/datasync/core/kit/pgkit"
)

// within is a place inside of a transaction: which one that is, and how many of
// its changes stand before. Changes are counted as pgoutput sends them, a
// TRUNCATE of several tables as one, and come in the same order each time.
type within struct {
	Commit lsn   `json:"commit"`
	Skip   int64 `json:"skip"`
	Last   lsn   `json:"last"` // where the last of them is: they are still the same
}

// place is what a position says.
type place struct {
	at       pgkit.LSN // everything before it has been handed on
	within   within    // zero: nothing after it has been
	timeline uint32    // that the log was read on; 0: it was not, or nobody has noted it
}

func placeOf(at pgkit.LSN, w *within) place {
	if w == nil {
		return place{at: at}
	}
	return place{at: at, within: *w}
}

// versionWithin is the version of positions inside of a transaction: whoever
// does not know of these must not go on from its begin.
const versionWithin = 2

func (p place) encode() ([]byte, error) {
	out := position{V: version, At: p.at.String(), Timeline: p.timeline}
	if p.within != (within{}) {
		out.V, out.Within = versionWithin, &p.within
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("encoding a position: %w", err)
	}
	return raw, nil
}

// lsn is a place in the log that JSON has as a text.
type lsn pgkit.LSN

// MarshalText implements [encoding.TextMarshaler].
func (l lsn) MarshalText() ([]byte, error) { return []byte(pgkit.LSN(l).String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (l *lsn) UnmarshalText(text []byte) error {
	at, err := pgkit.ParseLSN(string(text))
	*l = lsn(at)
	return err
}

// here is the place where the stream is.
func (s *source) here() place {
	if s.tx.open && s.tx.seen > s.tx.skip {
		return place{s.at, within{Commit: lsn(s.tx.end), Skip: s.tx.seen, Last: lsn(s.tx.last)}, s.timeline}
	}
	return place{s.at, s.within, s.timeline}
}

// begin takes note of a transaction whose changes follow.
func (s *source) begin(tx transaction) error {
	s.tx = tx
	s.tx.open = true
	switch w := s.within; {
	case w == (within{}) || tx.end < pgkit.LSN(w.Commit):
	case tx.end == pgkit.LSN(w.Commit):
		s.tx.skip = w.Skip
	default:
		return lost("the transaction that was committed at %s, of which a part has been handed on, does not come again", pgkit.LSN(w.Commit))
	}
	s.tx.early = s.reader.early.of(s.tx.end)
	for _, c := range s.tx.early {
		if err := s.goesBefore(c, s.here(), nil); err != nil {
			return err
		}
	}
	if s.passed(); s.filter != nil {
		if s.copier != nil {
			s.filter.Anew(s.copier.State().Anew)
		}
		s.filter.Begin(s.tx.id)
	}
	if s.copier != nil {
		s.copier.Begin(s.tx.id)
	}
	return nil
}

// commit takes note of a transaction's end, which is a position.
func (s *source) commit(end pgkit.LSN) error {
	switch {
	case s.tx.seen < s.tx.skip:
		return lost("the transaction that was committed at %s has %d changes, and %d of it have been handed on", s.tx.end, s.tx.seen, s.tx.skip)
	case s.tx.skip > 0:
		s.within = within{}
	}
	if s.tx.early != nil {
		s.reader.early.forget(s.tx.end)
	}
	s.came.add(s.tx.id)
	s.reader.gauges.committed(s.tx.at, end)
	s.at, s.when, s.tx = end, s.tx.at, transaction{}
	return nil
}

// counts takes note of a change of the open transaction, and tells whether it
// is to be handed on.
func (s *source) counts(at pgkit.LSN) (bool, error) {
	tx := &s.tx
	if tx.skip == 0 && s.within != (within{}) {
		return false, lost("a change at %s, in the transaction that was committed at %s, stands before what has been handed on", at, tx.end)
	}
	tx.seen++
	tx.last = at
	if tx.seen == tx.skip && at != pgkit.LSN(s.within.Last) {
		return false, lost("change %d of the transaction that was committed at %s is at %s, and was at %s when it was handed on", tx.skip, tx.end, at, pgkit.LSN(s.within.Last))
	}
	return tx.seen > tx.skip, nil
}

// passing tells that what comes was handed on before the stream began.
func (s *source) passing() bool { return s.tx.seen < s.tx.skip }
