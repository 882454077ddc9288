package record

import (
	"strings"
	"time"
)

// Name is a table's full name; parts that a system does not have are "".
type Name struct{ Database, Schema, Table string }

// String joins the parts that are there with dots.
func (n Name) String() string {
	parts := make([]string, 0, 3)
	for _, p := range []string{n.Database, n.Schema, n.Table} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, ".")
}

// Column describes one column of a schema.
type Column struct {
	Name                     string
	Kind                     Kind   // every cell is of this kind, Null or Absent; under Any each cell has its own
	Native                   string // as the source spells the type: "bigint(20) unsigned"; "" if it has none
	Length, Precision, Scale int    // 0: unknown; for times Scale is the number of fractional digits
	Nullable                 bool
	Comment                  string // as the source has it, for tables that are created
}

// Schema is the shape of rows. It is immutable and interned by its Source:
// the same pointer means the same shape, so that conversion plans and
// statements can be cached by pointer.
type Schema struct {
	Name    Name
	Columns []Column
	Data    int   // Columns[:Data] are the table's, Columns[Data:] metadata (see Meta)
	Key     []int // indices of the key columns, in key order; nil: none known
	Comment string
}

// NewSchema returns a schema of data columns only.
func NewSchema(name Name, columns []Column, key ...int) *Schema {
	return &Schema{Name: name, Columns: columns, Data: len(columns), Key: key}
}

// Index returns the index of the column called name, metadata included, or -1.
func (s *Schema) Index(name string) int {
	for i := range s.Columns {
		if s.Columns[i].Name == name {
			return i
		}
	}
	return -1
}

// ChangeKind is what a schema change did.
type ChangeKind uint8

const (
	Other ChangeKind = iota
	Create
	Alter
	Drop
	Rename
	Truncate
)

// Change is a schema change at the source: a Source hands it over after the
// rows that came before it. From is nil for Create, To for Drop; both are nil
// where the statement changes no table's columns, or none that is read.
type Change struct {
	Kind     ChangeKind
	Name     Name // of the table, before a rename; its Table is "" for a change of a whole schema
	From, To *Schema
	SQL      string    // as the source spelled it; "" if it has no statement
	LSN      string    // its place in the source's log, as the metadata column _lsn spells it; "" if it has none
	At       time.Time // when the source committed it; zero: unknown
	Columns  []ColumnChange
	Snapshot bool // of Create: the table as the stream found it, which no statement has made there
}

// ColumnChange is what a schema change says of a column of To beside its
// shape. A column that has none has changed in nothing but that, or its source
// does not tell.
type ColumnChange struct {
	Column  int     // index into To.Columns
	Added   bool    // the change has made it: it is no other one under a new name
	Fill    Default // of an added one: what the rows have that were there before
	Default Default // what rows have from now on that are inserted without it
}

// Default is a value that a column has by itself.
type Default struct {
	Kind DefaultKind
	Text string // of Constant, as [Row.AppendText] spells a value of the column's kind; raw bytes of Bytes
}

// DefaultKind is what is known of a default.
type DefaultKind uint8

const (
	Untold   DefaultKind = iota // nothing
	Nothing                     // there is none: NULL
	Constant                    // one value for all rows
	Computed                    // an expression, or a constant that is not known here
)
