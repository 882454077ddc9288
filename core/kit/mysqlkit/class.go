package mysqlkit

import (
	"strconv"
	"strings"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// class is what a column stores, as far as writing to it is concerned.
type class uint8

const (
	textClass class = iota // also what is not known
	intClass
	yearClass
	bitClass
	floatClass
	doubleClass
	decimalClass
	enumClass
	setClass
	jsonClass
	uuidClass
	bytesClass
	geometryClass
	dateClass
	datetimeClass
	timestampClass
	timeClass
	classes_
)

// storage is what is known of a type by its name.
type storage struct {
	class  class
	bits   int // of an integer
	length int // most bytes; 0: as declared, or no limit
}

var storages = map[string]storage{
	"tinyint": {class: intClass, bits: 8}, "smallint": {class: intClass, bits: 16}, "mediumint": {class: intClass, bits: 24},
	"int": {class: intClass, bits: 32}, "integer": {class: intClass, bits: 32}, "bigint": {class: intClass, bits: 64},
	"year": {class: yearClass}, "bit": {class: bitClass},
	"float": {class: floatClass}, "double": {class: doubleClass}, "real": {class: doubleClass},
	"decimal": {class: decimalClass}, "numeric": {class: decimalClass},
	"enum": {class: enumClass}, "set": {class: setClass}, "json": {class: jsonClass}, "uuid": {class: uuidClass},
	"tinytext": {length: 1<<8 - 1}, "text": {length: 1<<16 - 1}, "mediumtext": {length: 1<<24 - 1},
	"binary": {class: bytesClass}, "varbinary": {class: bytesClass},
	"tinyblob": {class: bytesClass, length: 1<<8 - 1}, "blob": {class: bytesClass, length: 1<<16 - 1},
	"mediumblob": {class: bytesClass, length: 1<<24 - 1}, "longblob": {class: bytesClass}, "vector": {class: bytesClass},
	"geometry": {class: geometryClass}, "point": {class: geometryClass}, "linestring": {class: geometryClass}, "polygon": {class: geometryClass},
	"multipoint": {class: geometryClass}, "multilinestring": {class: geometryClass}, "multipolygon": {class: geometryClass},
	"geometrycollection": {class: geometryClass}, "geomcollection": {class: geometryClass},
	"date": {class: dateClass}, "datetime": {class: datetimeClass}, "timestamp": {class: timestampClass}, "time": {class: timeClass},
}

// typeName returns the first word of a type, in lower case.
func typeName(native string) string {
	name := strings.ToLower(native)
	if i := strings.IndexAny(name, "( "); i >= 0 {
		name = name[:i]
	}
	return name
}

// typeArguments returns the numbers in parentheses.
func typeArguments(native string) []int {
	_, rest, ok := strings.Cut(native, "(")
	inside, _, closed := strings.Cut(rest, ")")
	if !ok || !closed {
		return nil
	}
	var list []int
	for _, text := range strings.Split(inside, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil {
			return nil
		}
		list = append(list, n)
	}
	return list
}

func isUnsigned(native string) bool {
	return strings.Contains(strings.ToLower(native), "unsigned") // zerofill is spelled with it
}

func classOf(native string) class { return storages[typeName(native)].class }

// binary tells the classes that have no text form.
func (c class) binary() bool { return c == bytesClass || c == geometryClass || c == bitClass }

// members reads the texts of an enum or a set: 'a','it”s','back\\slash'.
func members(native string) map[string]struct{} {
	_, rest, _ := strings.Cut(native, "(")
	set := map[string]struct{}{}
	for {
		_, after, ok := strings.Cut(rest, "'")
		if !ok {
			return set
		}
		text, tail := quotedMember(after)
		set[text], rest = struct{}{}, tail
	}
}

// quotedMember reads up to the quote that ends a text.
func quotedMember(s string) (text, tail string) {
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

// Target is what a cell of from has to be for column to: a column that
// conversions are planned to. What is not checked by its kind, precision and
// scale is checked by the [Encoder].
func Target(from *record.Column, to *sqlkit.TableColumn) record.Column {
	c := classOf(to.Native)
	target := to.Column
	target.Kind = from.Kind
	if _, taken := encodings[c][from.Kind]; !taken || !suits(c, from) {
		target.Kind = natural(c, to.Native)
	}
	target.Length, target.Precision = 0, 0
	if to.Kind < record.Time || to.Kind > record.Timestamp {
		target.Scale = 0 // of times it is the digits of a second's fraction
	}
	if args := typeArguments(to.Native); c == decimalClass && target.Kind == record.Decimal {
		target.Precision = 10
		if len(args) > 0 {
			target.Precision = args[0]
		}
		if len(args) > 1 {
			target.Scale = args[1]
		}
	}
	return target
}

// suits tells the exceptions: a text is one of bits only where the source says so.
func suits(c class, from *record.Column) bool {
	return c != bitClass || from.Kind != record.String || isBits(from.Native)
}

// isBits tells a type whose texts are of the digits 0 and 1 (PostgreSQL).
func isBits(native string) bool {
	name := typeName(native)
	return name == "bit" || name == "varbit"
}

// natural is the kind for values that come as another one.
func natural(c class, native string) record.Kind {
	switch c {
	case intClass:
		if isUnsigned(native) && storages[typeName(native)].bits == 64 {
			return record.Uint64
		}
		return record.Int64
	case bitClass:
		if args := typeArguments(native); len(args) == 0 || args[0] == 1 {
			return record.Bool
		}
		return record.Uint64
	}
	return naturals[c]
}

var naturals = [classes_]record.Kind{
	textClass: record.String, yearClass: record.Int64, floatClass: record.Float32, doubleClass: record.Float64, decimalClass: record.Decimal,
	enumClass: record.String, setClass: record.String, jsonClass: record.JSON, uuidClass: record.UUID, bytesClass: record.Bytes,
	geometryClass: record.Bytes, dateClass: record.Date, datetimeClass: record.Datetime, timestampClass: record.Timestamp, timeClass: record.Time,
}
