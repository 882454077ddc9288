package record

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Pattern stands for names of tables, or of columns, as a job file writes them:
//
//	users, shop.users, "a*b"          one name; in quotes all is meant as it is
//	shop.*, *.order_?                 * is any text, ? any character
//	/shop\.order_[0-9]+/              a regular expression between slashes
//	shop\.order_[0-9]+                the same: it holds what no name without quotes does
//
// It fits whole names, and the case of letters does not matter. A table's name
// is tried alone, with its schema (or its database, where there are no
// schemas), and with both.
type Pattern struct {
	text  string
	plain string         // in lower case, without quotes; "" for what stands for several
	re    *regexp.Regexp // nil: plain
}

// regexpSigns are in no name that is written without quotes.
const regexpSigns = `[](){}+|^\`

// ParsePattern reads a pattern.
func ParsePattern(text string) (Pattern, error) {
	p := Pattern{text: strings.TrimSpace(text)}
	switch {
	case p.text == "":
		return p, errors.New("is empty")
	case strings.ContainsAny(p.text, "`\""):
		p.plain = strings.ToLower(strings.NewReplacer("`", "", `"`, "").Replace(p.text))
		if p.plain == "" {
			return p, errors.New("is empty")
		}
		return p, nil
	case len(p.text) > 2 && p.text[0] == '/' && p.text[len(p.text)-1] == '/':
		return p, p.compile(p.text[1 : len(p.text)-1])
	case strings.ContainsAny(p.text, regexpSigns):
		return p, p.compile(p.text)
	case strings.ContainsAny(p.text, "*?"):
		return p, p.compile(strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(p.text)))
	}
	p.plain = strings.ToLower(p.text)
	return p, nil
}

func (p *Pattern) compile(expr string) (err error) {
	if _, err := regexp.Compile(expr); err != nil { // the text as it was written, for the error
		return fmt.Errorf("%q is no regular expression: %w", p.text, err)
	}
	p.re, err = regexp.Compile(`(?is)\A(?:` + expr + `)\z`)
	return err
}

// String returns the text that was read.
func (p Pattern) String() string { return p.text }

// Plain tells that one name is meant.
func (p Pattern) Plain() bool { return p.re == nil }

// Same tells that both were written alike, but for case and quotes.
func (p Pattern) Same(o Pattern) bool {
	if p.re == nil || o.re == nil {
		return p.re == o.re && p.plain == o.plain
	}
	return p.re.String() == o.re.String()
}

// Fits tells that a name without parts, such as a column's, is meant.
func (p Pattern) Fits(name string) bool {
	if p.re == nil {
		return p.plain == strings.ToLower(name)
	}
	return p.re.MatchString(name)
}

// FitsTable tells that a table is meant.
func (p Pattern) FitsTable(n Name) bool {
	if p.Fits(n.Table) || p.Fits(n.String()) {
		return true
	}
	return n.Database != "" && n.Schema != "" && p.Fits(Name{Schema: n.Schema, Table: n.Table}.String())
}
