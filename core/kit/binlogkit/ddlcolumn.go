package binlogkit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/mysql"
	"github.com/pingcap/tidb/pkg/parser/test_driver"
	"github.com/pingcap/tidb/pkg/parser/types"
)

// CharsetOf returns the character set of a collation, which its name begins with.
func CharsetOf(collation string) string {
	name, _, _ := strings.Cut(strings.ToLower(collation), "_")
	return charsetName(name)
}

func charsetName(name string) string {
	if name = strings.ToLower(name); name == "utf8" {
		return "utf8mb3"
	}
	return name
}

// add puts a column at a place of the table and returns it.
func (h *History) add(d *Definition, def *ast.ColumnDef, at int) int {
	c := Column{Name: def.Name.Name.O, Nullable: true, Default: Default{Form: formNone}, plain: true}
	charset := charsetName(def.Tp.GetCharset())
	if charset == "" && def.Tp.GetCollate() != "" {
		charset = CharsetOf(def.Tp.GetCollate())
	}
	primary, unique := false, false
	for _, o := range def.Options {
		switch o.Tp {
		case ast.ColumnOptionNotNull:
			c.Nullable = false
		case ast.ColumnOptionNull:
			c.plain = false
		case ast.ColumnOptionPrimaryKey:
			c.Nullable, primary = false, true
		case ast.ColumnOptionUniqKey:
			unique = true
		case ast.ColumnOptionDefaultValue:
			c.Default, c.plain = defaultOf(o.Expr), false
		case ast.ColumnOptionAutoIncrement, ast.ColumnOptionGenerated:
			c.Default = Default{Form: formComputed}
		case ast.ColumnOptionCollate:
			if charset != "binary" {
				charset = CharsetOf(o.StrValue)
			}
		case ast.ColumnOptionComment:
			if v, ok := o.Expr.(*test_driver.ValueExpr); ok {
				c.Comment = v.GetString()
			}
		case ast.ColumnOptionColumnFormat:
			c.Hidden = c.Hidden || o.StrValue == hiddenFormat
		}
	}
	c.Type, c.Charset = h.spell(def.Tp, charset, d.Charset)
	d.Columns = slices.Insert(d.Columns, min(at, len(d.Columns)), c)
	part := []*ast.IndexPartSpecification{{Column: def.Name}}
	if primary {
		d.index("PRIMARY", true, part)
	}
	if unique {
		d.index(c.Name, false, part)
	}
	return min(at, len(d.Columns)-1)
}

// integers are the widths that MariaDB shows and MySQL shows with ZEROFILL.
var integers = map[byte]struct {
	name             string
	signed, unsigned int
}{
	mysql.TypeTiny: {"tinyint", 4, 3}, mysql.TypeShort: {"smallint", 6, 5}, mysql.TypeInt24: {"mediumint", 9, 8},
	mysql.TypeLong: {"int", 11, 10}, mysql.TypeLonglong: {"bigint", 20, 20},
}

// spell spells a type as SHOW COLUMNS does.
func (h *History) spell(t *types.FieldType, charset, inherited string) (native, of string) {
	sign := ""
	if mysql.HasUnsignedFlag(t.GetFlag()) || mysql.HasZerofillFlag(t.GetFlag()) {
		sign = " unsigned"
	}
	if mysql.HasZerofillFlag(t.GetFlag()) {
		sign += " zerofill"
	}
	if n, ok := integers[t.GetType()]; ok {
		return h.integer(n.name, n.signed, n.unsigned, t.GetFlen(), sign), ""
	}
	fraction := ""
	if t.GetDecimal() > 0 {
		fraction = fmt.Sprintf("(%d)", t.GetDecimal())
	}
	switch t.GetType() {
	case mysql.TypeFloat, mysql.TypeDouble:
		name := "double"
		if t.GetType() == mysql.TypeFloat {
			name = "float"
		}
		if t.GetDecimal() >= 0 && t.GetFlen() > 0 {
			name += fmt.Sprintf("(%d,%d)", t.GetFlen(), t.GetDecimal())
		}
		return name + sign, ""
	case mysql.TypeNewDecimal:
		digits := t.GetFlen()
		if digits <= 0 {
			digits = 10
		}
		return fmt.Sprintf("decimal(%d,%d)", digits, max(t.GetDecimal(), 0)) + sign, ""
	case mysql.TypeBit:
		return fmt.Sprintf("bit(%d)", max(t.GetFlen(), 1)), ""
	case mysql.TypeYear:
		if h.product.MariaDB {
			return "year(4)", ""
		}
		return "year", ""
	case mysql.TypeDate, mysql.TypeNewDate:
		return "date", ""
	case mysql.TypeDuration:
		return "time" + fraction, ""
	case mysql.TypeDatetime:
		return "datetime" + fraction, ""
	case mysql.TypeTimestamp:
		return "timestamp" + fraction, ""
	case mysql.TypeJSON:
		if h.product.MariaDB {
			return "longtext", "utf8mb4"
		}
		return "json", ""
	case mysql.TypeTiDBVectorFloat32:
		return fmt.Sprintf("vector(%d)", max(t.GetFlen(), 1)), ""
	case mysql.TypeVarchar, mysql.TypeVarString:
		if name, ok := stoodFor(t.GetFlen()); ok {
			return name, ""
		}
	}
	if charset == "" {
		charset = inherited
	}
	return h.spellText(t, charset)
}

func (h *History) integer(name string, signed, unsigned, width int, sign string) string {
	switch {
	case h.product.MariaDB || strings.HasSuffix(sign, "zerofill"):
		if width <= 0 {
			if width = signed; sign != "" {
				width = unsigned
			}
		}
		return fmt.Sprintf("%s(%d)", name, width) + sign
	case name == "tinyint" && width == 1 && sign == "":
		return "tinyint(1)"
	}
	return name + sign
}

// spellText spells a text, or the binary type that CHARACTER SET binary makes of it.
func (h *History) spellText(t *types.FieldType, charset string) (native, of string) {
	binary := charset == "binary"
	names := map[bool][2]string{false: {"varchar", "char"}, true: {"varbinary", "binary"}}[binary]
	if binary {
		charset = ""
	}
	switch t.GetType() {
	case mysql.TypeVarchar, mysql.TypeVarString:
		return fmt.Sprintf("%s(%d)", names[0], max(t.GetFlen(), 0)), charset
	case mysql.TypeString:
		length := t.GetFlen()
		if length < 0 {
			length = 1
		}
		return fmt.Sprintf("%s(%d)", names[1], length), charset
	case mysql.TypeEnum, mysql.TypeSet:
		name := "enum("
		if t.GetType() == mysql.TypeSet {
			name = "set("
		}
		quoted := make([]string, len(t.GetElems()))
		for i, e := range t.GetElems() {
			quoted[i] = quoteMember(strings.TrimRight(e, " "))
		}
		return name + strings.Join(quoted, ",") + ")", charset
	}
	size := map[byte]uint16{mysql.TypeTinyBlob: 1, mysql.TypeBlob: 2, mysql.TypeMediumBlob: 3, mysql.TypeLongBlob: 4}[t.GetType()]
	if t.GetType() == mysql.TypeBlob && t.GetFlen() > 0 {
		size = lengthSize(t.GetFlen() * max(wide[charset], 1))
	}
	if binary {
		return sizes[size] + "blob", ""
	}
	return sizes[size] + "text", charset
}

// lengthSize returns how many bytes the length of so many bytes takes.
func lengthSize(n int) uint16 {
	switch {
	case n < 1<<8:
		return 1
	case n < 1<<16:
		return 2
	case n < 1<<24:
		return 3
	}
	return 4
}
