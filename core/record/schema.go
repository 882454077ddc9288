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
}
