package plugintest

import (
	"errors"
	"slices"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// The properties of refused rows and of what is durable.

func (s *WriterSuite) bad(t testing.TB) {
	if s.Bad == nil {
		t.Skip("the suite says that the destination refuses no row")
	}
	for _, bad := range [][]int{{0}, {10}, {19}, {0, 1}, {3, 11, 19}} {
		s.badAt(t, bad)
	}
}

// badAt writes twenty rows of which some are refused, looks at what is there,
// and goes on as the engine does.
func (s *WriterSuite) badAt(t testing.TB, bad []int) {
	mixed, good := newBatch(), newBatch()
	for i := range 20 {
		if slices.Contains(bad, i) {
			s.Bad(mixed, s.Schemas[0])
			continue
		}
		s.Fill(mixed, s.Schemas[0], record.Insert, i, 0)
		s.Fill(good, s.Schemas[0], record.Insert, i, 0)
	}
	before, after := s.batch(100, 110), s.batch(200, 210)
	for _, stop := range []bool{true, false} {
		d := s.Open(t)
		p := s.begin(t, d, 1, true, 0, nil)
		p.must("writing good rows first", p.write(t.Context(), before))
		written := s.refused(t, p.write(t.Context(), mixed), bad)
		want := s.want(before)
		if written {
			want = s.want(before, good)
		}
		if !stop {
			if !written {
				p.must("writing again without the bad rows", p.write(t.Context(), good))
			}
			p.must("writing after a refused row", p.write(t.Context(), after))
			want = s.want(before, good, after)
		}
		p.finish(1)
		s.compare(t, "bad rows "+key(indexTexts(bad))+", Written "+map[bool]string{true: "true", false: "false"}[written], d, want)
	}
}

// refused checks the error of a Write of which some rows are bad.
func (s *WriterSuite) refused(t testing.TB, err error, bad []int) (written bool) {
	t.Helper()
	if err == nil {
		t.Fatalf("rows %v are bad, but Write took them", bad)
	}
	if c := errclass.Of(err); c != errclass.Data {
		t.Fatalf("rows %v are bad: an error of class %s, want data: %v", bad, c, err)
	}
	var rows *errclass.Rows
	if !errors.As(err, &rows) {
		return false // it names no row: nothing is written, and the engine halves the batch
	}
	var at []int
	for _, b := range rows.Bad {
		at = append(at, b.Index)
		if b.Err == nil {
			t.Errorf("bad row %d has no error", b.Index)
		}
	}
	if !slices.IsSorted(at) || len(slices.Compact(slices.Clone(at))) != len(at) {
		t.Errorf("bad rows are not ascending: %v", at)
	}
	// A destination that stops at the first bad row names that one alone, and
	// then nothing of the batch may be in.
	if !slices.Equal(at, bad) && (rows.Written || len(at) == 0 || !isSubset(at, bad)) {
		t.Fatalf("rows %v are bad, Write named %v (Written %t)", bad, at, rows.Written)
	}
	return rows.Written
}

func isSubset(some, all []int) bool {
	return !slices.ContainsFunc(some, func(i int) bool { return !slices.Contains(all, i) })
}

func indexTexts(list []int) []string {
	texts := make([]string, len(list))
	for i, n := range list {
		texts[i] = string(rune('0'+n/10)) + string(rune('0'+n%10))
	}
	return texts
}

// durable writes, makes durable, crashes and looks.
func (s *WriterSuite) durable(t testing.TB) {
	d := s.Open(t)
	p := s.begin(t, d, 1, true, 0, nil)
	first, second := s.batch(0, 30), s.batch(30, 60)
	p.must("writing", p.write(t.Context(), first))
	p.must("writing", p.write(t.Context(), second))
	tokens := p.checkpoint(1)
	twoPhase := p.twoPhase()
	p.crash()
	if twoPhase { // visible at the latest when the run has ended well
		s.begin(t, d, 1, false, 1, tokens).finish(2)
	}
	s.compare(t, "written, made durable, then closed without more", d, s.want(first, second))
}

func (s *WriterSuite) close(t testing.TB) {
	d := s.Open(t)
	p := s.begin(t, d, 2, true, 0, nil)
	b := s.batch(0, 30)
	p.must("writing", p.write(t.Context(), b)) // the other sink writes nothing
	_, flusher := p.sinks[0].(plugin.Flusher)
	twoPhase := p.twoPhase()
	p.crash()
	switch {
	case twoPhase:
		s.begin(t, d, 1, false, 0, nil).finish(1)
		s.compare(t, "closed without Prepare", d, nil)
	case flusher:
		s.atMost(t, d, s.want(b))
	default:
		s.compare(t, "closed after Write, which alone makes durable", d, s.want(b))
	}
}

func (s *WriterSuite) commit(t testing.TB) {
	d := s.Open(t)
	p := s.begin(t, d, 2, true, 0, nil)
	s.skipOnePhase(t, p)
	first, second := s.batch(0, 30), s.batch(30, 60)
	p.must("writing", p.write(t.Context(), first))
	p.must("writing", p.sinks[1].Write(t.Context(), second))
	tokens := p.prepare(1)
	if len(tokens) == 0 {
		t.Fatal("Prepare gave no token although rows were written")
	}
	p.crash() // the checkpoint is stored, the commit's answer unknown

	p = s.begin(t, d, 2, false, 1, tokens)
	p.commit(1, tokens) // again
	p.must("discarding again", p.w.(plugin.Committer).Discard(t.Context(), 1, tokens))
	third := s.batch(60, 70)
	p.must("writing after a resume", p.write(t.Context(), third))
	p.finish(2)
	if diff := Same(s.want(first, second, third), d.Rows(t)); diff != "" {
		t.Errorf("prepared, crashed, committed by another process, twice: %s", diff)
	}
}

func (s *WriterSuite) discard(t testing.TB) {
	d := s.Open(t)
	p := s.begin(t, d, 1, true, 0, nil)
	s.skipOnePhase(t, p)
	kept, lost, again := s.batch(0, 30), s.batch(30, 60), s.batch(100, 130)
	p.must("writing", p.write(t.Context(), kept))
	tokens := p.checkpoint(1)
	p.must("writing", p.write(t.Context(), lost))
	p.prepare(2) // never stored
	p.crash()

	p = s.begin(t, d, 1, false, 1, tokens)
	p.must("writing after a discard", p.write(t.Context(), again))
	p.finish(2)
	s.compare(t, "prepared in an epoch that was never stored, discarded", d, s.want(kept, again))

	p = s.begin(t, s.Open(t), 1, true, 0, nil) // nothing prepared at all is no error
	if tokens := p.prepare(1); len(tokens) > 0 {
		t.Errorf("Prepare gave %d tokens although nothing was written", len(tokens))
	}
	p.commit(1, nil)
}

func (s *WriterSuite) skipOnePhase(t testing.TB, p *session) {
	t.Helper()
	_, committer := p.w.(plugin.Committer)
	if committer != p.twoPhase() {
		t.Fatalf("a Committer's sinks are Preparers and the other way round: committer %t, preparer %t", committer, p.twoPhase())
	}
	if !committer {
		t.Skip("the writer has no two-phase commit")
	}
}
