package binlogkit

import (
	"strconv"
	"strings"

	"github.com/go-mysql-org/go-mysql/mysql"

	"github.com/datasync-io/datasync/core/record"
)

// declared is what a type's name says.
type declared struct {
	kind   record.Kind
	wire   []byte // types of the log that it is written as
	length int    // of a text or binary type that declares none
}

// typeWords are the types that tables are declared with, by their first word.
var typeWords = map[string]declared{
	"tinyint": {kind: record.Int64, wire: []byte{mysql.MYSQL_TYPE_TINY}}, "smallint": {kind: record.Int64, wire: []byte{mysql.MYSQL_TYPE_SHORT}},
	"mediumint": {kind: record.Int64, wire: []byte{mysql.MYSQL_TYPE_INT24}}, "int": {kind: record.Int64, wire: []byte{mysql.MYSQL_TYPE_LONG}},
	"bigint": {kind: record.Int64, wire: []byte{mysql.MYSQL_TYPE_LONGLONG}}, "year": {kind: record.Int64, wire: []byte{mysql.MYSQL_TYPE_YEAR}},
	"float": {kind: record.Float32, wire: []byte{mysql.MYSQL_TYPE_FLOAT}}, "double": {kind: record.Float64, wire: []byte{mysql.MYSQL_TYPE_DOUBLE}},
	"decimal": {kind: record.Decimal, wire: []byte{mysql.MYSQL_TYPE_NEWDECIMAL}}, "bit": {kind: record.Uint64, wire: []byte{mysql.MYSQL_TYPE_BIT}},
	"date":      {kind: record.Date, wire: []byte{mysql.MYSQL_TYPE_DATE, mysql.MYSQL_TYPE_NEWDATE}},
	"time":      {kind: record.Time, wire: []byte{mysql.MYSQL_TYPE_TIME2, mysql.MYSQL_TYPE_TIME}},
	"datetime":  {kind: record.Datetime, wire: []byte{mysql.MYSQL_TYPE_DATETIME2, mysql.MYSQL_TYPE_DATETIME}},
	"timestamp": {kind: record.Timestamp, wire: []byte{mysql.MYSQL_TYPE_TIMESTAMP2, mysql.MYSQL_TYPE_TIMESTAMP}},
	"char":      {kind: record.String, wire: []byte{mysql.MYSQL_TYPE_STRING}}, "varchar": {kind: record.String, wire: []byte{mysql.MYSQL_TYPE_VARCHAR}},
	"binary": {kind: record.Bytes, wire: []byte{mysql.MYSQL_TYPE_STRING}}, "varbinary": {kind: record.Bytes, wire: []byte{mysql.MYSQL_TYPE_VARCHAR}},
	"tinytext": {record.String, blobs, 1<<8 - 1}, "text": {record.String, blobs, 1<<16 - 1},
	"mediumtext": {record.String, blobs, 1<<24 - 1}, "longtext": {record.String, blobs, (1<<32 - 1) / 4},
	"tinyblob": {record.Bytes, blobs, 1<<8 - 1}, "blob": {record.Bytes, blobs, 1<<16 - 1},
	"mediumblob": {record.Bytes, blobs, 1<<24 - 1}, "longblob": {record.Bytes, blobs, 1<<32 - 1},
	"enum": {kind: record.String, wire: []byte{mysql.MYSQL_TYPE_ENUM}}, "set": {kind: record.String, wire: []byte{mysql.MYSQL_TYPE_SET}},
	"json": {kind: record.JSON, wire: []byte{mysql.MYSQL_TYPE_JSON}}, "vector": {kind: record.Bytes, wire: []byte{mysql.MYSQL_TYPE_VECTOR, mysql.MYSQL_TYPE_VARCHAR}},
	"uuid": {kind: record.UUID, wire: []byte{mysql.MYSQL_TYPE_STRING}}, "inet6": {kind: record.String, wire: []byte{mysql.MYSQL_TYPE_STRING}, length: 39},
	"inet4":    {kind: record.String, wire: []byte{mysql.MYSQL_TYPE_STRING}, length: 15},
	"geometry": shapes, "point": shapes, "linestring": shapes, "polygon": shapes, "multipoint": shapes, "multilinestring": shapes,
	"multipolygon": shapes, "geometrycollection": shapes, "geomcollection": shapes,
}

