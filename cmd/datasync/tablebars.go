package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/datasync-io/datasync/launcher"
)

// tablesShown is how many tables get a line: all have to fit onto a terminal.
const tablesShown = 16

// tableLine is a table and how fast it is.
type tableLine struct {
	launcher.Table
	rate float64
}

// tableLines show what of each table was read, as a share of all, and how fast it
// is; of many tables those that move. What was written counts for a table when it
// is durable, long after the job's line has it.
func (b *bar) tableLines(s launcher.Status, tables []launcher.Table, now time.Time) []string {
	if b.byTable == nil {
		b.byTable = map[string]*rates{}
	}
	all := make([]tableLine, len(tables))
	for i, t := range tables {
		r := b.byTable[t.Name]
		if r == nil {
			r = &rates{}
			b.byTable[t.Name] = r
		}
		all[i] = tableLine{t, r.add(now, launcher.Status{State: s.State, Written: t.Read}).rows}
	}
	left := 0
	if len(all) > tablesShown {
		slices.SortStableFunc(all, func(a, b tableLine) int {
			return cmp.Or(cmp.Compare(b.rate, a.rate), cmp.Compare(b.Read, a.Read))
		})
		all, left = all[:tablesShown], len(all)-tablesShown
		slices.SortFunc(all, func(a, b tableLine) int { return strings.Compare(a.Name, b.Name) })
	}
	var lines []string
	for _, t := range all {
		line := fmt.Sprintf("  %s |%s| %s rows  %s rows/s", t.Name, shareBar(t.Read, s.Read), humanize.Comma(t.Read), humanize.Comma(int64(t.rate)))
		if t.Errors > 0 {
			line += "  " + humanize.Comma(t.Errors) + " dirty"
		}
		lines = append(lines, line)
	}
	if left > 0 {
		lines = append(lines, fmt.Sprintf("  and %s more tables", humanize.Comma(int64(left))))
	}
	return lines
}
