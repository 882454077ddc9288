package sqlkit

import (
	"fmt"
	"regexp"
	"strings"
)

// Pattern is a table's name as a job writes it, or what stands for several:
//
//	orders, shop.orders, `order*s`   one table, also whatever is quoted
//	order_*, shop.*, shop_?.orders   * is any text, ? any character
//	/order_[0-9]+/, shop./t[12]/     a regular expression between slashes
//
// A pattern fits whole names, as the system spells them.
type Pattern struct {
	Text   string
	schema *regexp.Regexp // nil: plain
	table  *regexp.Regexp // nil: the name is plain
	parent string         // the schema, if it is plain; "": none is written
}

// ParsePattern reads a pattern.
func ParsePattern(text string) (Pattern, error) {
	p := Pattern{Text: strings.TrimSpace(text)}
	parts, err := patternParts(p.Text)
	if err != nil {
		return p, fmt.Errorf("%q is no table name or pattern: %w", text, err)
	}
	last := len(parts) - 1
	if p.table, err = partPattern(parts[last]); err != nil {
		return p, err
	}
	if last == 0 {
		return p, nil
	}
	if p.schema, err = partPattern(parts[last-1]); err != nil {
		return p, err
	}
	if p.IsPlain() {
		return p, nil // the system reads the name
	}
	if last > 1 {
		return p, fmt.Errorf("the pattern %q has %d parts: write schema.table", text, len(parts))
	}
	if p.schema == nil {
		names, err := ParseName(parts[0], 1)
		if err != nil {
			return p, err
		}
		p.parent = names[0]
	}
	return p, nil
}

// RegexpPattern makes a pattern of regular expressions for schema ("": none is
// given) and table.
func RegexpPattern(schema, table string) (Pattern, error) {
	p := Pattern{Text: table}
	var err error
	if p.table, err = compiled(table); err != nil || schema == "" {
		return p, err
	}
	p.Text = schema + "." + table
	p.schema, err = compiled(schema)
	return p, err
}

// IsRegexp tells that an unquoted text is a regular expression rather than a
// name or a glob: it holds what no unquoted name of MySQL can.
func IsRegexp(text string) bool {
	return !strings.ContainsAny(text, "`\"/") && strings.ContainsAny(text, `[](){}+|^\`)
}

// IsPlain tells that the text is the name of one table.
func (p *Pattern) IsPlain() bool { return p.table == nil && p.schema == nil }

// Parent returns the schema to look in; "": the one that a name without a
// schema is in. every says that there may be several, which [Pattern.FitsSchema] knows.
func (p *Pattern) Parent() (schema string, every bool) { return p.parent, p.schema != nil }

// FitsSchema tells whether tables of a schema are meant.
func (p *Pattern) FitsSchema(name string) bool { return p.schema == nil || p.schema.MatchString(name) }

// FitsTable tells whether a table is meant.
func (p *Pattern) FitsTable(name string) bool {
	if p.table != nil {
		return p.table.MatchString(name)
	}
	parts, err := ParseName(p.Text, 2)
	return err == nil && parts[len(parts)-1] == name
}

// patternParts cuts text at dots that are in no quotes and no slashes.
func patternParts(text string) ([]string, error) {
	var parts []string
	start := 0
	var shut byte
	for i := range len(text) {
		switch c := text[i]; {
		case shut != 0 && c == shut:
			shut = 0
		case shut != 0:
		case c == '/' && i == start:
			shut = '/'
		case c == '`' || c == '"':
			shut = c
		case c == '[' && i == start:
			shut = ']'
		case c == '.':
			parts, start = append(parts, text[start:i]), i+1
		}
	}
	if shut != 0 {
		return nil, fmt.Errorf("a %c is not closed", shut)
	}
	parts = append(parts, text[start:])
	for i := range parts {
		if parts[i] = strings.TrimSpace(parts[i]); parts[i] == "" {
			return nil, fmt.Errorf("a part is empty")
		}
	}
	return parts, nil
}

// partPattern reads one part; nil: it is plain.
func partPattern(part string) (*regexp.Regexp, error) {
	switch {
	case len(part) > 2 && part[0] == '/' && part[len(part)-1] == '/':
		return compiled(part[1 : len(part)-1])
	case strings.ContainsRune("`\"[", rune(part[0])), !strings.ContainsAny(part, "*?"):
		return nil, nil
	}
	glob := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(part))
	return regexp.Compile(`^(?s:` + glob + `)$`)
}

// compiled compiles an expression that whole names must fit.
func compiled(expr string) (*regexp.Regexp, error) {
	re, err := regexp.Compile(`^(?:` + expr + `)$`)
	if err != nil {
		return nil, fmt.Errorf("%q is no regular expression: %w", expr, err)
	}
	return re, nil
}
