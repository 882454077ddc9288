package binlogkit

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/datasync-io/datasync/core/record"
)

// ColumnChanges says what a change has done to a table's columns beside their
// shape. before is what the table was; run is how the one statement was run that
// has made after of it, which says what each column was called before; nil:
// another table has taken the place, with rows that were written at times of
// their own, and columns of new names are new where no other one has gone in
// their place. s is the schema of after.
func ColumnChanges(before, after *Definition, run *Run, s *record.Schema, o *Options) []record.ColumnChange {
	if before == nil || after == nil || s == nil {
		return nil
	}
	var list []record.ColumnChange
	for i := range after.Columns {
		c := &after.Columns[i]
		change := record.ColumnChange{Column: s.Index(c.Name)}
		if change.Column < 0 {
			continue
		}
		from := c.from
		if run == nil {
			if from = c.Name; before.Column(from) < 0 && (i >= len(before.Columns) || after.Column(before.Columns[i].Name) >= 0) {
				from = ""
			}
		}
		was := before.Column(from)
		switch {
		case from == "":
			if c.Default.Form == "" {
				continue
			}
			change.Added = true
			change.Fill, change.Default = c.fill(o, run), c.constant(o)
		case was < 0 || c.Default == before.Columns[was].Default || c.Default.Form == "" || before.Columns[was].Default.Form == "" && c.Default.Form == formNone:
			continue
		default:
			change.Default = c.constant(o)
		}
		list = append(list, change)
	}
	return list
}

var computed = record.Default{Kind: record.Computed}

// constant is what rows have that are inserted without the column.
func (c *Column) constant(o *Options) record.Default {
	switch c.Default.Form {
	case formNone:
		return record.Default{Kind: record.Nothing}
	case formText, formNumber, formBytes:
		return c.value(c.Default, o)
	}
	return computed
}

// fill is what rows have that were there when the column was added: its
// default, or else what stands for no value in a column that takes no NULL
// (https://dev.mysql.com/doc/refman/8.0/en/data-type-defaults.html).
func (c *Column) fill(o *Options, run *Run) record.Default {
	switch {
	case c.Default.clocked():
		return c.clock(o, run)
	case c.implicit(run):
		return computed
	case c.Default.Form != formNone || c.Nullable:
		return c.constant(o)
	}
	switch w := word(c.Type); w {
	case "tinyint", "smallint", "mediumint", "int", "bigint", "year", "float", "double", "decimal", "bit":
		return c.value(Default{Form: formNumber, Text: "0"}, o)
	case "enum":
		if members := Members(c.Type); len(members) > 0 {
			return record.Default{Kind: record.Constant, Text: members[0]}
		}
	case "char", "varchar", "tinytext", "text", "mediumtext", "longtext", "set", "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob":
		return c.value(Default{Form: formText}, o)
	case "json":
		return record.Default{Kind: record.Constant, Text: "null"}
	case "time":
		return c.value(Default{Form: formText, Text: "00:00:00"}, o)
	case "date", "datetime", "timestamp":
		if o.ZeroNull {
			return record.Default{Kind: record.Nothing}
		}
	}
	return computed
}

// value is what the server makes of a constant for the column; Computed where
// that would be a conversion of its own.
func (c *Column) value(d Default, o *Options) record.Default {
	raw := d.Text
	if d.Form == formBytes {
		b, err := hex.DecodeString(d.Text)
		if err != nil {
			return computed
		}
		raw = string(b)
	}
	described := c.Describe(o.TinyBool)
	text, known := "", false
	switch described.Kind {
	case record.Bool, record.Int64, record.Uint64, record.Decimal, record.Float32, record.Float64:
		text, known = c.number(&described, d.Form, raw)
	case record.String:
		text, known = c.text(d.Form, raw, described.Length)
	case record.Bytes:
		if w := word(c.Type); typeWords[w].wire[0] != shapes.wire[0] && w != "vector" && d.Form != formNumber {
			text, known = raw, len(raw) <= described.Length
			if w == "binary" {
				text += strings.Repeat("\x00", max(0, described.Length-len(raw)))
			}
		}
	case record.JSON:
		text, known = raw, d.Form == formText && json.Valid([]byte(raw))
	case record.Date, record.Time, record.Datetime:
		if d.Form == formText && described.Kind != record.Time && zeroDate.MatchString(raw) && o.ZeroNull {
			return record.Default{Kind: record.Nothing}
		}
		text, known = moment(&described, raw)
		known = known && d.Form == formText
	}
	if !known {
		return computed
	}
	return record.Default{Kind: record.Constant, Text: text}
}

