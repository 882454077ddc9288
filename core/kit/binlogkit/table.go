package binlogkit

import (
	"errors"
	"fmt"
	"slices"

	"github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// Options say how tables are read.
type Options struct {
	TinyBool   bool              // tinyint(1) is a truth value
	ZeroNull   bool              // zero dates are NULL; else they are bad values
	MariaDB    bool              // spells types as MariaDB does
	Collations map[uint64]string // character sets by the numbers of their collations
	Meta       []record.Column   // metadata columns, appended to every schema
	// Intern returns the schema to use for one of this shape.
	Intern func(*record.Schema) *record.Schema
}

// Table is how the row images of one table map are read. It is immutable and
// used by one goroutine.
type Table struct {
	Schema  *record.Schema
	columns []column
	lastKey int // index in columns of the last key column; -1: none
	jsons   int // columns of type JSON
	zero    bool
	unsaid  *record.Batch // one row: what an insert gives columns that it does not say
}

// column is one column of the log; not all are emitted.
type column struct {
	op     op
	prefix uint8 // bytes of the length before the value; 0: width says it
	width  int   // bytes of the value
	scale  uint8 // digits of a second's fraction, or of a decimal's
	digits uint8 // of a decimal
	at     int   // index in the schema; -1: hidden
	key    bool
	text   *decoder // nil: UTF-8 as it is
	names  [][]byte // of an enum or a set, in UTF-8
	name   string
}

// ErrUndefined says that the columns of a table are not known at a place of
// the log.
var ErrUndefined = errors.New("the table's columns are not known at this place of the log")

// Plan says how the rows of a table map are read. def is the table's
// definition at that place, nil if it is not known; it is not needed where the
// map has full metadata, and must agree with the map where it has none. The
// error of a table whose columns are not known is [ErrUndefined].
func Plan(e *replication.TableMapEvent, def *Definition, o *Options) (t *Table, err error) {
	defer recovered(&err)
	if err := checkMap(e); err != nil {
		return nil, err
	}
	now, err := resolve(e, def, o)
	if err != nil {
		return nil, err
	}
	key := keyOf(e, now, def)
	t = &Table{columns: make([]column, len(now.Columns)), lastKey: -1, zero: o.ZeroNull}
	schema := &record.Schema{Name: now.Name(), Comment: now.Comment}
	for i := range now.Columns {
		c := &t.columns[i]
		c.at, c.key = -1, slices.Contains(key, i)
		described := now.Columns[i].Describe(o.TinyBool)
		if err := c.plan(e, i, &now.Columns[i], described.Kind); err != nil {
			return nil, fmt.Errorf("table %s: column %q: %w", now.Name(), now.Columns[i].Name, err)
		}
		if c.op == opJSON {
			t.jsons++
		}
		if c.key {
			t.lastKey = i
		}
		if !now.Columns[i].Hidden || c.key {
			c.at = len(schema.Columns)
			schema.Columns = append(schema.Columns, described)
		}
	}
	for _, i := range key {
		schema.Key = append(schema.Key, t.columns[i].at)
	}
	schema.Data = len(schema.Columns)
	schema.Columns = append(schema.Columns, o.Meta...)
	t.Schema = o.Intern(schema)
	t.unsaid = unsaid(t.Schema, now.Columns, func(i int) int { return t.columns[i].at }, o)
	return t, nil
}

// recovered makes an error of a panic: the client's parser indexes into the
// metadata of a map without looking.
func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%w: its table map: %v", errMalformed, r)
	}
}

// SchemaOf returns the shape of the rows of a definition.
func SchemaOf(def *Definition, o *Options) *record.Schema {
	key := def.Key()
	s := &record.Schema{Name: def.Name(), Comment: def.Comment}
	for i := range def.Columns {
		c := &def.Columns[i]
		isKey := slices.ContainsFunc(key, func(k string) bool { return def.Column(k) == i })
		if !c.Hidden || isKey {
			s.Columns = append(s.Columns, c.Describe(o.TinyBool))
		}
	}
	for _, k := range key {
		s.Key = append(s.Key, s.Index(def.Columns[def.Column(k)].Name))
	}
	s.Data = len(s.Columns)
	s.Columns = append(s.Columns, o.Meta...)
	return o.Intern(s)
}

// checkMap looks at what the client's parser takes on trust.
func checkMap(e *replication.TableMapEvent) error {
	if n := int(e.ColumnCount); len(e.ColumnType) != n || len(e.ColumnMeta) != n || len(e.ColumnName) != 0 && len(e.ColumnName) != n {
		return errMalformed
	}
	for _, t := range e.ColumnType {
		if t == typeBlobCompressed || t == typeVarcharCompressed {
			return errclass.With(errclass.Config, errors.New("compressed columns (COMPRESSED) cannot be read from the log: remove the attribute, or leave the table out"))
		}
	}
	return nil
}

// MariaDB's types of columns that are stored compressed.
const (
	typeBlobCompressed    = 140
	typeVarcharCompressed = 141
)