// narrow is how many bytes a character takes at least; 1 where it is not here.
var narrow = map[string]int{"ucs2": 2, "utf16": 2, "utf16le": 2, "utf32": 4}

var (
	blobs  = []byte{mysql.MYSQL_TYPE_BLOB}
	shapes = declared{record.Bytes, []byte{mysql.MYSQL_TYPE_GEOMETRY}, 1<<32 - 1}
)

// word returns the first word of a type, in lower case.
func word(native string) string {
	name := strings.ToLower(native)
	if i := strings.IndexAny(name, "( "); i >= 0 {
		name = name[:i]
	}
	return name
}

// arguments returns the numbers in parentheses.
func arguments(native string) []int {
	_, rest, ok := strings.Cut(native, "(")
	inside, _, closed := strings.Cut(rest, ")")
	if !ok || !closed {
		return nil
	}
	var list []int
	for text := range strings.SplitSeq(inside, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil {
			return nil
		}
		list = append(list, n)
	}
	return list
}

func isUnsigned(native string) bool {
	low := strings.ToLower(native)
	return strings.Contains(low, " unsigned") || strings.Contains(low, " zerofill")
}

// Describe says what the values of a column are, as mysqlkit does of one that
// is selected. tinyBool: tinyint(1) is a truth value.
func (c *Column) Describe(tinyBool bool) record.Column {
	t := typeWords[word(c.Type)]
	args := arguments(c.Type)
	first, second := 0, 0
	if len(args) > 0 {
		first = args[0]
	}
	if len(args) > 1 {
		second = args[1]
	}
	out := record.Column{Name: c.Name, Kind: t.kind, Native: c.Type, Nullable: c.Nullable, Comment: c.Comment, Length: t.length}
	switch w := word(c.Type); {
	case w == "bigint" && isUnsigned(c.Type):
		out.Kind = record.Uint64
	case w == "tinyint" && first == 1 && tinyBool && !isUnsigned(c.Type):
		out.Kind = record.Bool
	case w == "bit" && first <= 1:
		out.Kind = record.Bool
	case w == "bit":
		out.Length = first
	case w == "decimal":
		out.Precision, out.Scale = max(first, 1), second
		if len(args) == 0 {
			out.Precision = 10
		}
	case t.kind == record.Time || t.kind == record.Datetime || t.kind == record.Timestamp:
		out.Scale = first
	case w == "enum":
		for _, m := range Members(c.Type) {
			out.Length = max(out.Length, len([]rune(m)))
		}
	case w == "set":
		for i, m := range Members(c.Type) {
			out.Length += len([]rune(m)) + min(i, 1)
		}
	case t.kind == record.String || t.kind == record.Bytes:
		if len(args) > 0 {
			out.Length = first
		} else if w == "char" || w == "binary" {
			out.Length = 1
		} else if w != "longtext" {
			out.Length /= max(narrow[c.Charset], 1)
		}
	}
	return out
}

// Members reads the texts of an enum's or a set's type: 'a','it”s','back\\slash'.
func Members(native string) []string {
	_, rest, _ := strings.Cut(native, "(")
	var list []string
	for {
		_, after, ok := strings.Cut(rest, "'")
		if !ok {
			return list
		}
		text, tail := member(after)
		list, rest = append(list, text), tail
	}
}

// member reads up to the quote that ends a text.
func member(s string) (text, tail string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\'' && i+1 < len(s) && s[i+1] == '\'':
			b.WriteByte('\'')
			i++
		case s[i] == '\'':
			return b.String(), s[i+1:]
		case s[i] == '\\' && i+1 < len(s):
			i++
			if at := strings.IndexByte("0nr", s[i]); at >= 0 {
				b.WriteByte("\x00\n\r"[at])
			} else {
				b.WriteByte(s[i])
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), ""
}

// quoteMember spells a text as SHOW COLUMNS does.
func quoteMember(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