// number spells a number that the column takes without rounding it.
func (c *Column) number(described *record.Column, f form, raw string) (text string, known bool) {
	r, ok := new(big.Rat).SetString(strings.TrimSpace(raw))
	if f == formBytes {
		if len(raw) > 8 {
			return "", false
		}
		var all [8]byte
		copy(all[8-len(raw):], raw)
		r, ok = new(big.Rat).SetInt(new(big.Int).SetUint64(binary.BigEndian.Uint64(all[:]))), true
	}
	if !ok || f != formBytes && strings.ContainsAny(raw, "/_xXbBoOpP") {
		return "", false
	}
	switch described.Kind {
	case record.Float32, record.Float64:
		bits := 64
		if described.Kind == record.Float32 {
			bits = 32
		}
		if len(arguments(c.Type)) == 2 { // rounded to digits
			return "", false
		}
		v, err := strconv.ParseFloat(r.FloatString(60), bits)
		return strconv.FormatFloat(v, 'g', -1, bits), err == nil
	case record.Decimal:
		text = r.FloatString(described.Scale)
		exact, _ := new(big.Rat).SetString(text)
		return text, exact.Cmp(r) == 0
	case record.Bool:
		return strconv.FormatBool(r.Sign() != 0), r.IsInt()
	}
	if word(c.Type) == "year" && r.Sign() != 0 && (!r.IsInt() || r.Num().Int64() < 1901 || r.Num().Int64() > 2155) {
		return "", false // of two digits
	}
	return r.Num().String(), r.IsInt()
}

// text spells what a text, an enum or a set keeps of a constant.
func (c *Column) text(f form, raw string, length int) (text string, known bool) {
	if !utf8.ValidString(raw) || f == formBytes && !ascii(raw) || f == formNumber && strings.ContainsAny(raw, "eE") {
		return "", false
	}
	members := Members(c.Type)
	member := func(name string) int {
		return slices.IndexFunc(members, func(m string) bool { return strings.EqualFold(m, strings.TrimRight(name, " ")) })
	}
	switch word(c.Type) {
	case "inet4", "inet6":
		return "", false
	case "enum":
		i := member(raw)
		if i < 0 || f != formText {
			return "", false
		}
		return members[i], true
	case "set":
		if raw == "" {
			return "", true
		}
		var has []int
		for name := range strings.SplitSeq(raw, ",") {
			i := member(name)
			if i < 0 || f != formText {
				return "", false
			}
			has = append(has, i)
		}
		slices.Sort(has)
		var names []string
		for _, i := range slices.Compact(has) {
			names = append(names, members[i])
		}
		return strings.Join(names, ","), true
	case "char":
		raw = strings.TrimRight(raw, " ")
	}
	return raw, length == 0 || utf8.RuneCountInString(raw) <= length
}

var (
	zeroDate  = regexp.MustCompile(`^(0000-\d\d-\d\d|\d{4}-00-\d\d|\d{4}-\d\d-00)`)
	dateText  = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)
	clockText = regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?$`)
	timeText  = regexp.MustCompile(`^-?\d{2,3}:\d\d:\d\d(\.\d{1,6})?$`)
)

// moment takes a date or a time that is spelled as the server itself does.
func moment(c *record.Column, raw string) (text string, known bool) {
	if zeroDate.MatchString(raw) && c.Kind != record.Time {
		return "", false
	}
	_, fraction, _ := strings.Cut(raw, ".")
	if len(fraction) > c.Scale { // it is rounded
		return "", false
	}
	switch c.Kind {
	case record.Date:
		return raw, dateText.MatchString(raw)
	case record.Time:
		return raw, timeText.MatchString(raw)
	}
	if dateText.MatchString(raw) {
		return raw + " 00:00:00", true
	}
	return raw, clockText.MatchString(raw)
}
