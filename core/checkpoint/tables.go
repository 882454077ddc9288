package checkpoint

import (
	"maps"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// TableCounts are the rows of one table. Input that is no row has no table,
// and rows that the job leaves out are not counted.
type TableCounts struct {
	Read    int64 `json:"numRead"`
	Written int64 `json:"numWrite"`
	Errors  int64 `json:"nErrors"`
}

func (c *TableCounts) add(d TableCounts) {
	c.Read += d.Read
	c.Written += d.Written
	c.Errors += d.Errors
}

// Tables are the rows of a batch by table. They are counted once per batch and
// schema; the zero value is ready for use. It is for one goroutine.
type Tables []tableEntry

type tableEntry struct {
	name record.Name
	TableCounts
}

// Read counts the rows of a batch as read.
func (t *Tables) Read(b *record.Batch) {
	t.rows(b, func(n int64) TableCounts { return TableCounts{Read: n} })
}

// Wrote counts the rows of a batch as written, but for the bad ones.
func (t *Tables) Wrote(b *record.Batch, bad []errclass.BadRow) {
	t.rows(b, func(n int64) TableCounts { return TableCounts{Written: n} })
	for i := range bad {
		t.Add(b.Row(bad[i].Index).Schema().Name, TableCounts{Written: -1})
	}
}

// rows adds what of makes of each run of rows of one schema.
func (t *Tables) rows(b *record.Batch, of func(n int64) TableCounts) {
	if b.Len() == 0 {
		return
	}
	if s := b.Schema(); s != nil {
		t.Add(s.Name, of(int64(b.Len())))
		return
	}
	from, s := 0, b.Row(0).Schema()
	for i := 1; i < b.Len(); i++ {
		if next := b.Row(i).Schema(); next != s {
			t.Add(s.Name, of(int64(i-from)))
			from, s = i, next
		}
	}
	t.Add(s.Name, of(int64(b.Len()-from)))
}

// Add adds to one table's counts.
func (t *Tables) Add(name record.Name, c TableCounts) {
	for i := range *t {
		if (*t)[i].name == name {
			(*t)[i].add(c)
			return
		}
	}
	*t = append(*t, tableEntry{name, c})
}

func (t *Tables) addAll(other Tables) {
	for i := range other {
		t.Add(other[i].name, other[i].TableCounts)
	}
}

// tableTotals are the counts of all tables: those of earlier runs, by the name
// that people see, and those of this one.
type tableTotals struct {
	before map[string]TableCounts
	now    map[record.Name]*TableCounts
}

func (t *tableTotals) add(more Tables) {
	if t.now == nil {
		t.now = map[record.Name]*TableCounts{}
	}
	for i := range more {
		c := t.now[more[i].name]
		if c == nil {
			c = &TableCounts{}
			t.now[more[i].name] = c
		}
		c.add(more[i].TableCounts)
	}
}

// named returns the sums by the tables' full names.
func (t *tableTotals) named() map[string]TableCounts {
	all := maps.Clone(t.before)
	if all == nil {
		all = map[string]TableCounts{}
	}
	for name, c := range t.now {
		addTo(all, name, *c)
	}
	return all
}

func addTo(all map[string]TableCounts, name record.Name, c TableCounts) {
	text := name.String()
	sum := all[text]
	sum.add(c)
	all[text] = sum
}

// RestoreTables makes the tables' counts begin at what a checkpoint holds.
func (t *Tracker) RestoreTables(stored map[string]TableCounts) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tables.before = maps.Clone(stored)
}

// Tables returns the counts by table's full name: rows read, and rows written
// and refused that are durable. Rows that are going to be read again are not
// among them.
func (t *Tracker) Tables() map[string]TableCounts {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := t.tables.named()
	for _, tr := range t.order {
		for i := range tr.entries {
			for _, e := range tr.entries[i].tables {
				addTo(all, e.name, e.TableCounts)
			}
		}
	}
	return all
}

// describe writes how far all splits are into a checkpoint, as of one instant.
func (t *Tracker) describe(c *Checkpoint) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c.Plan, c.Tokens, c.Counters = t.snapshot()
	c.Tables = t.tables.named()
}
