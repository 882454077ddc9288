package sqlkit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// ordered cuts keys that are no numbers by the order that the database compares
// them in. The first split has no lower and the last no upper bound.
func (p *Planner) ordered(ctx context.Context) ([]Spec, error) {
	of := ""
	for name, kind := range boundKinds {
		if kind == p.Kind {
			of = name
		}
	}
	switch {
	case of == "" || !p.Ordered:
		remedy := "name another splitPk"
		if of != "" {
			remedy += ", or set splitStrategy to range to split by its order"
		}
		return nil, errclass.With(errclass.Config, fmt.Errorf("split column's type must be number type: column %q is %s; %s", p.Column, p.Kind, remedy))
	case p.Strategy == Mod:
		return nil, errclass.With(errclass.Config, fmt.Errorf("splitStrategy mod: column %q is %s, which has no remainder: use range, or name a number", p.Column, p.Kind))
	case p.Start != "" || p.End != "":
		return nil, errclass.With(errclass.Config, fmt.Errorf("splitPkStart: column %q is %s, and bounds are whole numbers: use where", p.Column, p.Kind))
	case p.Channels <= 1:
		return []Spec{{Kind: All}}, nil
	}
	cuts, err := p.cuts(ctx)
	if err != nil {
		return nil, err
	}
	if len(cuts) == 0 {
		return []Spec{{Kind: All}}, nil
	}
	specs := make([]Spec, len(cuts)+1)
	for i := range specs {
		specs[i] = Spec{Kind: Range, Column: p.Column, Of: of, Nulls: i == 0 && p.Nullable}
		if i > 0 {
			specs[i].From = cuts[i-1]
		}
		if i < len(cuts) {
			specs[i].To = cuts[i]
		}
	}
	return specs, nil
}

// cuts are the keys that splits but the first begin at, ascending as the
// database compares; none: there is nothing to cut.
func (p *Planner) cuts(ctx context.Context) ([]string, error) {
	row, err := p.ends(ctx)
	if err != nil || row[0] == nil || row[1] == nil {
		return nil, err
	}
	n := p.count(-1)
	if p.Kind == record.String {
		return p.textCuts(ctx, *row[0], *row[1], n)
	}
	cuts, err := timeCuts(p.Kind, *row[0], *row[1], n)
	if err == nil {
		return cuts, nil
	}
	// What is no day of a calendar (0000-00-00, infinity) is left to the first
	// and the last split.
	usual := Value{Kind: p.Kind, Text: "1900-01-01"}
	far := Value{Kind: p.Kind, Text: "2100-01-01"}
	if p.Kind != record.Date {
		usual.Text, far.Text = usual.Text+" 00:00:00", far.Text+" 00:00:00"
	}
	key := p.Dialect.Quote(p.Column)
	row, err = p.ends(ctx, key+" >= "+p.Dialect.Literal(usual), key+" < "+p.Dialect.Literal(far))
	if err != nil || row[0] == nil || row[1] == nil {
		return nil, err
	}
	return timeCuts(p.Kind, *row[0], *row[1], n)
}

// textCuts asks for the first key at or after each of evenly spread texts, and
// after the cut before it: whatever the collation is, what comes back ascends
// by it. Rows that the job leaves out are asked too, which an index answers at once.
func (p *Planner) textCuts(ctx context.Context, low, high string, n int) ([]string, error) {
	key := p.Dialect.Quote(p.Column)
	literal := func(text string) string { return p.Dialect.Literal(Value{Kind: record.String, Text: text}) }
	last := low
	var cuts []string
	for _, at := range between(low, high, n) {
		stmt := Select{Dialect: p.Dialect, From: p.From, Items: []Item{{SQL: "MIN(" + key + ")"}},
			Where: []string{key + " >= " + literal(at), key + " > " + literal(last)}}
		row, err := p.First(ctx, stmt.String())
		switch {
		case err != nil && errclass.Of(err) != errclass.Transient && ctx.Err() == nil:
			return nil, errclass.With(errclass.Config, fmt.Errorf("cutting the texts of splitPk %q, which are compared with other texts: name another splitPk: %w", p.Column, err))
		case err != nil:
			return nil, fmt.Errorf("cutting the texts of splitPk %q: %w", p.Column, err)
		case len(row) != 1:
			return nil, errors.New("cutting the texts of splitPk: no row came back")
		case row[0] == nil || *row[0] == "":
			continue
		}
		last = *row[0]
		cuts = append(cuts, last)
	}
	return cuts, nil
}

