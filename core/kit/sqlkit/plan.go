package sqlkit

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// How finely range splits: enough splits per channel that a fat one idles
// nobody, but none that is not worth a statement.
const (
	splitsPerChannel = 4
	rowsPerSplit     = 20_000
	probes           = 16
	probeWidth       = 1_000
)

// Planner cuts a table, or the result of a statement, into splits.
type Planner struct {
	Dialect  *Dialect
	From     string      // as [Select.From]
	Where    string      // the user's condition, or ""
	Column   string      // the split column, unquoted
	Kind     record.Kind // of the split column
	Nullable bool        // the split column may be NULL
	Indexed  bool        // an index begins with the split column
	Strategy string      // Auto, Mod or Range; "" is Auto
	Ordered  bool        // texts and times may be split by, too
	Channels int
	Start    string // explicit bounds, whole numbers; "": asked for
	End      string
	// First runs a statement and returns its first row as text, nil for NULL.
	First func(ctx context.Context, sql string) ([]*string, error)
}

// Plan returns the splits, at least one. It does not set Key and Unique.
func (p *Planner) Plan(ctx context.Context) ([]Spec, error) {
	if !CanSplitBy(p.Kind) {
		return p.ordered(ctx)
	}
	explicit := p.Start != "" || p.End != ""
	switch {
	case p.Channels <= 1 && !explicit:
		return []Spec{{Kind: All}}, nil
	case p.Strategy == Mod:
		return p.mod(), nil
	case p.Strategy != Range && !explicit && !p.Indexed:
		return p.mod(), nil
	}
	low, high, err := p.bounds(ctx)
	var none *noNumber
	switch {
	case errors.As(err, &none) && p.Strategy != Range && !explicit:
		return p.mod(), nil
	case err != nil:
		return nil, err
	}
	if low == nil || high == nil || low.Cmp(high) > 0 {
		return p.ranges(low, high, 1), nil
	}
	rows, dense, err := p.probe(ctx, low, high)
	if err != nil {
		return nil, err
	}
	if p.Strategy != Range && !explicit && !dense {
		return p.mod(), nil
	}
	return p.ranges(low, high, p.count(rows)), nil
}

// count is how many range splits are worth it; rows < 0: unknown.
func (p *Planner) count(rows float64) int {
	switch {
	case p.Channels <= 1:
		return 1
	case !p.Indexed:
		return p.Channels // each one is a scan of the table
	case rows < 0:
		return p.Channels * splitsPerChannel
	}
	worth := int(min(rows/rowsPerSplit, float64(p.Channels*splitsPerChannel)))
	return max(worth, p.Channels)
}

func (p *Planner) mod() []Spec {
	specs := make([]Spec, p.Channels)
	floor := p.Kind != record.Int64 && p.Kind != record.Uint64
	for i := range specs {
		specs[i] = Spec{Kind: Mod, Column: p.Column, N: p.Channels, I: i, Floor: floor, Nulls: p.Nullable && i == 0}
	}
	return specs
}

// ranges cuts [low, high] into n intervals of one width. Without explicit
// bounds the first has no lower and the last no upper one.
func (p *Planner) ranges(low, high *big.Int, n int) []Spec {
	span := big.NewInt(0)
	if low != nil && high != nil && low.Cmp(high) <= 0 {
		span.Sub(high, low).Add(span, big.NewInt(1))
	}
	if span.IsInt64() {
		n = int(min(int64(n), span.Int64()))
	}
	n = max(n, 1)
	if n == 1 && p.Start == "" && p.End == "" {
		return []Spec{{Kind: All}}
	}
	specs := make([]Spec, n)
	from := strings.TrimSpace(p.Start)
	for i := range specs {
		s := Spec{Kind: Range, Column: p.Column, From: from}
		if i == n-1 {
			s.End = strings.TrimSpace(p.End)
		} else {
			cut := new(big.Int).Mul(span, big.NewInt(int64(i+1)))
			from = cut.Div(cut, big.NewInt(int64(n))).Add(cut, low).String()
			s.To = from
		}
		s.Nulls = i == 0 && p.Nullable && p.Start == "" && p.End == ""
		specs[i] = s
	}
	return specs
}

