package sqlkit

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

const specVersion = 2

// Spec is what the Spec of a split holds: which rows of which table it is, and
// in which order they are read.
type Spec struct {
	V int `json:"v"`

	Connection int          `json:"connection,omitempty"` // place in the job's list
	Table      *record.Name `json:"table,omitempty"`      // nil: the job's statement

	Kind   string   `json:"kind"`             // [All], [Range], [Mod] or [Pages]
	Column string   `json:"column,omitempty"` // by which it is split
	Of     string   `json:"of,omitempty"`     // range: what the bounds are, a name of [boundKinds]; "": whole numbers
	From   string   `json:"from,omitempty"`   // range: least key; "": no bound
	To     string   `json:"to,omitempty"`     // range: the key after the largest; "": no bound
	End    string   `json:"end,omitempty"`    // range: largest key, of the last split of explicit bounds
	Nulls  bool     `json:"nulls,omitempty"`  // takes the rows whose key is NULL as well
	N      int      `json:"n,omitempty"`      // mod: how many splits there are
	I      int      `json:"i,omitempty"`      // mod: which of them this is
	Floor  bool     `json:"floor,omitempty"`  // mod: the key may have a fraction
	Pages  string   `json:"pages,omitempty"`  // pages: the condition, as the system spells it
	Key    []string `json:"key,omitempty"`    // columns that the rows are read in order of; none: no order
	Unique bool     `json:"unique,omitempty"` // no two rows have the same key
	Most   int      `json:"most,omitempty"`   // rows that are read at most, see [Select]; 0: all
}

// Kinds of splits beside [Range] and [Mod].
const (
	All   = "all"   // the only one of a plan that does not split
	Pages = "pages" // by where rows are stored
)

// Predicate returns the condition that the split's rows meet, "" for all rows.
func (s *Spec) Predicate(d *Dialect) string {
	key := d.Quote(s.Column)
	var cond string
	switch s.Kind {
	case Pages:
		return s.Pages
	case Range:
		cond = s.rangePredicate(d, key)
	case Mod:
		rest := d.remainder(key, s.N, s.Floor)
		if s.I == 0 {
			cond = rest + " = 0"
		} else {
			cond = fmt.Sprintf("%s IN (%d, %d)", rest, s.I, s.I-s.N)
		}
	}
	if s.Nulls && cond != "" {
		cond += " OR " + key + " IS NULL"
	}
	return cond
}

func (s *Spec) rangePredicate(d *Dialect, key string) string {
	bound := func(text string) string {
		if kind, ok := boundKinds[s.Of]; ok {
			return d.Literal(Value{Kind: kind, Text: text})
		}
		return text
	}
	var cond string
	if s.From != "" {
		cond = key + " >= " + bound(s.From)
	}
	for _, c := range []struct{ op, bound string }{{" < ", s.To}, {" <= ", s.End}} {
		if c.bound == "" {
			continue
		}
		if cond != "" {
			cond += " AND "
		}
		cond += key + c.op + bound(c.bound)
	}
	return cond
}

// Splits names the splits of a plan; table tells apart the plans of several
// tables.
func Splits(table int, specs []Spec) ([]plugin.Split, error) {
	splits := make([]plugin.Split, len(specs))
	for i := range specs {
		specs[i].V = specVersion
		raw, err := json.Marshal(&specs[i])
		if err != nil {
			return nil, fmt.Errorf("encoding a split: %w", err)
		}
		id := strconv.Itoa(table) + "/" + specs[i].Kind
		if specs[i].Kind != All {
			id += "/" + strconv.Itoa(i)
		}
		splits[i] = plugin.Split{ID: id, Spec: raw}
	}
	return splits, nil
}

// ParseSpec reads a split's Spec. The error is of class PositionLost.
func ParseSpec(split plugin.Split) (Spec, error) {
	var s Spec
	if err := json.Unmarshal(split.Spec, &s); err != nil {
		return s, errclass.With(errclass.PositionLost, fmt.Errorf("reading split %q: %w", split.ID, err))
	}
	_, ordered := boundKinds[s.Of]
	numbers := ordered || s.Of == "" && isNumber(s.From) && isNumber(s.To) && isNumber(s.End)
	sound := s.Kind == All || s.Kind == Pages && s.Pages != "" || s.Kind == Range && s.Column != "" && numbers || s.Kind == Mod && s.Column != "" && s.N > 0
	if s.V != specVersion || !sound {
		return s, errclass.With(errclass.PositionLost, fmt.Errorf("split %q was planned by another version: start over with -fresh", split.ID))
	}
	return s, nil
}

// isNumber tells that a bound can go into a statement as it is.
func isNumber(bound string) bool {
	for i := range len(bound) {
		if c := bound[i]; (c < '0' || c > '9') && !(i == 0 && c == '-' && len(bound) > 1) {
			return false
		}
	}
	return true
}

// boundKinds are the bounds of range splits that are no numbers, as [Spec.Of]
// has them. They are put into statements as literals.
var boundKinds = map[string]record.Kind{
	"text": record.String, "date": record.Date, "datetime": record.Datetime, "timestamp": record.Timestamp,
}

// CanSplitBy tells whether a column of kind k can be split by as a number; one
// of kind Any can if its [TableColumn.Numbers] says so.
func CanSplitBy(k record.Kind) bool {
	switch k {
	case record.Int64, record.Uint64, record.Decimal, record.Float32, record.Float64, record.Any:
		return true
	}
	return false
}
