package sqlkit_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// column answers a planner's questions from the values of a column, compared
// by a collation of its own.
type column struct {
	values  []string
	compare func(a, b string) int
	asked   int
}

var condition = regexp.MustCompile("\\(`k` (>=|>|<) '((?:[^']|'')*)'\\)")

func (c *column) first(_ context.Context, sql string) ([]*string, error) {
	c.asked++
	var fit []string
	for _, v := range c.values {
		fits := true
		for _, m := range condition.FindAllStringSubmatch(sql, -1) {
			order := c.compare(v, strings.ReplaceAll(m[2], "''", "'"))
			fits = fits && (m[1] == ">=" && order >= 0 || m[1] == ">" && order > 0 || m[1] == "<" && order < 0)
		}
		if fits {
			fit = append(fit, v)
		}
	}
	row := make([]*string, strings.Count(sql, "MIN(")+strings.Count(sql, "MAX("))
	if len(fit) > 0 {
		low, high := slices.MinFunc(fit, c.compare), slices.MaxFunc(fit, c.compare)
		for i, v := range []string{low, high}[:len(row)] {
			row[i] = &v
		}
	}
	return row, nil
}

// in tells how many values a split holds.
func (c *column) in(s *sqlkit.Spec) (n int) {
	for _, v := range c.values {
		if (s.From == "" || c.compare(v, s.From) >= 0) && (s.To == "" || c.compare(v, s.To) < 0) {
			n++
		}
	}
	return n
}

var plain = &sqlkit.Dialect{Name: "plain", Quotes: "``"}

// TestOrdered cuts texts and times: each value is in one split, whatever the
// order that the database has, and the splits are about as large.
func TestOrdered(t *testing.T) {
	folded := func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) }
	reversed := func(a, b string) int { return strings.Compare(b, a) }
	series := func(format string, n, step int) (list []string) {
		for i := range n {
			list = append(list, fmt.Sprintf(format, i*step))
		}
		return list
	}
	days := make([]string, 0, 1000)
	for i := range 1000 {
		days = append(days, fmt.Sprintf("20%02d-%02d-%02d", i/100, i/10%10+1, i%10+1))
	}
	for name, tt := range map[string]struct {
		kind    record.Kind
		values  []string
		compare func(a, b string) int
		most    int // of the values in one split
	}{
		"numbers as texts":     {record.String, series("order-%06d", 1000, 997), strings.Compare, 150},
		"hex":                  {record.String, series("%08x", 1000, 4_000_000), strings.Compare, 150},
		"any case":             {record.String, []string{"a", "B", "c", "D", "e", "F", "f", "b", "z", "Z"}, folded, 9},
		"another order":        {record.String, series("x%03d", 200, 1), reversed, 200},
		"characters of Europe": {record.String, []string{"zoë", "çedille", "éte", "ñu", "a", "ß", "'", "\\", "z", "", "日本", "🙂"}, strings.Compare, 11},
		"one value":            {record.String, []string{"same", "same"}, strings.Compare, 2},
		"an empty text":        {record.String, []string{"", "b"}, strings.Compare, 1},
		"days":                 {record.Date, days, strings.Compare, 200},
		"a day that is none":   {record.Date, append([]string{"0000-00-00"}, days...), strings.Compare, 200},
		"times":                {record.Datetime, []string{"2024-01-01 00:00:00", "2024-01-01 00:00:01.5", "2024-01-01 00:00:09"}, strings.Compare, 1},
		"nothing":              {record.Timestamp, nil, strings.Compare, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c := &column{values: tt.values, compare: tt.compare}
			p := sqlkit.Planner{Dialect: plain, From: "t", Column: "k", Kind: tt.kind, Nullable: true, Indexed: true, Channels: 2, Ordered: true, First: c.first}
			specs, err := p.Plan(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			splits, err := sqlkit.Splits(0, specs)
			if err != nil {
				t.Fatal(err)
			}
			total := 0
			for i := range specs {
				if _, err := sqlkit.ParseSpec(splits[i]); err != nil {
					t.Error(err)
				}
				n := c.in(&specs[i])
				if total += n; n > tt.most {
					t.Errorf("split %d (%s) has %d values, want at most %d", i, specs[i].Predicate(plain), n, tt.most)
				}
				if specs[i].Nulls != (i == 0 && len(specs) > 1) {
					t.Errorf("split %d takes NULLs: %v", i, specs[i].Nulls)
				}
			}
			if total != len(tt.values) || c.asked > 10 {
				t.Errorf("%d splits hold %d of %d values, after %d statements", len(specs), total, len(tt.values), c.asked)
			}
		})
	}
}

func TestOrderedFaults(t *testing.T) {
	for want, p := range map[string]sqlkit.Planner{
		"split column's type must be number type: column \"k\" is string; name another splitPk, or set splitStrategy to range": {Kind: record.String},
		"split column's type must be number type: column \"k\" is json; name another splitPk":                                  {Kind: record.JSON, Ordered: true},
		"has no remainder": {Kind: record.Date, Ordered: true, Strategy: sqlkit.Mod},
		"bounds are whole": {Kind: record.String, Ordered: true, Start: "1"},
		"name another splitP": {Kind: record.String, Ordered: true, First: func(context.Context, string) ([]*string, error) {
			return nil, errclass.With(errclass.Data, fmt.Errorf("no value of the enum"))
		}},
	} {
		p.Dialect, p.From, p.Column, p.Channels = plain, "t", "k", 2
		if p.First != nil {
			refused := p.First
			p.First = func(ctx context.Context, sql string) ([]*string, error) {
				if low, high := "a", "b"; strings.Contains(sql, "MAX") {
					return []*string{&low, &high}, nil
				}
				return refused(ctx, sql)
			}
		}
		_, err := p.Plan(t.Context())
		if errclass.Of(err) != errclass.Config || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
