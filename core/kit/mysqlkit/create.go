package mysqlkit

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// NewColumn is a column of a table to be created.
type NewColumn struct {
	record.Column
	Comment string
}

const (
	rowBytes     = 60_000 // of VARCHAR and VARBINARY columns together; a row has 65,535
	keyBytes     = 3072   // of an index
	utf8Bytes    = 4      // of a character, at most
	keyText      = 255    // characters of a text in a key, whose length nobody says
	mostComment  = 1024   // characters
	tableComment = 2048
)

// CreateTable spells the statement that creates a table, with types that keep
// every value of the source's: what they do not keep (a decimal without limits,
// a text beyond the length that a key takes) is refused when it is written.
// Texts in the key are compared byte by byte. The error is of class Config.
func CreateTable(name record.Name, columns []NewColumn, key []string, comment string) (string, error) {
	t := &tableMaker{room: rowBytes, keyRoom: keyBytes}
	isKey := make([]bool, len(columns))
	for i := range columns {
		isKey[i] = slices.ContainsFunc(key, func(k string) bool { return strings.EqualFold(k, columns[i].Name) })
		if isKey[i] {
			t.open(&columns[i].Column)
		}
	}
	var lines []string
	for i := range columns {
		typ := t.typeOf(&columns[i].Column, isKey[i])
		line := Dialect.Quote(columns[i].Name) + " " + typ
		switch {
		case isKey[i] || !columns[i].Nullable:
			line += " NOT NULL"
			if strings.HasPrefix(typ, "TIMESTAMP") { // else an old server changes it with every update
				line += " DEFAULT CURRENT_TIMESTAMP" + strings.TrimPrefix(typ, "TIMESTAMP")
			}
		default:
			line += " NULL"
		}
		if c := columns[i].Comment; c != "" {
			line += " COMMENT " + commentText(c, mostComment)
		}
		lines = append(lines, line)
	}
	if len(key) > 0 {
		if t.keyRoom < 0 {
			return "", errclass.With(errclass.Config, fmt.Errorf("the key (%s) is longer than the %d bytes that an index takes: name a shorter one with uniqueKey, or create the table yourself",
				strings.Join(key, ", "), keyBytes))
		}
		lines = append(lines, "PRIMARY KEY ("+strings.Join(Dialect.QuoteAll(key), ", ")+")")
	}
	sql := "CREATE TABLE IF NOT EXISTS " + Dialect.Table(name) + " (\n  " + strings.Join(lines, ",\n  ") + "\n) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4"
	if comment != "" {
		sql += " COMMENT = " + commentText(comment, tableComment)
	}
	return sql, nil
}

// commentText spells a text that is not longer than a comment may be. Nothing
// but a quoted text will do there.
func commentText(s string, most int) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "?")
	for utf8.RuneCountInString(s) > most {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(s) + "'"
}

// tableMaker shares out the room that a row and a key have.
type tableMaker struct {
	room    int // bytes left in a row
	keyRoom int // bytes left in the key
	unsized int // columns of the key whose length nobody says
}

// open counts the columns of the key without a length.
func (t *tableMaker) open(c *record.Column) {
	if variable(c.Kind) && c.Length == 0 {
		t.unsized++
	}
}

func variable(k record.Kind) bool {
	return k == record.String || k == record.Bytes || k == record.JSON || k == record.Any
}

// TypeFor is the type for a column of a source that is no part of a key.
func TypeFor(c *record.Column) string {
	return (&tableMaker{room: rowBytes, keyRoom: keyBytes}).typeOf(c, false)
}

// typeOf is the type of a column.
func (t *tableMaker) typeOf(c *record.Column, isKey bool) string {
	typ, size := fixedType(c)
	if typ == "" {
		return t.variableType(c, isKey)
	}
	if isKey {
		t.keyRoom -= size
	}
	t.room -= size
	return typ
}

// fixedType is the type for kinds whose values have a size, and that size.
func fixedType(c *record.Column) (typ string, bytes int) {
	switch c.Kind {
	case record.Bool:
		return "TINYINT(1)", 1
	case record.Int64:
		return intType(c.Native)
	case record.Uint64:
		return "BIGINT UNSIGNED", 8
	case record.Float32:
		return "FLOAT", 4
	case record.Float64:
		return "DOUBLE", 8
	case record.Decimal:
		return decimalType(c), 30
	case record.Date:
		return "DATE", 3
	case record.Time:
		if native := strings.ToLower(c.Native); strings.Contains(native, "timetz") || strings.Contains(native, "with time zone") {
			return "VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin", 33 // with its offset
		}
		return "TIME" + fraction(c), 6
	case record.Datetime:
		return "DATETIME" + fraction(c), 8
	case record.Timestamp:
		if typeName(c.Native) == "timestamp" && !strings.Contains(c.Native, " ") { // MySQL's own, which has no wider range
			return "TIMESTAMP" + fraction(c), 7
		}
		return "DATETIME" + fraction(c), 8
	case record.Interval:
		return "VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin", 65
	case record.UUID:
		return "CHAR(36) CHARACTER SET ascii COLLATE ascii_bin", 36
	}
	return "", 0
}

// fraction has as many digits as the source, six where it does not say.
func fraction(c *record.Column) string {
	if c.Scale > 0 && c.Scale < 6 {
		return fmt.Sprintf("(%d)", c.Scale)
	}
	return "(6)"
}

// intType is the smallest type that has room for those of the source's name,
// of any system: a TINYINT goes to 255 for one and to 127 for another.
func intType(native string) (typ string, bytes int) {
	t, err := convert.ParseType(native)
	bits := t.Bits
	if err != nil || bits == 0 {
		bits = 64
	}
	if isUnsigned(native) || bits == 8 {
		bits++
	}
	switch {
	case bits <= 16:
		return "SMALLINT", 2
	case bits <= 32:
		return "INT", 4
	}
	return "BIGINT", 8
}

const (
	mostDigits = 65
	mostScale  = 30
)

// decimalType keeps the source's digits; without a limit, or beyond the
// system's, it is the widest there is.
func decimalType(c *record.Column) string {
	precision, scale := c.Precision, c.Scale
	if scale < 0 {
		precision, scale = precision-scale, 0
	}
	precision = max(precision, scale)
	if c.Precision == 0 || precision > mostDigits || scale > mostScale {
		return fmt.Sprintf("DECIMAL(%d,%d)", mostDigits, mostScale)
	}
	return fmt.Sprintf("DECIMAL(%d,%d)", precision, scale)
}

// variableType is the type for texts, documents and binary data.
func (t *tableMaker) variableType(c *record.Column, isKey bool) string {
	isBytes := c.Kind == record.Bytes
	each := utf8Bytes
	if isBytes {
		each = 1
	}
	length := c.Length
	if isKey && length == 0 {
		length = min(keyText, t.keyRoom/each/max(1, t.unsized))
	}
	size := length*each + 2
	if isKey {
		t.keyRoom -= length * each
	}
	switch {
	case isKey && isBytes:
		t.room -= size
		return fmt.Sprintf("VARBINARY(%d)", length)
	case isKey:
		t.room -= size
		return fmt.Sprintf("VARCHAR(%d) COLLATE utf8mb4_bin", length)
	case c.Kind == record.JSON:
		return "JSON"
	case length == 0 || c.Kind == record.Any || size > t.room/4:
		if isBytes {
			return "LONGBLOB"
		}
		return "LONGTEXT"
	}
	t.room -= size
	if isBytes {
		return fmt.Sprintf("VARBINARY(%d)", length)
	}
	return fmt.Sprintf("VARCHAR(%d)", length)
}
