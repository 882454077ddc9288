package plugintest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/record"
)

// Cells spells a row's data columns canonically, each as kind and text
// ("int64 5", "string abc", "null", "absent"), with the text of
// [record.Row.AppendText]. A row that is no insert has its op as one more,
// first cell ("op delete").
func Cells(r record.Row) []string {
	return spell(r, func(c int) string {
		switch k := r.Kind(c); k {
		case record.Null, record.Absent:
			return k.String()
		default:
			return k.String() + " " + string(r.AppendText(nil, c))
		}
	})
}

// Texts is [Cells] without the kinds: text alone, NULL and ABSENT in capitals.
func Texts(r record.Row) []string {
	return spell(r, func(c int) string {
		switch k := r.Kind(c); k {
		case record.Null, record.Absent:
			return strings.ToUpper(k.String())
		default:
			return string(r.AppendText(nil, c))
		}
	})
}

func spell(r record.Row, cell func(c int) string) []string {
	row := make([]string, 0, r.Schema().Data+1)
	if r.Op() != record.Insert {
		row = append(row, "op "+r.Op().String())
	}
	for c := range r.Schema().Data {
		row = append(row, cell(c))
	}
	return row
}

// BatchCells returns the [Cells] of every row of b.
func BatchCells(b *record.Batch) [][]string {
	rows := make([][]string, b.Len())
	for i := range rows {
		rows[i] = Cells(b.Row(i))
	}
	return rows
}

// Same compares rows as a multiset and returns "" or what is missing and what
// is too much, shortened.
func Same(want, got [][]string) string {
	count := map[string]int{}
	for _, r := range want {
		count[key(r)]++
	}
	for _, r := range got {
		count[key(r)]--
	}
	var missing, extra []string
	for k, n := range count {
		for ; n > 0; n-- {
			missing = append(missing, k)
		}
		for ; n < 0; n++ {
			extra = append(extra, k)
		}
	}
	if len(missing)+len(extra) == 0 {
		return ""
	}
	return fmt.Sprintf("%d rows of %d are missing%s; %d of %d are too much%s",
		len(missing), len(want), sample(missing), len(extra), len(got), sample(extra))
}

// SameOrder is [Same] for rows whose order counts.
func SameOrder(want, got [][]string) string {
	if diff := Same(want, got); diff != "" {
		return diff
	}
	for i := range want {
		if !slices.Equal(want[i], got[i]) {
			return fmt.Sprintf("the same rows in another order: row %d is %s, want %s", i, shorten(key(got[i])), shorten(key(want[i])))
		}
	}
	return ""
}

// subsequence returns the index of the first row of got that is not where all
// lists it, or -1.
func subsequence(all, got [][]string) int {
	at := 0
	for i, row := range got {
		for at < len(all) && !slices.Equal(all[at], row) {
			at++
		}
		if at == len(all) {
			return i
		}
		at++
	}
	return -1
}

func key(row []string) string { return fmt.Sprintf("%q", row) }

func sample(rows []string) string {
	if len(rows) == 0 {
		return ""
	}
	slices.Sort(rows)
	return " (" + shorten(rows[0]) + " ...)"
}

func shorten(s string) string {
	if len(s) > 300 {
		return s[:300] + "..."
	}
	return s
}
