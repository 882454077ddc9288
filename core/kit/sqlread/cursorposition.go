package sqlread

import (
	"encoding/json"
	"fmt"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
)

const cursorVersion = 1

// Where a statement begins.
const (
	fromAll   = ""      // with the least value
	fromAbove = ">"     // above a value
	fromValue = ">="    // with a value
	fromAfter = "after" // after a value and a key
)

// bound is where a statement begins: with values[0] of the increment column,
// or, after, behind the row that has it and the key values[1:].
type bound struct {
	op     string
	values []sqlkit.Value
}

// where returns the condition of the rows from the bound on. key is the
// increment column and then the table's key.
func (b *bound) where(d *sqlkit.Dialect, key []sqlkit.KeyColumn) string {
	column := d.Quote(key[0].Name)
	switch b.op {
	case fromAll:
		return column + " IS NOT NULL"
	case fromAfter:
		return d.After(key, b.values)
	}
	return column + " " + b.op + " " + d.Literal(b.values[0])
}

// cursorPosition is the stored form of a cursor. Members at, startLocation and
// endLocation are for people and accumulators.
type cursorPosition struct {
	V             int           `json:"v"`
	At            string        `json:"at,omitempty"`
	StartLocation string        `json:"startLocation,omitempty"`
	EndLocation   string        `json:"endLocation,omitempty"`
	From          string        `json:"from"`             // the bound's op
	Values        []storedValue `json:"values,omitempty"` // the bound's values
	Last          *storedValue  `json:"last,omitempty"`   // the largest value delivered
	Keys          []byte        `json:"keys,omitempty"`   // rows at or above the bound that were delivered: digests of 16 bytes
	Spread        bool          `json:"spread,omitempty"` // they have several values
}

// report says what of a position is for people.
type report struct {
	column string // the increment column
	start  string // the location that the run began with
	spell  func(sqlkit.Value) string
}

// position returns where to begin again after the row seen last; nil if that
// is nowhere. It is one allocation per call and as long as the list of rows.
func (c *cursor) position(r *report) []byte {
	b, ok := c.here()
	if !ok {
		return nil
	}
	return c.positionAt(b, r)
}

func (c *cursor) positionAt(b bound, r *report) []byte {
	c.since = 0
	last := c.last
	if c.begun {
		v := c.current()
		last = &v
	}
	p := cursorPosition{V: cursorVersion, StartLocation: r.start, EndLocation: r.start, From: b.op}
	for _, v := range b.values {
		p.Values = append(p.Values, storeValue(v))
	}
	if last != nil {
		p.EndLocation = r.spell(*last)
		p.At = r.column + "=" + p.EndLocation
		stored := storeValue(*last)
		p.Last = &stored
	}
	p.Keys = c.old.appendTo(nil)
	p.Spread = c.window && len(c.ends) > 0 || c.spread && len(p.Keys) > 0
	if b.op != fromAbove || c.window {
		c.settle()
		p.Keys = c.cur.appendTo(p.Keys)
	}
	raw, err := json.Marshal(&p)
	if err != nil {
		panic(err) // texts and numbers
	}
	return raw
}

// parseCursor reads what [cursor.position] wrote. The error is of class PositionLost.
func parseCursor(raw []byte) (cursorState, error) {
	state, err := decodeCursor(raw)
	if err != nil {
		return state, errclass.With(errclass.PositionLost, fmt.Errorf("reading the position %.200s: %w", raw, err))
	}
	return state, nil
}

func decodeCursor(raw []byte) (state cursorState, err error) {
	var p cursorPosition
	if err := json.Unmarshal(raw, &p); err != nil {
		return state, err
	}
	if p.V != cursorVersion {
		return state, fmt.Errorf("it is of version %d, this program knows %d", p.V, cursorVersion)
	}
	need := map[string]int{fromAll: 0, fromAbove: 1, fromValue: 1, fromAfter: 2}
	least, known := need[p.From]
	if !known || len(p.Values) < least || len(p.Values) > 1 && p.From != fromAfter {
		return state, fmt.Errorf("it begins %q %d values", p.From, len(p.Values))
	}
	state.bound.op, state.spread = p.From, p.Spread
	for _, s := range p.Values {
		v, err := s.value()
		if err != nil {
			return state, err
		}
		state.bound.values = append(state.bound.values, v)
	}
	if p.Last != nil {
		v, err := p.Last.value()
		if err != nil {
			return state, err
		}
		state.last = &v
	}
	state.old, err = parseDelivered(p.Keys)
	return state, err
}
