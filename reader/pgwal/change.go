package pgwal

import (
	"context"
	"fmt"
	"slices"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/record"
)

// handChange hands a schema change on, after the mark before it. That mark keeps
// the definitions before the change, so that a stream that begins there again
// finds it again. Of several changes at one place the first has the mark: what a
// writer makes of one is not durable while that can come again.
func (s *source) handChange(b *record.Batch) error {
	p := s.changes[0]
	s.changes = s.changes[1:]
	b.Change(p.change)
	if s.altered == p.at && b.Len()+len(b.Rejects()) == 0 {
		return nil
	}
	s.altered = p.at
	return s.markAt(b, p.at, p.state)
}

// message takes a message of pgoutput in.
func (s *source) message(ctx context.Context, b *record.Batch, l pgkit.LogMessage) error {
	if len(l.Data) == 0 {
		return malformed("the server has sent an empty piece of its log")
	}
	kind := l.Data[0]
	m := &message{p: l.Data[1:]}
	if done, err := s.streamed(kind, m, l.At); done || err != nil {
		return err
	}
	switch kind {
	case 'B':
		tx := transaction{end: m.lsn(), at: pgkit.Moment(m.int64()), id: m.uint32()}
		if err := m.err(kind); err != nil {
			return err
		}
		return s.begin(tx)
	case 'C':
		m.int8()
		m.lsn() // of the commit
		end := m.lsn()
		if err := m.err(kind); err != nil {
			return err
		}
		return s.commit(end)
	}
	return s.change(ctx, b, kind, m, l.At)
}

// change takes a message of pgoutput in that is part of a transaction.
func (s *source) change(ctx context.Context, b *record.Batch, kind byte, m *message, at pgkit.LSN) error {
	switch kind {
	case 'R':
		return s.relation(ctx, m, at)
	case 'I', 'U', 'D', 'T':
	default: // types, origins, messages
		return nil
	}
	before := s.here()
	if wanted, err := s.counts(at); !wanted || err != nil {
		return err
	}
	if kind == 'T' {
		return s.truncate(m, at, before)
	}
	return s.row(ctx, b, kind, m, at)
}

// relation takes the definition of a table in.
func (s *source) relation(ctx context.Context, m *message, at pgkit.LSN) error {
	was, is, err := s.tables.add(ctx, s.lookup, m, s.passing())
	if was == nil || err != nil {
		return err
	}
	if s.reader.config.SkipDDL {
		s.altering(is.schema.Name)
		return nil
	}
	before, now := was.schema, is.schema
	if slices.Equal(before.Columns[:before.Data], now.Columns[:now.Data]) { // a new identity alone
		return nil
	}
	added, err := s.tables.added(ctx, s.lookup, before, is)
	if err != nil {
		return err
	}
	s.altering(now.Name)
	c := &record.Change{Kind: record.Alter, Name: now.Name, From: before, To: now, LSN: lsnText(at), At: s.tx.at, Columns: added}
	return s.changed(c, s.here(), was, is.touched == s.tx.end)
}

// truncate hands on that tables were emptied, one after the other.
func (s *source) truncate(m *message, at pgkit.LSN, before place) error {
	n := m.int32()
	m.int8() // CASCADE, RESTART IDENTITY
	for range n {
		rel := s.tables.byID[m.uint32()]
		if m.broken {
			break
		}
		if rel == nil || rel.schema == nil || s.tables.lists.Comes(rel.schema.Name) {
			continue
		}
		if s.altering(rel.schema.Name); s.reader.config.SkipDDL {
			continue
		}
		if s.filter != nil {
			skip, agree := s.filter.Table(rel.schema.Name)
			if !agree {
				return errclass.With(errclass.Permanent, fmt.Errorf("table %s was truncated while it was copied, which shows in a part of the rows: start over with -fresh", rel.schema.Name))
			}
			if skip {
				continue
			}
		}
		err := s.changed(&record.Change{Kind: record.Truncate, Name: rel.schema.Name, From: rel.schema, To: rel.schema, LSN: lsnText(at), At: s.tx.at}, before, nil, rel.touched == s.tx.end)
		if err != nil {
			return err
		}
	}
	return m.err('T')
}

// lsnText spells a place so that texts sort as places do.
func lsnText(at pgkit.LSN) string { return fmt.Sprintf("%08X/%08X", uint32(at>>32), uint32(at)) }
