package binlog

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/binlogkit"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// statement looks at a statement of the log: one that changes a table that is
// followed changes its definition, and is a schema change of the stream.
func (s *source) statement(b *record.Batch, e *event) (full bool, err error) {
	sp := s.srv.spelled(e)
	if !binlogkit.IsDDL([]byte(sp.plain)) {
		if err := s.refuse(sp.database, sp.plain); err != nil {
			return false, err
		}
		s.settled(e)
		return false, nil
	}
	s.history.Under(sp.run.Mode)
	names := s.history.Names(sp.database, sp.plain)
	if !slices.ContainsFunc(names, s.concerns) {
		s.settled(e)
		return false, nil
	}
	// CREATE TABLE ... SELECT is the first statement of its transaction; rows follow.
	if emits := !s.reader.config.DDLSkip; emits && (s.f.single || s.delivered == 0) {
		rows := b.Len()+len(b.Rejects()) > 0
		if rows || s.at.file != s.f.tx.file || s.at.offset != s.f.tx.begin {
			p := s.f.position(s.srv.id)
			p.File, p.Offset, p.Skip, p.SkipGTID = s.f.tx.file, s.f.tx.begin, s.cut.rows, s.cut.gtid
			if err := s.markAt(b, p); err != nil {
				return false, err
			}
			s.at.file, s.at.offset = p.File, p.Offset
		}
		if rows {
			s.held = e // its change stands alone behind them
			return true, nil
		}
	}
	s.stamp.begin(s.f, e)
	effects, err := s.history.Apply(sp.database, sp.plain)
	if err != nil {
		effects = s.unread(sp.database, sp.plain, err)
	}
	if err := s.locate(&sp, effects); err != nil {
		return false, err
	}
	s.tables.changed()
	s.redone = true
	s.altered(effects)
	s.collect(effects, &sp)
	s.settled(e)
	if len(s.changes) > 0 {
		return true, s.change(b)
	}
	return len(b.Marks()) > 0, nil
}

// settled is called when the reader is done with a statement.
func (s *source) settled(e *event) {
	if s.f.single {
		s.f.settle(e)
		s.reader.gauges.Committed(s.f.tx.time)
	}
}

// concerns tells whether a statement about a table, or a database, matters.
func (s *source) concerns(n record.Name) bool {
	if n.Table != "" {
		return s.tables.lists.follows(n)
	}
	return !systemDatabases[n.Database]
}

// unread forgets the definition that a statement has changed in a way that
// cannot be read.
func (s *source) unread(database, sql string, err error) []binlogkit.Effect {
	name, known := binlogkit.Target(database, sql)
	if !known {
		s.reader.log.Warn("a schema change cannot be read", "at", s.stamp.place(), "sql", sql, "err", err)
		return nil
	}
	s.reader.log.Warn("a schema change cannot be read: the log itself has to say the columns from here on (binlog_row_metadata=FULL)", "table", name.String(), "at", s.stamp.place(), "sql", sql, "err", err)
	before := s.history.Table(name)
	s.history.Forget(name)
	return []binlogkit.Effect{{Kind: record.Alter, Name: name, Before: before}}
}

// change hands the next schema change over.
func (s *source) change(b *record.Batch) error {
	c := s.changes[0]
	s.changes = s.changes[1:]
	b.Change(&c)
	return nil
}

