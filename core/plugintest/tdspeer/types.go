package tdspeer

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
)

// Numbers of the types (MS-TDS 2.2.5.4).
const (
	idGUID       = 0x24
	idInt        = 0x26
	idDate       = 0x28
	idTime       = 0x29
	idDatetime2  = 0x2a
	idOffset     = 0x2b
	idText       = 0x23
	idImage      = 0x22
	idNText      = 0x63
	idVariant    = 0x62
	idBit        = 0x68
	idDecimal    = 0x6a
	idNumeric    = 0x6c
	idFloat      = 0x6d
	idMoney      = 0x6e
	idDatetime   = 0x6f
	idVarbinary  = 0xa5
	idVarchar    = 0xa7
	idBinary     = 0xad
	idChar       = 0xaf
	idNVarchar   = 0xe7
	idNChar      = 0xef
	idUDT        = 0xf0
	idXML        = 0xf1
	unlimited    = 0xffff
	plpNull      = ^uint64(0)
	plpUnknown   = ^uint64(1)
	latinLocale  = 0x00d00409 // Latin1_General_CI_AS
	longestShort = 8000
)

// Column is one column of a result or of a load.
type Column struct {
	Name     string
	Type     string // as a definition spells it: "decimal(18,4)", "nvarchar(max)"
	Nullable bool
	Identity bool
}

// typeInfo is a type on the wire.
type typeInfo struct {
	id        byte
	size      int // bytes; unlimited for (max)
	precision byte
	scale     byte
	name      string // of the CLR type
}

// wireTypes are the types that have no arguments.
var wireTypes = map[string]typeInfo{
	"bit": {id: idBit, size: 1}, "tinyint": {id: idInt, size: 1}, "smallint": {id: idInt, size: 2}, "int": {id: idInt, size: 4},
	"bigint": {id: idInt, size: 8}, "real": {id: idFloat, size: 4}, "float": {id: idFloat, size: 8},
	"money": {id: idMoney, size: 8}, "smallmoney": {id: idMoney, size: 4}, "datetime": {id: idDatetime, size: 8},
	"smalldatetime": {id: idDatetime, size: 4}, "date": {id: idDate}, "uniqueidentifier": {id: idGUID, size: 16},
	"text": {id: idText, size: 1<<31 - 1}, "ntext": {id: idNText, size: 1<<31 - 2}, "image": {id: idImage, size: 1<<31 - 1},
	"xml": {id: idXML}, "sql_variant": {id: idVariant, size: 8009}, "rowversion": {id: idBinary, size: 8}, "timestamp": {id: idBinary, size: 8},
	"sysname": {id: idNVarchar, size: 256},
}

// wireType reads a type's text; it panics if there is no such type.
func wireType(text string) typeInfo {
	name, rest, _ := strings.Cut(strings.ToLower(text), "(")
	if t, ok := wireTypes[name]; ok {
		return t
	}
	var args []int
	for _, a := range strings.Split(strings.TrimSuffix(rest, ")"), ",") {
		a = strings.TrimSpace(a)
		n, err := strconv.Atoi(a)
		if a == "max" {
			n = -1
		} else if err != nil {
			continue
		}
		args = append(args, n)
	}
	arg := func(i, missing int) int {
		if i < len(args) {
			return args[i]
		}
		return missing
	}
	limited := func(id byte, width int) typeInfo {
		if n := arg(0, 1); n > 0 {
			return typeInfo{id: id, size: n * width}
		}
		return typeInfo{id: id, size: unlimited}
	}
	switch name {
	case "decimal", "numeric":
		return typeInfo{id: map[string]byte{"decimal": idDecimal, "numeric": idNumeric}[name], size: 17, precision: byte(arg(0, 18)), scale: byte(arg(1, 0))}
	case "time", "datetime2", "datetimeoffset":
		return typeInfo{id: map[string]byte{"time": idTime, "datetime2": idDatetime2, "datetimeoffset": idOffset}[name], scale: byte(arg(0, 7))}
	case "char":
		return limited(idChar, 1)
	case "varchar":
		return limited(idVarchar, 1)
	case "nchar":
		return limited(idNChar, 2)
	case "nvarchar":
		return limited(idNVarchar, 2)
	case "binary":
		return limited(idBinary, 1)
	case "varbinary":
		return limited(idVarbinary, 1)
	case "hierarchyid":
		return typeInfo{id: idUDT, size: 892, name: name}
	case "geography", "geometry":
		return typeInfo{id: idUDT, size: unlimited, name: name}
	}
	panic("tdspeer: no type " + text)
}

