package binlogkit

import (
	"fmt"
	"strings"

	"github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"
)

// said is what a table map with full metadata says of its columns.
type said struct {
	e        *replication.TableMapEvent
	o        *Options
	unsigned map[int]bool
	texts    map[int]uint64
	members  map[int]uint64
	enums    map[int][]string
	sets     map[int][]string
	visible  map[int]bool
	shapes   map[int]uint64
}

func newSaid(e *replication.TableMapEvent, o *Options) *said {
	return &said{e: e, o: o, unsigned: e.UnsignedMap(), texts: e.CollationMap(), members: e.EnumSetCollationMap(),
		enums: e.EnumStrValueMap(), sets: e.SetStrValueMap(), visible: e.VisibilityMap(), shapes: e.GeometryTypeMap()}
}

// column describes a column by the map alone.
func (s *said) column(i int) Column {
	c := Column{Name: string(s.e.ColumnName[i])}
	_, c.Nullable = s.e.Nullable(i)
	c.Type, c.Charset = s.spell(i)
	if seen, known := s.visible[i]; known {
		c.Hidden = !seen
	}
	return c
}

// join takes from the definition what the map does not say, where both can be
// the same column.
func (s *said) join(i int, c, def Column) Column {
	def.Name, def.Nullable = c.Name, c.Nullable
	if _, known := s.visible[i]; known {
		def.Hidden = c.Hidden
	}
	if !fits(&def, typeOf(s.e, i), s.e.ColumnMeta[i]) {
		return c
	}
	// A YEAR has no sign to say, and servers say one all the same.
	if unsigned, known := s.unsigned[i]; known && unsigned != isUnsigned(def.Type) && word(def.Type) != "year" {
		return c
	}
	switch word(c.Type) {
	case "enum", "set":
		if c.Type != def.Type {
			return c
		}
	case "char", "varchar", "tinytext", "text", "mediumtext", "longtext":
		if c.Charset != def.Charset && c.Charset != "" && typeWords[word(def.Type)].kind != typeWords["inet6"].kind {
			return c
		}
		if typeWords[word(def.Type)].kind == typeWords["blob"].kind {
			return c // it was binary data before
		}
	}
	return def
}

// widths are how MariaDB spells integers, signed and unsigned.
var widths = map[byte][3]string{
	mysql.MYSQL_TYPE_TINY: {"tinyint", "(4)", "(3)"}, mysql.MYSQL_TYPE_SHORT: {"smallint", "(6)", "(5)"}, mysql.MYSQL_TYPE_INT24: {"mediumint", "(9)", "(8)"},
	mysql.MYSQL_TYPE_LONG: {"int", "(11)", "(10)"}, mysql.MYSQL_TYPE_LONGLONG: {"bigint", "(20)", "(20)"},
}

// temporals are the types that may have digits of a second's fraction.
var temporals = map[byte]string{
	mysql.MYSQL_TYPE_TIME: "time", mysql.MYSQL_TYPE_TIME2: "time", mysql.MYSQL_TYPE_DATETIME: "datetime", mysql.MYSQL_TYPE_DATETIME2: "datetime",
	mysql.MYSQL_TYPE_TIMESTAMP: "timestamp", mysql.MYSQL_TYPE_TIMESTAMP2: "timestamp",
}