// bounds returns the least and the largest key, rounded down; nil: there is none.
func (p *Planner) bounds(ctx context.Context) (low, high *big.Int, err error) {
	low, high = whole(p.Start), whole(p.End)
	if low != nil && high != nil {
		return low, high, nil
	}
	row, err := p.ends(ctx)
	if err != nil {
		return nil, nil, err
	}
	for i, b := range []**big.Int{&low, &high} {
		if *b == nil && row[i] != nil {
			if *b = whole(*row[i]); *b == nil {
				return nil, nil, errclass.With(errclass.Config, &noNumber{p.Column})
			}
		}
	}
	return low, high, nil
}

// ends asks for the least and the largest key, under more conditions.
func (p *Planner) ends(ctx context.Context, more ...string) ([]*string, error) {
	key := p.Dialect.Quote(p.Column)
	stmt := Select{Dialect: p.Dialect, From: p.From, Where: append([]string{p.Where}, more...),
		Items: []Item{{SQL: "MIN(" + key + ")"}, {SQL: "MAX(" + key + ")"}}}
	row, err := p.First(ctx, stmt.String())
	switch {
	case err != nil:
		return nil, fmt.Errorf("asking for the bounds of splitPk %q: %w", p.Column, err)
	case len(row) != 2:
		return nil, errors.New("asking for the bounds of splitPk: no row came back")
	}
	return row, nil
}

// noNumber says that the least or the largest key is none.
type noNumber struct{ column string }

func (e *noNumber) Error() string {
	return fmt.Sprintf("splitStrategy range: column %q holds texts or binary data: use mod, or name another splitPk", e.column)
}

// whole reads a number and rounds it down; nil if it is none.
func whole(text string) *big.Int {
	text = strings.TrimSpace(text)
	r, ok := new(big.Rat).SetString(text)
	if !ok || strings.Contains(text, "/") {
		return nil
	}
	return new(big.Int).Div(r.Num(), r.Denom()) // Euclidean: rounds down for a positive divisor
}

// probe counts the rows in short intervals spread over the keys: how many rows
// there are in all, about, and whether intervals of equal width hold a fair
// share of them. One statement, a few thousand index entries.
func (p *Planner) probe(ctx context.Context, low, high *big.Int) (rows float64, dense bool, err error) {
	if !p.Indexed {
		return -1, false, nil
	}
	span := new(big.Int).Sub(high, low)
	span.Add(span, big.NewInt(1))
	step := new(big.Int).Div(span, big.NewInt(probes))
	if step.Sign() == 0 {
		return 0, true, nil
	}
	width := big.NewInt(probeWidth)
	if width.Cmp(step) > 0 {
		width = step
	}
	got, err := p.First(ctx, p.probeStatement(low, step, width))
	if err != nil {
		return 0, false, fmt.Errorf("looking at the spread of splitPk %q: %w", p.Column, err)
	}
	found, filled := 0.0, 0
	for _, text := range got {
		if text == nil {
			continue
		}
		if n := whole(*text); n != nil && n.Sign() > 0 {
			x, _ := new(big.Float).SetInt(n).Float64()
			found += x
			filled++
		}
	}
	seen, _ := new(big.Float).SetInt(new(big.Int).Mul(width, big.NewInt(probes))).Float64()
	all, _ := new(big.Float).SetInt(span).Float64()
	return found / seen * all, filled >= probes/2, nil
}

func (p *Planner) probeStatement(low, step, width *big.Int) string {
	key := p.Dialect.Quote(p.Column)
	var b strings.Builder
	b.WriteString("SELECT ")
	for i := range int64(probes) {
		from := new(big.Int).Mul(step, big.NewInt(i))
		from.Add(from, low)
		to := new(big.Int).Add(from, width)
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "(SELECT COUNT(*) FROM %s WHERE %s >= %s AND %s < %s)", p.From, key, from, key, to)
	}
	return b.String()
}