// write sends a TYPE_INFO.
func (t typeInfo) write(w *writer) {
	w.byte(t.id)
	switch t.id {
	case idDate:
	case idTime, idDatetime2, idOffset:
		w.byte(t.scale)
	case idGUID, idInt, idBit, idFloat, idMoney, idDatetime:
		w.byte(byte(t.size))
	case idDecimal, idNumeric:
		w.byte(byte(t.size))
		w.byte(t.precision)
		w.byte(t.scale)
	case idVarbinary, idBinary:
		w.uint16(uint16(t.size))
	case idVarchar, idChar, idNVarchar, idNChar:
		w.uint16(uint16(t.size))
		w.collation()
	case idXML:
		w.byte(0)
	case idUDT:
		w.uint16(uint16(t.size))
		w.short("master")
		w.short("sys")
		w.short(t.name)
		w.long("Microsoft.SqlServer.Types")
	case idText, idNText, idImage:
		w.uint32(uint32(t.size))
		if t.id != idImage {
			w.collation()
		}
		w.byte(1)
		w.long("t")
	case idVariant:
		w.uint32(uint32(t.size))
	}
}

func (w *writer) collation() {
	w.uint32(latinLocale)
	w.byte(0)
}

// readTypeInfo reads a TYPE_INFO of a load; fixed types are told as their
// nullable forms, and fixed says so.
func readTypeInfo(r *reader) (t typeInfo, fixed bool) {
	t.id = r.byte()
	switch t.id {
	case 0x30, 0x32, 0x34, 0x38, 0x7f, 0x3b, 0x3e, 0x3c, 0x7a, 0x3d, 0x3a:
		return map[byte]typeInfo{
			0x30: {id: idInt, size: 1}, 0x32: {id: idBit, size: 1}, 0x34: {id: idInt, size: 2}, 0x38: {id: idInt, size: 4}, 0x7f: {id: idInt, size: 8},
			0x3b: {id: idFloat, size: 4}, 0x3e: {id: idFloat, size: 8}, 0x3c: {id: idMoney, size: 8}, 0x7a: {id: idMoney, size: 4},
			0x3d: {id: idDatetime, size: 8}, 0x3a: {id: idDatetime, size: 4},
		}[t.id], true
	case idDate:
	case idTime, idDatetime2, idOffset:
		t.scale = r.byte()
	case idGUID, idInt, idBit, idFloat, idMoney, idDatetime:
		t.size = int(r.byte())
	case idDecimal, idNumeric:
		t.size, t.precision, t.scale = int(r.byte()), r.byte(), r.byte()
	case idVarbinary, idBinary:
		t.size = int(r.uint16())
	case idVarchar, idChar, idNVarchar, idNChar:
		t.size = int(r.uint16())
		r.take(5)
	case idText, idNText, idImage:
		t.size = int(r.uint32())
		if t.id != idImage {
			r.take(5)
		}
	default:
		panic(fmt.Errorf("a load with type %#x", t.id))
	}
	return t, false
}

func ucs2(s string) []byte {
	units := utf16.Encode([]rune(s))
	b := make([]byte, 2*len(units))
	for i, u := range units {
		b[2*i], b[2*i+1] = byte(u), byte(u>>8)
	}
	return b
}

func fromUCS2(b []byte) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = uint16(b[2*i]) | uint16(b[2*i+1])<<8
	}
	return string(utf16.Decode(units))
}
