package sqlservercdc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// capture is how the changes of a capture instance are read.
type capture struct {
	instance string
	modified string // what the change table was when this was made
	schema   *record.Schema
	columns  []record.Column // of the stream: the data columns, then the marks of a change
	selected string          // its SELECT list
	bits     []int           // of each data column, in the mask of an update
	large    []largeness     // of each data column
	anyLarge bool
	copied   []sqlkit.Column // of the table, for the data columns; nil: nothing is copied of it
}

// largeness says what the change tables have of a type's values, as the
// documentation of cdc.<capture_instance>_CT has it.
type largeness uint8

const (
	plain   largeness = iota
	large             // max: not as it was before an update that left it alone
	foreign           // text, ntext, image: not as it was before an update or delete
)

func largenessOf(native string) largeness {
	switch name := mssqlkit.TypeName(native); {
	case name == "text" || name == "ntext" || name == "image":
		return foreign
	case strings.HasSuffix(native, "(max)"), name == "xml", name == "json", name == "geography", name == "geometry":
		return large
	}
	return plain
}

// marks are the columns that say what a change is, after the data columns.
var marks = []record.Column{
	mssqlkit.Column("__$start_lsn", "binary(10)", false),
	mssqlkit.Column("__$seqval", "binary(10)", false),
	mssqlkit.Column("__$operation", "int", false),
	mssqlkit.Column("__$update_mask", "varbinary(128)", true),
}

const (
	markCommit = iota
	markSequence
	markOperation
	markMask
)

// capture asks what an instance has.
func (s *server) capture(ctx context.Context, database string, in instance, meta []record.Column) (*capture, error) {
	fail := func(err error) (*capture, error) {
		return nil, fmt.Errorf("reading the definition of capture instance %s: %w", in.name, err)
	}
	changes, err := s.Table(ctx, record.Name{Schema: "cdc", Table: changeTable(in.name)})
	if err != nil {
		return fail(granted(err))
	}
	computed, err := s.names(ctx, sqlComputed(in.object))
	if err != nil {
		return fail(err)
	}
	key, err := s.names(ctx, sqlKey(in.object))
	if err != nil {
		return fail(err)
	}
	source, err := s.Table(ctx, record.Name{Schema: in.schema, Table: in.table})
	if err != nil && !errors.Is(err, sqlkit.ErrNoTable) {
		return fail(err)
	}
	name := record.Name{Database: database, Schema: in.schema, Table: in.table}
	return newCapture(in, name, changes.Columns, computed, key, source, meta), nil
}

func newCapture(in instance, name record.Name, changes []sqlkit.TableColumn, computed, key []string, source *sqlkit.Table, meta []record.Column) *capture {
	c := &capture{instance: in.name, modified: in.modified, schema: &record.Schema{Name: name}}
	var list []string
	ordinal := 0
	for i := range changes {
		col := &changes[i]
		if strings.HasPrefix(col.Name, "__$") {
			continue
		}
		ordinal++
		if slices.Contains(computed, col.Name) {
			continue
		}
		expression := col.Select
		if expression == "" {
			expression = mssqlkit.Dialect.Quote(col.Name)
		}
		list = append(list, expression)
		c.columns = append(c.columns, col.Column)
		c.bits = append(c.bits, ordinal)
		c.large = append(c.large, largenessOf(col.Native))
		c.anyLarge = c.anyLarge || c.large[len(c.large)-1] != plain
		c.schema.Columns = append(c.schema.Columns, asInSource(col.Column, source))
	}
	for i := range marks {
		list = append(list, mssqlkit.Dialect.Quote(marks[i].Name))
	}
	c.selected = strings.Join(list, ", ")
	c.schema.Data = len(c.columns)
	c.columns = append(c.columns, marks...)
	c.schema.Key = keyOf(c.schema.Columns, key)
	c.schema.Columns = append(c.schema.Columns, meta...)
	if source != nil {
		c.schema.Comment = source.Comment
	}
	return c
}

// asInSource completes a change table's column by the captured one: whether it
// may be NULL, its comment, and rowversion, which the change table has as a
// binary.
func asInSource(c record.Column, source *sqlkit.Table) record.Column {
	c.Nullable = true
	if source == nil {
		return c
	}
	for i := range source.Columns {
		s := &source.Columns[i]
		if s.Name != c.Name {
			continue
		}
		c.Nullable, c.Comment = s.Nullable, s.Comment
		if name := mssqlkit.TypeName(s.Native); name == "timestamp" || name == "rowversion" {
			c.Native, c.Length = s.Native, s.Length
		}
	}
	return c
}

// keyOf finds the columns of the index that tells rows apart; nil if one of
// them is not captured.
func keyOf(columns []record.Column, names []string) []int {
	var key []int
	for _, name := range names {
		i := slices.IndexFunc(columns, func(c record.Column) bool { return c.Name == name })
		if i < 0 {
			return nil
		}
		key = append(key, i)
	}
	return key
}

// statement reads a span of the instance in the order of its changes.
func (c *capture) statement(from, to lsn) string {
	return "SELECT " + c.selected + " FROM [cdc]." + mssqlkit.Dialect.Quote("fn_cdc_get_all_changes_"+c.instance) +
		"(" + from.literal() + ", " + to.literal() + ", N'all update old') ORDER BY [__$start_lsn], [__$seqval], [__$operation]"
}

// changed tells from the mask of an update whether it has touched a data
// column. The first column is the lowest bit of the last byte.
func (c *capture) changed(mask []byte, column int) bool {
	bit := c.bits[column] - 1
	at := len(mask) - 1 - bit/8
	return at >= 0 && mask[at]&(1<<(bit%8)) != 0
}

// sameShape tells that rows of two schemas look the same.
func sameShape(a, b *record.Schema) bool {
	return a.Data == b.Data && slices.Equal(a.Key, b.Key) && slices.EqualFunc(a.Columns, b.Columns, func(x, y record.Column) bool {
		return x.Name == y.Name && x.Native == y.Native && x.Kind == y.Kind
	})
}
