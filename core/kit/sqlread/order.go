package sqlread

import (
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// order is in which order rows are read.
type order struct {
	key    []string // as the table spells its columns; none: in no order
	unique bool     // no two rows are equal in it
}

// order says in which order a split is read: in that which the job asks for, or
// else in that of the primary key, which systems store rows in or can follow.
// Where range splits are cut by another index, its order is taken, followed by
// the primary key.
func (o *origin) order(cfg *sqlkit.ReaderConfig, spec *sqlkit.Spec) order {
	switch by := unquoted(cfg.OrderByColumn); {
	case by != "":
		return o.orderBy(o.field(by))
	case o.table == nil, spec.Kind == sqlkit.Pages:
		return order{}
	}
	primary := o.sortable(o.primary())
	if spec.Kind != sqlkit.Range || len(primary) > 0 && strings.EqualFold(primary[0], spec.Column) {
		return order{primary, len(primary) > 0}
	}
	f, x := o.field(spec.Column), o.leading(spec.Column)
	var key []string
	switch {
	case x == nil:
		return order{primary, len(primary) > 0}
	case f == nil || !f.Sorts || f.Nullable && spec.Nulls:
		return order{}
	case x.Key() && len(x.Columns) == 1:
		key = []string{f.Name}
	case len(primary) == 0:
		return order{}
	default:
		key = append([]string{f.Name}, without(primary, f.Name)...)
	}
	return order{key, true}
}

// orderBy is the order that the job asks for.
func (o *origin) orderBy(f *sqlkit.TableColumn) order {
	if !f.Sorts {
		return order{}
	}
	primary := o.sortable(o.primary())
	switch {
	case len(primary) == 1 && primary[0] == f.Name:
		return order{primary, true}
	case len(primary) > 0 && !f.Nullable:
		return order{append([]string{f.Name}, without(primary, f.Name)...), true}
	case f.Kind == record.String || f.Kind == record.Float64 || f.Kind == record.Any:
		return order{} // values that differ may sort as equal: 'a' and 'A', 0 and -0, 1 and 1.0
	}
	return order{[]string{f.Name}, false}
}

func without(names []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == name })
}

// sortable returns the columns as the table spells them, or nil if a position
// cannot be given in their order.
func (o *origin) sortable(names []string) []string {
	out := make([]string, 0, len(names))
	for _, n := range names {
		f := o.field(n)
		if f == nil || !f.Sorts || f.Nullable {
			return nil
		}
		out = append(out, f.Name)
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
