package sqlkit

import (
	"strconv"
	"strings"

	"github.com/datasync-io/datasync/core/record"
)

// Item is one thing to select.
type Item struct {
	SQL string // a quoted column or an expression
	As  string // its name, unquoted; "": none is given
}

// Select is a SELECT statement in parts.
type Select struct {
	Dialect *Dialect
	Items   []Item
	From    string   // as [Dialect.Table] or [Dialect.Derived] spells it
	Hint    string   // after From: "FORCE INDEX (`k`)", "WITH (NOLOCK)"
	Where   []string // joined with AND, each in parentheses; "" is left out
	OrderBy []string // quoted columns
	Limit   int      // at most so many rows, where the system knows LIMIT, or FETCH and OrderBy is not empty; 0: all
}

// String returns the statement.
func (s *Select) String() string {
	var b strings.Builder
	b.WriteString("SELECT ")
	for i, item := range s.Items {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(item.SQL)
		if item.As != "" {
			b.WriteString(" AS " + s.Dialect.Quote(item.As))
		}
	}
	b.WriteString(" FROM " + s.From)
	if s.Hint != "" {
		b.WriteString(" " + s.Hint)
	}
	and := " WHERE "
	for _, w := range s.Where {
		if strings.TrimSpace(w) != "" {
			b.WriteString(and + Parenthesised(w))
			and = " AND "
		}
	}
	if len(s.OrderBy) > 0 {
		b.WriteString(" ORDER BY " + strings.Join(s.OrderBy, ", "))
	}
	switch {
	case s.Limit > 0 && s.Dialect.Fetch:
		b.WriteString(" OFFSET 0 ROWS FETCH NEXT " + strconv.Itoa(s.Limit) + " ROWS ONLY")
	case s.Limit > 0:
		b.WriteString(" LIMIT " + strconv.Itoa(s.Limit))
	}
	return b.String()
}

// Items lists what to select for columns: their quoted names, and constants as
// text literals under their name.
func (d *Dialect) Items(columns []Column) []Item {
	items := make([]Item, len(columns))
	for i := range columns {
		items[i] = d.Item(&columns[i])
	}
	return items
}

// Item is what to select for one column.
func (d *Dialect) Item(c *Column) Item {
	if text, ok := c.Constant(); ok {
		return Item{SQL: d.Literal(Value{Kind: record.String, Text: text}), As: c.Name}
	}
	return Item{SQL: d.Quote(c.Name)}
}
