package mysql

import (
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// order says in which order a split is read, and whether no two rows are equal
// in it; no columns: in none. ranged is the column of range splits, or "".
//
// The primary key is the order that InnoDB stores rows in. Where range splits
// are cut by another index, its order is taken, followed by the primary key
// that InnoDB keeps in each index anyway.
func (o *origin) order(cfg *Config, ranged string) (key []string, unique bool) {
	if by := unquoted(cfg.OrderByColumn); by != "" {
		return o.orderBy(o.find(by).name)
	}
	if o.table == nil {
		return nil, false
	}
	primary := o.sortable(o.primary())
	if ranged == "" || len(primary) > 0 && strings.EqualFold(primary[0], ranged) {
		return primary, len(primary) > 0
	}
	x := o.leading(ranged)
	switch name := o.find(ranged).name; {
	case x == nil:
		return primary, len(primary) > 0
	case x.Unique && !x.Nullable && !x.Prefixes && len(x.Columns) == 1:
		key = []string{name}
	case len(primary) == 0 || o.find(name).nullable:
		return nil, false
	default:
		key = append([]string{name}, without(primary, name)...)
	}
	if key = o.sortable(key); key == nil {
		return nil, false
	}
	return key, true
}

// orderBy is the order that the job asks for.
func (o *origin) orderBy(name string) ([]string, bool) {
	f := o.find(name)
	if !f.sorts {
		return nil, false
	}
	primary := o.sortable(o.primary())
	switch {
	case len(primary) == 1 && primary[0] == name:
		return primary, true
	case len(primary) > 0 && !f.nullable:
		break
	case f.kind == record.String || f.kind == record.Float64:
		return nil, false // values that differ may sort as equal: 'a' and 'A', 0 and -0
	default:
		return []string{name}, false
	}
	return append([]string{name}, without(primary, name)...), true
}

func without(names []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == name })
}

// primary returns the columns of the primary key, or of a unique index that
// serves as one; nil if there is none.
func (o *origin) primary() []string {
	if o.table == nil {
		return nil
	}
	for _, x := range o.table.Indexes {
		if x.Unique && !x.Nullable && !x.Prefixes && !slices.Contains(x.Columns, "") {
			return x.Columns
		}
	}
	return nil
}

// sortable returns the columns as the table spells them, or nil if a position
// cannot be given in their order.
func (o *origin) sortable(names []string) []string {
	out := make([]string, 0, len(names))
	for _, n := range names {
		f := o.find(n)
		if f == nil || !f.sorts || f.nullable {
			return nil
		}
		out = append(out, f.name)
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// leading returns the index that begins with a column, nil if there is none;
// the primary key, or else the shortest, is preferred.
func (o *origin) leading(name string) *mysqlkit.Index {
	var found *mysqlkit.Index
	if o.table == nil || name == "" {
		return nil
	}
	for i := range o.table.Indexes {
		x := &o.table.Indexes[i]
		switch {
		case !strings.EqualFold(x.Columns[0], name):
		case x.Name == mysqlkit.Primary:
			return x
		case found == nil || len(x.Columns) < len(found.Columns):
			found = x
		}
	}
	return found
}

// planner returns the planner of a split column.
func (o *origin) planner(cfg *Config, f *field, channels int) *sqlkit.Planner {
	return &sqlkit.Planner{
		Dialect: mysqlkit.Dialect, From: o.from, Where: cfg.Where, Column: f.name, Kind: f.kind, Nullable: f.nullable,
		Indexed: o.leading(f.name) != nil, Strategy: cfg.SplitStrategy, Channels: channels, Start: cfg.SplitPkStart, End: cfg.SplitPkEnd,
	}
}
