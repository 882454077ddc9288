package torture

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
)

// contents is a table: how often it has each row, a row being its columns in the
// order of their names.
type contents map[string]int

// add adds a row, its values in any order.
func (c contents) add(values map[string]*string, n int) {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(values)) {
		v := "NULL"
		if p := values[name]; p != nil {
			v = shortened(*p)
		}
		fmt.Fprintf(&b, "%s=%s ", name, v)
	}
	row := b.String()
	if c[row] += n; c[row] == 0 {
		delete(c, row)
	}
}

// shortened spells a value; of a long one it shows the begin and a sum of the whole.
func shortened(v string) string {
	const most = 60
	if len(v) <= most {
		return fmt.Sprintf("%q", v)
	}
	return fmt.Sprintf("%q... (%d bytes, %x)", v[:16], len(v), sha256.Sum256([]byte(v)))
}

// columns asks a database for a table's columns; those that were added are
// shown as the text that they are.
func (d *database) columns(t *table) ([]column, error) {
	where := "table_schema = 'public'"
	if d.product == mysql {
		where = "table_schema = DATABASE()"
	}
	rows, err := d.ask("SELECT column_name FROM information_schema.columns WHERE " + where + " AND table_name = '" + t.name + "' ORDER BY ordinal_position")
	if err != nil {
		return nil, err
	}
	var list []column
	for _, r := range rows {
		c := column{*r[0], word}
		if i := slices.IndexFunc(t.columns, func(k column) bool { return k.name == c.name }); i >= 0 {
			c.kind = t.columns[i].kind
		}
		list = append(list, c)
	}
	return list, nil
}

// contents reads a table.
func (d *database) contents(t *table) (contents, error) {
	columns, err := d.columns(t)
	if err != nil {
		return nil, err
	}
	texts := make([]string, len(columns))
	for i, c := range columns {
		texts[i] = fmt.Sprintf(c.kind.show[d.product], quote(d.product, c.name))
	}
	rows, err := d.ask("SELECT " + strings.Join(texts, ", ") + " FROM " + quote(d.product, t.name))
	if err != nil {
		return nil, err
	}
	all := contents{}
	for _, r := range rows {
		values := map[string]*string{}
		for i, v := range r {
			if v != nil && columns[i].kind.parse != nil {
				text := columns[i].kind.parse(*v)
				v = &text
			}
			values[columns[i].name] = v
		}
		all.add(values, 1)
	}
	return all, nil
}

// differences tells how two tables differ, at most some of it.
func differences(want, got contents) []string {
	const most, width = 12, 600
	var list []string
	for row, n := range want {
		if got[row] != n {
			list = append(list, fmt.Sprintf("%.*s: %d times at the source, %d at the target", width, row, n, got[row]))
		}
	}
	for row, n := range got {
		if _, known := want[row]; !known {
			list = append(list, fmt.Sprintf("%.*s: not at the source, %d times at the target", width, row, n))
		}
	}
	sort.Strings(list)
	if n := len(list); n > most {
		list = append(list[:most], fmt.Sprintf("and %d more", n-most))
	}
	return list
}