// collect makes schema changes of what a statement has done to tables that are
// read.
func (s *source) collect(effects []binlogkit.Effect, sp *spelling) {
	if s.reader.config.DDLSkip {
		return
	}
	swapped := s.swaps(effects)
	for i, e := range effects {
		c := record.Change{Kind: e.Kind, Name: e.Name, From: s.schema(e.Before), To: s.schema(e.After), SQL: sp.text, LSN: s.stamp.place(), At: s.f.tx.time}
		has, goes := s.tables.lists.has(e.Name), e.Kind == record.Rename && s.tables.lists.has(e.To)
		switch {
		case swapped[i] == away:
			continue
		case swapped[i] == into:
			was := s.replaced(effects, e.To)
			c.Kind, c.Name, c.From = record.Alter, e.To, s.schema(was)
			c.Columns = binlogkit.ColumnChanges(was, e.After, nil, c.To, &s.tables.options)
		case has:
			if c.Kind == record.Alter && c.From != nil && c.From == c.To {
				c.Kind = record.Other
			}
			if len(effects) > 1 {
				c.SQL = spell(&e)
			}
			if e.Kind == record.Alter || e.Kind == record.Rename {
				c.Columns = binlogkit.ColumnChanges(e.Before, e.After, &sp.run, c.To, &s.tables.options)
			}
		case goes:
			c.Kind, c.Name, c.From, c.SQL = record.Create, e.To, nil, spell(&e)
		default:
			continue
		}
		s.changes = append(s.changes, c)
	}
}

// spell spells what a statement about several tables did to one.
func spell(e *binlogkit.Effect) string {
	table := mysqlkit.Dialect.Table
	switch e.Kind {
	case record.Drop:
		return "DROP TABLE " + table(e.Name)
	case record.Rename:
		return "RENAME TABLE " + table(e.Name) + " TO " + table(e.To)
	}
	return ""
}

func (s *source) schema(d *binlogkit.Definition) *record.Schema {
	if d == nil {
		return nil
	}
	return binlogkit.SchemaOf(d, &s.tables.options)
}

// What a rename does in the swap that ends an online schema change.
type swap uint8

const (
	none swap = iota
	away      // the table makes room for its shadow
	into      // the shadow takes the table's place
)

// swaps finds the renames by which a shadow takes a table's place: for the
// stream the table was altered.
func (s *source) swaps(effects []binlogkit.Effect) []swap {
	found := make([]swap, len(effects))
	for i, e := range effects {
		name, is := original(e.Name.Table)
		if e.Kind != record.Rename || !is || e.To.Table != name || !s.tables.lists.has(e.To) {
			continue
		}
		for k, other := range effects {
			if k != i && other.Kind == record.Rename && other.Name == e.To {
				found[i], found[k] = into, away
			}
		}
	}
	return found
}

// replaced returns what the table was whose place was taken.
func (s *source) replaced(effects []binlogkit.Effect, name record.Name) *binlogkit.Definition {
	for _, e := range effects {
		if e.Name == name {
			return e.Before
		}
	}
	return nil
}

// describeAll begins the stream with a CREATE TABLE of each table.
func (s *source) describeAll() {
	list := s.history.Tables()
	slices.SortFunc(list, func(a, b *binlogkit.Definition) int {
		return bytes.Compare([]byte(a.Name().String()), []byte(b.Name().String()))
	})
	at := appendLSN(nil, s.f.file, s.f.offset, s.reader.config.OffsetLength)
	for _, d := range list {
		if s.tables.lists.has(d.Name()) {
			s.changes = append(s.changes, record.Change{Kind: record.Create, Name: d.Name(), To: s.schema(d), SQL: d.SQL(), LSN: string(at), At: s.f.tx.time, Snapshot: true})
		}
	}
	s.at.file = "" // the next position says that they were handed over
}

// refuse is about statements that changed rows and are in the log as such, and
// not as rows: those of a session that has set binlog_format.
func (s *source) refuse(database, sql string) error {
	names, changes := s.history.Changes(database, sql)
	if !changes {
		return nil
	}
	for _, n := range names {
		if s.tables.lists.has(n) {
			return errclass.With(errclass.Permanent, fmt.Errorf(
				"table %s was changed by a statement that is in the log as text and not as rows, in a session with another binlog_format: make sure that it is ROW everywhere, then begin again with -fresh; the statement is %.200q", n, sql))
		}
	}
	return nil
}
