package sqlkit

import (
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/datasync-io/datasync/core/record"
)

// Dialect is how one system spells SQL. It is immutable once built.
type Dialect struct {
	Name        string                  // "mysql", for messages
	Quotes      string                  // the opening and the closing quote of an identifier: "``", `""`, "[]"
	Placeholder func(i int) string      // of parameter i, from 1
	Mod         string                  // a modulus that keeps the sign of its operand, with two %s: "MOD(%s, %s)"
	Floor       string                  // with one %s: "FLOOR(%s)"
	NullsLast   bool                    // ORDER BY x puts NULL after all values
	Text        func(s string) string   // literal of a text; nil: '...' with quotes doubled
	Bytes       func(hex string) string // literal of binary data, given as hex digits; nil: X'...'
	Moment      func(s string) string   // literal of a date or timestamp, given as record spells it; nil: as a text
	Infinity    string                  // a float that is infinite, a '-' goes before it; "": it is spelled as a text
	Fetch       bool                    // the system knows OFFSET and FETCH after ORDER BY in place of LIMIT
	Scripts     bool                    // the system takes a text of several statements apart itself
}

// Quote quotes one identifier.
func (d *Dialect) Quote(name string) string {
	shut := d.Quotes[1:]
	return d.Quotes[:1] + strings.ReplaceAll(name, shut, shut+shut) + shut
}

// QuoteAll quotes each of names.
func (d *Dialect) QuoteAll(names []string) []string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = d.Quote(n)
	}
	return quoted
}

// Table quotes the parts of a table's name that are there and joins them with dots.
func (d *Dialect) Table(n record.Name) string {
	parts := make([]string, 0, 3)
	for _, p := range []string{n.Database, n.Schema, n.Table} {
		if p != "" {
			parts = append(parts, d.Quote(p))
		}
	}
	return strings.Join(parts, ".")
}

// DerivedAlias is the name under which a user's statement is selected from.
const DerivedAlias = "datasync_tmp"

// Derived makes a statement something to select from.
func (d *Dialect) Derived(sql string) string {
	sql = strings.TrimRight(strings.TrimSpace(sql), "; \t\r\n")
	return Parenthesised(sql) + " " + DerivedAlias
}

// Parenthesised puts SQL text in parentheses that a comment in it cannot swallow.
func Parenthesised(sql string) string {
	sql = strings.TrimSpace(sql)
	if strings.Contains(sql, "--") || strings.Contains(sql, "#") {
		return "(" + sql + "\n)"
	}
	return "(" + sql + ")"
}

// Value is a scalar outside of a batch: a bound, or a part of a position.
type Value struct {
	Kind record.Kind // Null for NULL
	Text string      // as [record.Row.AppendText] spells it; raw bytes for record.Bytes
}

// Literal spells v in SQL. A number that is none is spelled as a text.
func (d *Dialect) Literal(v Value) string {
	switch v.Kind {
	case record.Null, record.Absent:
		return "NULL"
	case record.Int64, record.Uint64, record.Decimal:
		if _, ok := new(big.Rat).SetString(v.Text); ok && !strings.ContainsAny(v.Text, "/_xXpPbBoO") {
			return v.Text
		}
	case record.Float32, record.Float64:
		switch f, err := strconv.ParseFloat(v.Text, 64); {
		case err == nil && f-f == 0:
			return strconv.FormatFloat(f, 'e', -1, 64)
		case err == nil && d.Infinity != "" && math.IsInf(f, -1):
			return "-" + d.Infinity
		case err == nil && d.Infinity != "" && math.IsInf(f, 1):
			return d.Infinity
		}
	case record.Date, record.Datetime, record.Timestamp:
		if d.Moment != nil {
			return d.Moment(v.Text)
		}
	case record.Bytes:
		digits := hex.EncodeToString([]byte(v.Text))
		if d.Bytes != nil {
			return d.Bytes(digits)
		}
		return "X'" + digits + "'"
	}
	if d.Text != nil {
		return d.Text(v.Text)
	}
	return "'" + strings.ReplaceAll(v.Text, "'", "''") + "'"
}

// remainder spells the remainder of expr divided by n, with the sign of expr.
func (d *Dialect) remainder(expr string, n int, floor bool) string {
	if floor {
		expr = fmt.Sprintf(d.Floor, expr)
	}
	return fmt.Sprintf(d.Mod, expr, strconv.Itoa(n))
}
