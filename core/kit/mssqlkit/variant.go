package mssqlkit

import (
	"strings"

	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// A sql_variant's value has a base type, of which the driver tells too little:
// decimals, GUIDs and binaries are bytes, all times are one. So it is selected
// by an expression that makes texts of the doubtful ones, with their type in
// front; the tag begins them.
const variantTag = "\x01datasync:"

// variantMark is a part of the expression by which a statement is known to have it.
const variantMark = "/*variant*/"

// variantBases are the base types that are tagged, how each is made a text, and
// the kind that the text is of.
var variantBases = []struct {
	names []string
	text  string // with %s for the column
	kind  record.Kind
}{
	{[]string{"decimal", "numeric"}, "CONVERT(nvarchar(60), %s)", record.Decimal},
	{[]string{"money", "smallmoney"}, "CONVERT(nvarchar(60), CAST(%s AS money), 2)", record.Decimal},
	{[]string{"uniqueidentifier"}, "CONVERT(nvarchar(60), %s)", record.UUID},
	{[]string{"date"}, "CONVERT(nvarchar(60), CAST(%s AS date), 23)", record.Date},
	{[]string{"time"}, "CONVERT(nvarchar(60), CAST(%s AS time(7)), 121)", record.Time},
	{[]string{"datetime"}, "CONVERT(nvarchar(60), CAST(%s AS datetime), 121)", record.Datetime},
	{[]string{"datetime2", "smalldatetime"}, "CONVERT(nvarchar(60), CAST(%s AS datetime2(7)), 121)", record.Datetime},
	{[]string{"datetimeoffset"}, "CONVERT(nvarchar(60), CAST(%s AS datetimeoffset(7)), 121)", record.Timestamp},
}

// variantExpression is how a quoted column of type sql_variant is selected.
func variantExpression(quoted string) string {
	var b strings.Builder
	b.WriteString("CASE " + variantMark + " CAST(SQL_VARIANT_PROPERTY(" + quoted + ", 'BaseType') AS nvarchar(128))")
	for _, base := range variantBases {
		for _, name := range base.names {
			b.WriteString(" WHEN N'" + name + "' THEN CAST(NCHAR(1) + N'" + variantTag[1:] + base.kind.String() + ":' + " +
				strings.ReplaceAll(base.text, "%s", quoted) + " AS sql_variant)")
		}
	}
	b.WriteString(" ELSE " + quoted + " END")
	return b.String()
}

// tagged tells that a statement selects its sql_variants by the expression.
func tagged(sql string) bool { return strings.Contains(sql, variantMark) }

// variants makes kinds of tagged texts.
type variants struct {
	text  *record.Batch
	plans [record.Any]convert.Func
}

var textSchema = record.NewSchema(record.Name{}, []record.Column{{Name: "text", Kind: record.String}})

// append appends the value that a tagged text stands for; false if it is none.
func (v *variants) append(b *record.Batch, name, text string) (ok bool, err error) {
	rest, ok := strings.CutPrefix(text, variantTag)
	if !ok {
		return false, nil
	}
	word, rest, ok := strings.Cut(rest, ":")
	kind, known := record.KindOf(word)
	if !ok || !known || kind >= record.Any {
		return false, nil
	}
	if v.text == nil {
		v.text = record.NewBatch(1, 0)
	}
	if v.plans[kind] == nil {
		if v.plans[kind], err = convert.Plan(textSchema.Columns[0], record.Column{Name: name, Kind: kind}, convert.Options{}); err != nil {
			return true, err
		}
	}
	if kind == record.UUID {
		rest = strings.ToLower(rest)
	}
	v.text.Reset("")
	v.text.Begin(textSchema, record.Insert)
	v.text.Text(record.String, rest)
	return true, v.plans[kind](b, v.text.Row(0), 0)
}

// errVariant is why a value cannot be told.
func errVariant(name string) error {
	return errclass.BadValue(name, errclass.Conversion, "a sql_variant of this base type cannot be told from others in a statement of one's own: CAST it there, or read the table")
}