// spell spells a column's type as SHOW COLUMNS would, as far as the map says it.
func (s *said) spell(i int) (native, charset string) {
	wire, meta := typeOf(s.e, i), s.e.ColumnMeta[i]
	sign := ""
	if s.unsigned[i] {
		sign = " unsigned"
	}
	if w, ok := widths[wire]; ok {
		switch {
		case !s.o.MariaDB:
			return w[0] + sign, ""
		case sign != "":
			return w[0] + w[2] + sign, ""
		}
		return w[0] + w[1], ""
	}
	if name, ok := temporals[wire]; ok {
		if meta > 0 {
			name += fmt.Sprintf("(%d)", meta)
		}
		return name, ""
	}
	switch wire {
	case mysql.MYSQL_TYPE_YEAR:
		if s.o.MariaDB {
			return "year(4)", ""
		}
		return "year", ""
	case mysql.MYSQL_TYPE_FLOAT:
		return "float" + sign, ""
	case mysql.MYSQL_TYPE_DOUBLE:
		return "double" + sign, ""
	case mysql.MYSQL_TYPE_NEWDECIMAL:
		return fmt.Sprintf("decimal(%d,%d)", meta>>8, meta&0xff) + sign, ""
	case mysql.MYSQL_TYPE_BIT:
		return fmt.Sprintf("bit(%d)", int(meta>>8)*8+int(meta&0xff)), ""
	case mysql.MYSQL_TYPE_DATE, mysql.MYSQL_TYPE_NEWDATE:
		return "date", ""
	case mysql.MYSQL_TYPE_JSON:
		return "json", ""
	case mysql.MYSQL_TYPE_VECTOR:
		return "vector", ""
	case mysql.MYSQL_TYPE_GEOMETRY:
		return s.shape(i), ""
	case mysql.MYSQL_TYPE_ENUM:
		return "enum(" + s.list(i, s.enums[i]) + ")", s.charset(s.members, i)
	case mysql.MYSQL_TYPE_SET:
		return "set(" + s.list(i, s.sets[i]) + ")", s.charset(s.members, i)
	}
	return s.text(i, wire, meta)
}

func (s *said) charset(collations map[int]uint64, i int) string {
	id, known := collations[i]
	if !known {
		return ""
	}
	if name, ok := s.o.Collations[id]; ok {
		return name
	}
	return fmt.Sprintf("collation %d", id)
}

func (s *said) list(i int, names []string) string {
	d, _ := newDecoder(s.charset(s.members, i))
	quoted := make([]string, len(names))
	for n, name := range names {
		if d != nil {
			if text, err := d.append(nil, []byte(name)); err == nil {
				name = string(text)
			}
		}
		quoted[n] = quoteMember(name)
	}
	return strings.Join(quoted, ",")
}

// shapeNames are the geometry types by number.
var shapeNames = [...]string{"geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon", "geometrycollection"}

func (s *said) shape(i int) string {
	if n := s.shapes[i]; n < uint64(len(shapeNames)-1) || n == uint64(len(shapeNames)-1) && s.o.MariaDB {
		return shapeNames[n]
	} else if n == uint64(len(shapeNames)-1) {
		return "geomcollection"
	}
	return "geometry"
}

// sizes are the words that a text's length in bytes is told by.
var sizes = map[uint16]string{1: "tiny", 2: "", 3: "medium", 4: "long"}

// wide is how many bytes a character takes at most; 1 where it is not here.
var wide = map[string]int{"utf8mb4": 4, "utf8mb3": 3, "utf8": 3, "gbk": 2, "gb2312": 2, "big5": 2, "sjis": 2, "cp932": 2, "euckr": 2, "ucs2": 2,
	"ujis": 3, "eucjpms": 3, "utf16": 4, "utf16le": 4, "utf32": 4, "gb18030": 4}

func (s *said) text(i int, wire byte, meta uint16) (native, charset string) {
	charset = s.charset(s.texts, i)
	binary := charset == "binary" || charset == ""
	if wire == mysql.MYSQL_TYPE_BLOB {
		if binary {
			return sizes[meta] + "blob", ""
		}
		return sizes[meta] + "text", charset
	}
	length := int(meta)
	if wire == mysql.MYSQL_TYPE_STRING {
		length = stringBytes(meta)
	}
	name := "varchar"
	switch {
	case binary && wire == mysql.MYSQL_TYPE_STRING:
		name = "binary"
	case binary:
		name = "varbinary"
	case wire == mysql.MYSQL_TYPE_STRING:
		name = "char"
	}
	if binary {
		charset = ""
	}
	return fmt.Sprintf("%s(%d)", name, length/max(wide[charset], 1)), charset
}