// keyOf returns the indices of the key's columns, in key order.
func keyOf(e *replication.TableMapEvent, now, def *Definition) []int {
	if len(e.PrimaryKey) > 0 && len(e.ColumnName) > 0 {
		var key []int
		for _, i := range e.PrimaryKey {
			if i >= uint64(len(now.Columns)) {
				return nil
			}
			key = append(key, int(i))
		}
		return key
	}
	if def == nil {
		return nil
	}
	var key []int
	for _, name := range def.Key() {
		i := now.Column(name)
		if i < 0 || now.Columns[i].Nullable {
			return nil
		}
		key = append(key, i)
	}
	return key
}

// resolve makes a table's definition of what the log and its history say.
func resolve(e *replication.TableMapEvent, def *Definition, o *Options) (*Definition, error) {
	now := &Definition{Database: string(e.Schema), Table: string(e.Table)}
	if def != nil {
		now.Database, now.Table, now.Comment = def.Database, def.Table, def.Comment
	}
	n := int(e.ColumnCount)
	if len(e.ColumnName) == 0 {
		if def == nil || len(def.Columns) != n {
			return nil, fmt.Errorf("table %s.%s: %w", e.Schema, e.Table, ErrUndefined)
		}
		for i := range def.Columns {
			if !fits(&def.Columns[i], typeOf(e, i), e.ColumnMeta[i]) {
				return nil, fmt.Errorf("table %s.%s: column %q (%s) is another one there: %w", e.Schema, e.Table, def.Columns[i].Name, def.Columns[i].Type, ErrUndefined)
			}
		}
		now.Columns = def.Columns
		return now, nil
	}
	said := newSaid(e, o)
	now.Columns = make([]Column, n)
	for i := range now.Columns {
		now.Columns[i] = said.column(i)
		if def == nil {
			continue
		}
		if at := def.Column(now.Columns[i].Name); at >= 0 {
			now.Columns[i] = said.join(i, now.Columns[i], def.Columns[at])
		}
	}
	return now, nil
}

// typeOf returns the type of a column in the log; those of an enum and a set
// stand where a text's length does.
func typeOf(e *replication.TableMapEvent, i int) byte {
	t := e.ColumnType[i]
	if t == mysql.MYSQL_TYPE_STRING {
		if real := byte(e.ColumnMeta[i] >> 8); real == mysql.MYSQL_TYPE_ENUM || real == mysql.MYSQL_TYPE_SET {
			return real
		}
	}
	return t
}

// stringBytes is the longest value of a fixed text: its length's high bits are
// kept, inverted, in those of its type.
func stringBytes(meta uint16) int {
	return int(meta&0xff) | int((meta>>4)&0x300^0x300)
}

// fits tells whether a column of a definition can be what the log has there.
func fits(c *Column, wire byte, meta uint16) bool {
	w := word(c.Type)
	t, known := typeWords[w]
	if !known || !slices.Contains(t.wire, wire) {
		return false
	}
	args := arguments(c.Type)
	switch wire {
	case mysql.MYSQL_TYPE_NEWDECIMAL:
		d := c.Describe(false)
		return d.Precision == int(meta>>8) && d.Scale == int(meta&0xff)
	case mysql.MYSQL_TYPE_TIME2, mysql.MYSQL_TYPE_DATETIME2, mysql.MYSQL_TYPE_TIMESTAMP2:
		return len(args) == 0 && meta == 0 || len(args) == 1 && args[0] == int(meta)
	case mysql.MYSQL_TYPE_BLOB:
		return blobPrefix[w] == int(meta)
	case mysql.MYSQL_TYPE_BIT:
		bits := int(meta>>8)*8 + int(meta&0xff)
		return len(args) == 1 && args[0] == bits || len(args) == 0 && bits == 1
	}
	return true
}

// blobPrefix is how many bytes the length of such a value takes.
var blobPrefix = map[string]int{"tinytext": 1, "tinyblob": 1, "text": 2, "blob": 2, "mediumtext": 3, "mediumblob": 3, "longtext": 4, "longblob": 4}

// Width is the number of columns in the log.
func (t *Table) Width() int { return len(t.columns) }

// Learn makes a definition of a table map with full metadata; nil if it has none.
func Learn(e *replication.TableMapEvent, o *Options) (d *Definition) {
	var err error
	defer recovered(&err)
	if len(e.ColumnName) == 0 {
		return nil
	}
	if d, err = resolve(e, nil, o); err != nil {
		return nil
	}
	if len(e.PrimaryKey) > 0 {
		x := Index{Name: "PRIMARY", Primary: true}
		for n, i := range e.PrimaryKey {
			if i >= uint64(len(d.Columns)) {
				return nil
			}
			x.Columns = append(x.Columns, d.Columns[i].Name)
			x.Prefixes = x.Prefixes || n < len(e.PrimaryKeyPrefix) && e.PrimaryKeyPrefix[n] > 0
		}
		d.Indexes = []Index{x}
	}
	return d
}
