package sqlkit

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"github.com/datasync-io/datasync/core/config"
)

// Column is one entry of a job's column list.
type Column struct {
	// Name of the column in the table. Absent, the index as text is the name.
	Name string `json:"name"`
	// Type is accepted as written; the type that the database says is used.
	Type string `json:"type"`
	// Index in the source's record; only used where there is no name.
	Index *int `json:"index"`
	// Value makes the column a constant text.
	Value *string `json:"value"`
	// Format is a date pattern as Java's SimpleDateFormat reads it: times are read as texts in it, texts are parsed by it.
	Format string `json:"format"`
	// ParseFormat is the pattern that texts are parsed by, if it is another than Format.
	ParseFormat string `json:"parseFormat"`
	// Expr is what to select in place of a column: an expression of the database.
	Expr string `json:"-"`
}

// Constant returns the text of a constant column.
func (c *Column) Constant() (string, bool) {
	if c.Value == nil || strings.TrimSpace(*c.Value) == "" {
		return "", false
	}
	return *c.Value, true
}

// UnmarshalConfig takes a name or an object.
func (c *Column) UnmarshalConfig(d *config.Decoder) error {
	if k := d.Node().Kind(); k == config.StringKind || k == config.NumberKind {
		c.Name = d.Node().Text()
		return nil
	}
	if err := d.Decode((*columnObject)(c)); err != nil {
		return err
	}
	if c.Name == "" && c.Index != nil {
		c.Name = strconv.Itoa(*c.Index)
	}
	if c.Name == "" {
		if _, constant := c.Constant(); !constant {
			return errors.New(`has neither a "name" nor a "value"`)
		}
	}
	return nil
}

// DescribeConfig implements [config.Described].
func (*Column) DescribeConfig() (string, []config.Key) {
	return "name, or object", config.Describe(columnObject{})
}

// columnObject is a Column that is decoded as a struct.
type columnObject Column

// NoEffect implements [config.NoEffecter].
func (*columnObject) NoEffect() map[string]string { return columnNoEffect }

var columnNoEffect = map[string]string{
	"isPart": "a table has no partition columns here", "part": "a table has no partition columns here",
	"splitter": "a table has no arrays to split", "notNull": "the table says it", "length": "the table says it",
	"key": "the table says it", "comment": "nothing is made of it", "customConverterType": "values are never converted by the reader",
	"resourceName": "nothing is made of it",
}

// Star tells that the list is ["*"]: all columns of the table.
func Star(columns []Column) bool { return len(columns) == 1 && columns[0].Name == "*" }

// longestName is how many bytes every database takes for the name of a column.
const longestName = 60

// Expressions returns a column list as DataX reads it: what is no name of a
// column is a constant, or an expression of the database.
func Expressions(columns []Column) []Column {
	list := slices.Clone(columns)
	for i := range list {
		c := &list[i]
		_, constant := c.Constant()
		text := strings.TrimSpace(c.Name)
		if constant || c.Type != "" || c.Index != nil || text == "*" || isColumnName(text) {
			continue
		}
		text, alias := cutAlias(text)
		if alias != "" {
			c.Name = alias
		}
		if n := len(text); n >= 2 && text[0] == '\'' && text[n-1] == '\'' && !strings.Contains(strings.ReplaceAll(text[1:n-1], "''", ""), "'") {
			value := strings.ReplaceAll(text[1:n-1], "''", "'")
			if strings.TrimSpace(value) != "" {
				c.Value = &value
				continue
			}
		}
		if c.Expr = text; alias == "" && len(text) > longestName {
			c.Name = "column_" + strconv.Itoa(i)
		}
	}
	return list
}

var alias = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile("(?is)^(.*\\S)\\s+as\\s+(?:`([^`]+)`|\"([^\"]+)\"|\\[([^\\]]+)\\]|([\\pL_][\\pL\\pN_$#]*))$")
})

// cutAlias takes an expression and the name that it is given with AS apart.
func cutAlias(text string) (expr, name string) {
	m := alias().FindStringSubmatch(text)
	if m == nil {
		return text, ""
	}
	return m[1], m[2] + m[3] + m[4] + m[5]
}

// isColumnName tells a name, quoted or qualified, from an expression.
func isColumnName(text string) bool {
	switch strings.ToLower(text) {
	case "", "null", "true", "false":
		return false
	}
	if strings.ContainsRune("`\"[", rune(text[0])) {
		_, err := ParseName(text, 3)
		return err == nil
	}
	digits := true
	for _, r := range text {
		if r != '.' && r != '_' && r != '$' && r != '#' && r != '@' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return false
		}
		digits = digits && (r == '.' || r >= '0' && r <= '9')
	}
	return !digits
}

// nameConstants calls constants without a name after their place, as FlinkX
// does, so that no two columns have one name.
func nameConstants(columns []Column) {
	for i := range columns {
		if columns[i].Name != "" {
			continue
		}
		name := strconv.Itoa(i)
		for slices.ContainsFunc(columns, func(c Column) bool { return strings.EqualFold(c.Name, name) }) {
			name += "_"
		}
		columns[i].Name = name
	}
}

// checkColumns refuses a "*" beside other columns.
func checkColumns(columns []Column) error {
	var errs []error
	for i := range columns {
		if columns[i].Name == "*" && len(columns) > 1 {
			errs = append(errs, config.Fieldf(fmt.Sprintf("column[%d]", i), `"*" stands for all columns and must be the only element`))
		}
	}
	return errors.Join(errs...)
}