// alphabets are what texts are taken to be made of, in ascending order, the
// smallest first.
var alphabets = []string{"0123456789", "0123456789abcdef", "0123456789ABCDEF", "0123456789abcdefghijklmnopqrstuvwxyz", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
	"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"}

// leading is how many characters of a text are looked at.
const leading = 4

// between returns at most n-1 texts between two, evenly spread as if the places
// after their common beginning were digits of what they consist of.
func between(low, high string, n int) []string {
	if low > high { // in the order of a collation that does not tell small from capital letters
		low, high = strings.ToLower(low), strings.ToLower(high)
	}
	a, b := []rune(low), []rune(high)
	common := 0
	for common < len(a) && common < len(b) && a[common] == b[common] {
		common++
	}
	a, b = a[common:min(len(a), common+leading)], b[common:min(len(b), common+leading)]
	digit, size := alphabet(a, b)
	places := leading
	if size > 1<<12 {
		places = 3 // that an int64 holds
	}
	from, to := number(a, digit, size, places), number(b, digit, size, places)
	if from > to {
		from, to = to, from
	}
	beginning := string([]rune(high)[:common])
	var cuts []string
	for i := 1; i < n; i++ {
		x := from + share(to-from, int64(i), int64(n))
		digits := make([]rune, places)
		for k := range digits {
			digits[places-1-k] = digit(x % size)
			x /= size
		}
		if text := beginning + string(digits); len(cuts) == 0 || cuts[len(cuts)-1] != text {
			cuts = append(cuts, text)
		}
	}
	return cuts
}

// share is i n-ths of span, which is not negative.
func share(span, i, n int64) int64 { return span/n*i + span%n*i/n }

// alphabet returns the digits that two texts are made of, by their value, and
// how many there are: letters and digits of ASCII where both begin with one,
// else all characters up to the largest.
func alphabet(a, b []rune) (digit func(int64) rune, size int64) {
	usual := func(r rune) bool { return strings.ContainsRune(alphabets[len(alphabets)-1], r) }
	if (len(a) == 0 || usual(a[0])) && len(b) > 0 && usual(b[0]) {
		made := slices.DeleteFunc(slices.Concat(a, b), func(r rune) bool { return !usual(r) })
		for _, digits := range alphabets {
			if strings.Trim(string(made), digits) == "" {
				return func(i int64) rune { return rune(digits[i]) }, int64(len(digits))
			}
		}
	}
	low, high := ' ', '~'
	for _, r := range slices.Concat(a, b) {
		if r > high {
			high = min(r, 0xd7ff) // half of a character beyond is none
		}
	}
	return func(i int64) rune { return low + rune(i) }, int64(high-low) + 1
}

// number is the value of the first places of a text.
func number(text []rune, digit func(int64) rune, size int64, places int) int64 {
	var n int64
	for i := range places {
		n *= size
		if i >= len(text) {
			continue
		}
		value := int64(0)
		for value < size-1 && digit(value) < text[i] {
			value++
		}
		n += value
	}
	return n
}

// momentLayouts are how servers spell days and times.
var momentLayouts = []string{"2006-01-02", "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05Z07", "2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05 -07:00"}

// timeCuts cuts the time between two moments into n parts of whole days or
// seconds; an error says that one of the moments is none.
func timeCuts(kind record.Kind, low, high string, n int) ([]string, error) {
	unit, layout := int64(1), "2006-01-02 15:04:05"
	if kind == record.Date {
		unit, layout = 24*60*60, "2006-01-02"
	}
	from, err := parseMoment(low)
	if err != nil {
		return nil, err
	}
	to, err := parseMoment(high)
	if err != nil {
		return nil, err
	}
	first, span := from.Unix()/unit, (to.Unix()-from.Unix())/unit
	var cuts []string
	for i := 1; i < n; i++ {
		x := first + share(span, int64(i), int64(n))
		if text := time.Unix(x*unit, 0).UTC().Format(layout); x > first && (len(cuts) == 0 || cuts[len(cuts)-1] != text) {
			cuts = append(cuts, text)
		}
	}
	return cuts, nil
}

func parseMoment(text string) (t time.Time, err error) {
	for _, layout := range momentLayouts {
		if t, err = time.Parse(layout, strings.TrimSpace(text)); err == nil {
			return t, nil
		}
	}
	return t, fmt.Errorf("%q is no day of a calendar: %w", text, err)
}
