package sqlitekit

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// Affinity is the storage that a column prefers, https://sqlite.org/datatype3.html.
type Affinity uint8

const (
	NoAffinity Affinity = iota // BLOB: values stay as they are
	TextAffinity
	NumericAffinity
	IntegerAffinity
	RealAffinity
)

// AffinityOf applies SQLite's five rules to a declared type.
func AffinityOf(declared string) Affinity {
	d := strings.ToUpper(declared)
	has := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(d, w) {
				return true
			}
		}
		return false
	}
	switch {
	case has("INT"):
		return IntegerAffinity
	case has("CHAR", "CLOB", "TEXT"):
		return TextAffinity
	case d == "" || has("BLOB"):
		return NoAffinity
	case has("REAL", "FLOA", "DOUB"): //nolint:misspell // the rule's own spelling
		return RealAffinity
	}
	return NumericAffinity
}

// TableColumn is a column of a table.
type TableColumn struct {
	Name      string
	Declared  string
	NotNull   bool
	Default   bool // an insert may leave it out though it takes no NULL
	PK        int  // place in the primary key, from 1; 0: not in it
	Generated bool // computed: it cannot be written
}

// Table is the shape of a table or view.
type Table struct {
	Name    string
	Columns []TableColumn
	View    bool
	NoRowID bool           // WITHOUT ROWID: rows lie in order of the primary key
	Strict  bool           // declared types are enforced
	RowID   string         // a name under which the rowid can be selected; "" if there is none
	Alias   int            // the column that is the rowid (INTEGER PRIMARY KEY), or -1
	Indexes []sqlkit.Index // the primary key first; the rowid is none of them
}

// Table describes a table. An unknown one is an error of class Config that
// lists the tables there are, and an sqlkit.ErrNoTable.
func (c *Conn) Table(ctx context.Context, name string) (*Table, error) {
	t := &Table{Name: name, Alias: -1}
	found := false
	lit := textLiteral(name)
	err := c.Rows(ctx, "SELECT name, type, wr, strict FROM pragma_table_list("+lit+") WHERE schema = 'main'", func(row []*string) error {
		found = true
		t.Name, t.View, t.NoRowID, t.Strict = *row[0], *row[1] == "view", *row[2] == "1", *row[3] == "1"
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("describing table %s: %w", name, err)
	}
	if !found {
		return nil, c.unknownTable(ctx, name)
	}
	err = c.Rows(ctx, `SELECT name, type, "notnull", pk, hidden, dflt_value FROM pragma_table_xinfo(`+lit+`) ORDER BY cid`, func(row []*string) error {
		if *row[4] == "1" {
			return nil // a virtual table's hidden column: not part of *
		}
		pk := 0
		if _, err := fmt.Sscan(*row[3], &pk); err != nil {
			return err
		}
		t.Columns = append(t.Columns, TableColumn{Name: *row[0], Declared: *row[1], NotNull: *row[2] == "1", Default: row[5] != nil, PK: pk, Generated: *row[4] != "0"})
		return nil
	})
	if err == nil {
		err = c.indexes(ctx, t)
	}
	if err != nil {
		return nil, fmt.Errorf("describing table %s: %w", name, err)
	}
	t.nameRowID()
	return t, nil
}

// indexes reads the indexes, and notes whether the primary key has one: an
// INTEGER PRIMARY KEY has none, it is the rowid.
func (c *Conn) indexes(ctx context.Context, t *Table) error {
	indexed := false
	query := `SELECT l.name, l."unique", l.origin, l.partial, i.name FROM pragma_index_list(` + textLiteral(t.Name) + `) l, pragma_index_info(l.name) i ORDER BY l.seq, i.seqno`
	err := c.Rows(ctx, query, func(row []*string) error {
		n := len(t.Indexes)
		if n == 0 || t.Indexes[n-1].Name != *row[0] {
			t.Indexes = append(t.Indexes, sqlkit.Index{Name: *row[0], Unique: *row[1] == "1", Primary: *row[2] == "pk", Partial: *row[3] == "1"})
			indexed = indexed || *row[2] == "pk"
			n++
		}
		x, column := &t.Indexes[n-1], "" // an expression
		if row[4] != nil {
			column = *row[4]
		}
		if i := t.Index(column); i >= 0 {
			x.Nullable = x.Nullable || t.Column(i).Nullable
		}
		x.Columns = append(x.Columns, column)
		return nil
	})
	slices.SortStableFunc(t.Indexes, func(a, b sqlkit.Index) int {
		switch {
		case a.Primary == b.Primary:
			return 0
		case a.Primary:
			return -1
		}
		return 1
	})
	if err != nil || indexed || t.NoRowID || t.View {
		return err
	}
	for i := range t.Columns {
		if t.Columns[i].PK == 1 {
			t.Alias = i
		}
	}
	return nil
}

func (t *Table) nameRowID() {
	if t.View || t.NoRowID {
		return
	}
	for _, name := range []string{"rowid", "_rowid_", "oid"} {
		if t.Index(name) < 0 {
			t.RowID = name
			return
		}
	}
	if t.Alias >= 0 {
		t.RowID = t.Columns[t.Alias].Name
	}
}

func (c *Conn) unknownTable(ctx context.Context, name string) error {
	var tables []string
	err := c.Rows(ctx, "SELECT name FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite_%' ORDER BY name", func(row []*string) error {
		tables = append(tables, *row[0])
		return nil
	})
	if err != nil {
		return err
	}
	has := "has no tables"
	if len(tables) > 0 {
		has = "has " + strings.Join(tables, ", ")
	}
	return errclass.With(errclass.Config, fmt.Errorf("%w: %s; %s %s", sqlkit.ErrNoTable, name, c.path, has))
}

// Index returns the index of the column called name, whatever its case, or -1.
func (t *Table) Index(name string) int {
	for i := range t.Columns {
		if strings.EqualFold(t.Columns[i].Name, name) {
			return i
		}
	}
	return -1
}

// IsRowID tells that name is the rowid, under one of its names.
func (t *Table) IsRowID(name string) bool {
	if t.RowID == "" {
		return false
	}
	i := t.Index(name)
	return strings.EqualFold(name, t.RowID) || i >= 0 && i == t.Alias
}

// PrimaryKey returns the indices of the key's columns in key order, nil if there is none.
func (t *Table) PrimaryKey() []int {
	var key []int
	for n := 1; ; n++ {
		found := false
		for i := range t.Columns {
			if t.Columns[i].PK == n {
				key, found = append(key, i), true
			}
		}
		if !found {
			return key
		}
	}
}

// Column describes column i for a schema: of a kind of its own where SQLite
// enforces it, else Any.
func (t *Table) Column(i int) record.Column {
	c := &t.Columns[i]
	col := record.Column{Name: c.Name, Kind: record.Any, Native: c.Declared, Nullable: !c.NotNull}
	if i == t.Alias {
		col.Kind, col.Nullable = record.Int64, false
		return col
	}
	if t.NoRowID && c.PK > 0 {
		col.Nullable = false
	}
	if t.Strict {
		switch strings.ToUpper(c.Declared) {
		case "INT", "INTEGER":
			col.Kind = record.Int64
		case "REAL":
			col.Kind = record.Float64
		case "TEXT":
			col.Kind = record.String
		case "BLOB":
			col.Kind = record.Bytes
		}
	}
	return col
}
