package sqlread

import (
	"encoding/binary"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// rememberedRows is how many delivered rows a cursor remembers at most: a few
// dozen bytes each in memory, 22 in a position.
const rememberedRows = 1 << 18

// cursor knows how far a table has been read in order of its increment column,
// and which of the rows that will be read again were delivered. Statements are
// read one after the other, each from cursorState.bound on and in order of the
// increment column and the key; every row goes through see.
//
// A cursor made of a stored position goes on there: no row is lost or doubled,
// whatever rows were committed in between with values that are not below the
// bound of the position.
//
// A statement is read in one of two ways. By ties, the rows that have the value
// read last are remembered, so that this value can be read again. In a window
// all rows of the statement are, so that all of it can be.
type cursor struct {
	cursorState
	cursorShape
	limit  int // of rows that are remembered
	window bool

	begun  bool        // a row of the statement was seen
	kind   record.Kind // of value
	value  []byte      // the increment value seen last
	turned bool        // the row seen last has another value than the one before it
	before bound       // without a key: behind the value before
	ids    []byte      // of the rows that are remembered: their identities
	ends   []int       // where each ends
	cur    delivered   // the same as digests, as far as they were asked for
	many   bool        // not all rows of this value are remembered
	gaveUp bool        // more rows than limit were to be remembered
	row    []byte      // if many: the identity of the row seen last
	since  int         // rows seen since the last position
}

// cursorState is what a position holds.
type cursorState struct {
	bound  bound
	last   *sqlkit.Value // the largest value delivered; nil: none
	old    delivered     // rows at or above the bound that were delivered before this statement
	spread bool          // old has rows of several values
}

// cursorShape is what is known of the rows.
type cursorShape struct {
	columns []sqlkit.KeyColumn // the increment column and then the key
	keyed   bool               // no two rows have the same key
	sorted  bool               // the key has an order that a position can be in
}

// alone tells that no two rows have the same increment value.
func (c *cursor) alone() bool { return c.keyed && len(c.columns) == 1 }

// start begins a statement.
func (c *cursor) start(window bool) {
	c.window, c.begun, c.many, c.gaveUp, c.since = window, false, false, false, 0
	c.forget()
}

func (c *cursor) forget() {
	c.ids, c.ends = c.ids[:0], c.ends[:0]
	c.cur.reset()
}

// identity is a row as the cursor sees it.
type identity struct {
	kind  record.Kind
	value []byte // the increment value's text
	id    []byte // made by appendPart of the increment value and the key
}

// appendPart appends a value to a row's identity.
func appendPart(id []byte, kind record.Kind, text []byte) []byte {
	id = append(id, byte(kind))
	id = binary.AppendUvarint(id, uint64(len(text)))
	return append(id, text...)
}

// partsOf returns the values of an identity.
func partsOf(id []byte) []sqlkit.Value {
	var values []sqlkit.Value
	for len(id) > 0 {
		n, width := binary.Uvarint(id[1:])
		text := id[1+width : 1+width+int(n)]
		values = append(values, sqlkit.Value{Kind: record.Kind(id[0]), Text: string(text)})
		id = id[1+width+int(n):]
	}
	return values
}

// see takes note of the statement's next row and tells whether it is to be
// delivered. The row is borrowed.
func (c *cursor) see(row identity) (fresh bool) {
	c.since++
	c.turned = c.begun && !maybeEqual(c.kind, c.value, row.kind, row.value)
	switch {
	case c.turned:
		c.next()
	case !c.begun && !c.window && c.bound.op == fromAfter:
		v := c.bound.values[0] // the rows before have its value, and are not remembered
		c.many = maybeEqual(v.Kind, []byte(v.Text), row.kind, row.value)
	}
	c.begun, c.kind = true, row.kind
	c.value = append(c.value[:0], row.value...)
	if !c.keyed {
		return true
	}
	fresh = c.old.len() == 0 || !c.old.take(digestOf(row.id))
	c.remember(row.id)
	return fresh
}

// next goes on to another increment value.
func (c *cursor) next() {
	if !c.keyed {
		c.before = bound{fromAbove, []sqlkit.Value{c.current()}}
	}
	if !c.spread {
		c.old.reset() // all of them have a value that is behind now
	}
	if !c.window {
		c.forget()
	}
	c.many = false
}

// current is the increment value seen last.
func (c *cursor) current() sqlkit.Value { return sqlkit.Value{Kind: c.kind, Text: string(c.value)} }

func (c *cursor) remember(id []byte) {
	if c.alone() && !c.window {
		return
	}
	if !c.many && len(c.ends) >= c.limit {
		c.gaveUp = true
		if !c.window || !c.slide() {
			c.window, c.many = false, true
			c.forget()
		}
	}
	if c.many {
		c.row = append(c.row[:0], id...)
		return
	}
	c.ids = append(c.ids, id...)
	c.ends = append(c.ends, len(c.ids))
}

// slide gives up the older half of the rows of a window, up to a place between
// two values, from where on the window is then; false if there is none.
func (c *cursor) slide() bool {
	var last identity
	for i := len(c.ends) / 2; i < len(c.ends); i++ {
		row := c.remembered(i)
		if i == len(c.ends)/2 || maybeEqual(last.kind, last.value, row.kind, row.value) {
			last = row
			continue
		}
		c.bound = bound{fromValue, []sqlkit.Value{{Kind: row.kind, Text: string(row.value)}}}
		from := c.ends[i-1]
		c.ids = append(c.ids[:0], c.ids[from:]...)
		c.ends = append(c.ends[:0], c.ends[i:]...)
		for n := range c.ends {
			c.ends[n] -= from
		}
		c.cur.drop(i)
		return true
	}
	return false
}

// remembered is a row of those that are, borrowed.
func (c *cursor) remembered(i int) identity {
	from := 0
	if i > 0 {
		from = c.ends[i-1]
	}
	id := c.ids[from:c.ends[i]]
	n, width := binary.Uvarint(id[1:])
	return identity{kind: record.Kind(id[0]), value: id[1+width : 1+width+int(n)], id: id}
}

// settle computes the digests of the rows that are remembered.
func (c *cursor) settle() {
	for i := len(c.cur.list); i < len(c.ends); i++ {
		c.cur.add(digestOf(c.remembered(i).id))
	}
}

// due tells that a position is worth its size: one that lists many rows is
// taken less often.
func (c *cursor) due() bool { return c.since*8 >= c.old.len()+len(c.ends) }

// here returns where to begin again after the row seen last; false if that is
// nowhere before the end of the rows that have its value.
func (c *cursor) here() (b bound, ok bool) {
	switch {
	case c.window, !c.begun:
		return c.bound, true
	case !c.keyed, c.many && !c.sorted:
		return bound{}, false
	case c.many:
		return bound{fromAfter, partsOf(c.row)}, true
	case c.alone():
		return bound{fromAbove, []sqlkit.Value{c.current()}}, true
	}
	return bound{fromValue, []sqlkit.Value{c.current()}}, true
}

// finish ends a statement that was read to its end, which was below the value
// of below if that is not nil. In a window, low says from which value on the
// rows are to be read again; nil: all of them.
func (c *cursor) finish(below, low *sqlkit.Value) {
	if c.begun {
		v := c.current()
		c.last = &v
	}
	switch {
	case below != nil:
		c.bound = bound{fromValue, []sqlkit.Value{*below}}
	case c.window:
		if low != nil && (c.bound.op == fromAll || c.bound.values[0] != *low) {
			c.bound = bound{fromValue, []sqlkit.Value{*low}}
		}
		c.keep(true)
	case c.begun:
		b, ok := c.here()
		if !ok {
			b = bound{fromAbove, []sqlkit.Value{c.current()}}
		}
		c.bound = b
		c.keep(false)
	}
	c.begun, c.since = false, 0
	c.forget()
}

// keep makes the rows of this statement those that were delivered before the next.
func (c *cursor) keep(spread bool) {
	c.settle()
	c.old, c.cur = c.cur, c.old
	c.spread = spread
}
