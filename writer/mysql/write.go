package mysql

import (
	"context"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
)

// mostUnanswered is how many commands are sent before their answers are read:
// more might fill the buffers of the network.
const mostUnanswered = 1024

// set is the rows of one command.
type set struct{ from, rows int }

// Write implements [sqlwrite.Session].
func (s *session) Write(ctx context.Context, f *sqlwrite.Form, r sqlwrite.Rows) (found int64, err error) {
	if r.Len() == 0 {
		return 0, nil
	}
	how, err := s.form(ctx, f)
	if err != nil {
		return 0, err
	}
	s.at = s.at[:0]
	for _, i := range how.order {
		s.at = append(s.at, r.Columns[i])
	}
	done := false
	if how.load != "" {
		done, err = s.tryLoad(ctx, how, &r)
	}
	if !done && err == nil {
		found, err = s.execute(ctx, how, &r)
	}
	s.saved = false
	switch {
	case err != nil:
		return 0, err
	case !how.finds():
		return int64(r.Len()), nil // each row is in, whichever it took the place of
	}
	return found, nil
}

// execute sends the rows in sets and reads the answers.
func (s *session) execute(ctx context.Context, f *form, r *sqlwrite.Rows) (found int64, err error) {
	s.sent = s.sent[:0]
	if s.due != "" {
		if err := s.begin(ctx); err != nil {
			return 0, err
		}
		s.sent = append(s.sent, set{})
	}
	for from := 0; from < r.Len(); {
		n := s.setSize(f, r, from)
		if f.prepared[place(n)] == nil || len(s.sent) >= mostUnanswered {
			// The answer to a preparation must not be mixed with others.
			more, err := s.answers(ctx, f, r)
			if err != nil {
				return 0, err
			}
			found += more
		}
		p, err := s.statement(ctx, f, n)
		if err != nil {
			return 0, err
		}
		if refused := s.pipe.Execute(ctx, p, f.encoder, r, from, s.at, s.limit); refused != nil {
			return 0, s.refused(ctx, f, r, refused)
		}
		s.sent = append(s.sent, set{from, n})
		from += n
	}
	more, err := s.answers(ctx, f, r)
	return found + more, err
}

// refused names all rows that cannot be sent, once those before them are
// answered; what the server says of these is of no use any more.
func (s *session) refused(ctx context.Context, f *form, r *sqlwrite.Rows, err error) error {
	if !mysqlkit.Refusal(err) {
		return s.note(err)
	}
	if _, end := s.answers(ctx, f, r); mysqlkit.Broken(end) {
		return end
	}
	return s.allRefused(f, r, err)
}

// allRefused names the rows that cannot be sent; err is why the first cannot.
func (s *session) allRefused(f *form, r *sqlwrite.Rows, err error) error {
	if all := f.encoder.Refused(r, s.at, s.limit); all != nil {
		return all
	}
	return err
}

func place(size int) int {
	for i := range sizes {
		if sizes[i] == size {
			return i
		}
	}
	panic("mysql: no statement takes that many rows")
}

// setSize is how many rows the next command takes: at most half a packet,
// unless one row alone is larger.
func (s *session) setSize(f *form, r *sqlwrite.Rows, from int) int {
	left := r.Len() - from
	if f.oneByOne {
		return 1
	}
	overhead := cellOverhead * len(f.order)
	checked := r.Batch.Size()+left*overhead <= s.limit/2
	for _, size := range sizes {
		if size > left || size*len(f.order) > mostParameters {
			continue
		}
		if checked || size == 1 || s.fits(r, from, size, overhead) {
			return size
		}
	}
	return 1
}

// cellOverhead is more than a value takes beside what the batch counts for it.
const cellOverhead = 16

func (s *session) fits(r *sqlwrite.Rows, from, rows, overhead int) bool {
	total := 0
	for i := range rows {
		if total += r.Row(from+i).Size() + overhead; total > s.limit/2 {
			return false
		}
	}
	return true
}

// answers reads all answers that are to come. The first error counts: those
// behind it may be its consequence.
func (s *session) answers(ctx context.Context, f *form, r *sqlwrite.Rows) (found int64, err error) {
	end := s.pipe.Answers(ctx, func(n int, answer mysqlkit.Answer, refused error) {
		found += int64(answer.Affected)
		if err == nil && refused != nil {
			err = blame(refused, f, s.sent[n], r)
		}
	})
	s.sent = s.sent[:0]
	if end != nil {
		return 0, s.note(end)
	}
	return found, err
}

// blame finds the row that the server refuses, if it says so.
func blame(err error, f *form, of set, r *sqlwrite.Rows) error {
	if errclass.Of(err) != errclass.Data {
		return err
	}
	bad := mysqlkit.BadRow(err)
	switch {
	case of.rows == 1:
		bad.Index = of.from
	case bad.Index >= 0 && bad.Index < of.rows:
		bad.Index += of.from
	default:
		bad.Index = duplicated(err, f, of, r)
	}
	if bad.Index < 0 {
		return err
	}
	return &errclass.Rows{Bad: []errclass.BadRow{bad}}
}
