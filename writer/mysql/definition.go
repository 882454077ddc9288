package mysql

import (
	"fmt"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/kit/mysqlkit"
)

// definition is one column as SHOW CREATE TABLE spells it. What of it nobody
// changes stays as the server has written it, which other servers than the
// parser's understand.
type definition struct {
	name    string // as it is quoted there
	typ     string
	clauses []clause // what follows the type
}

// clause is one attribute: NOT NULL, DEFAULT 'x', COMMENT 'y'.
type clause struct {
	key  string // its first word in capital letters: NOT, DEFAULT, ON, ...
	text string
}

// clauseWords begin an attribute, with the number of words that belong to them
// whatever they are.
var clauseWords = map[string]int{"CHARACTER": 2, "CHARSET": 1, "COLLATE": 1, "GENERATED": 2, "NOT": 1, "NULL": 0, "DEFAULT": 1, "ON": 2,
	"AUTO_INCREMENT": 0, "COMMENT": 1, "INVISIBLE": 0, "CHECK": 1, "WITHOUT": 2, "WITH": 2, "COLUMN_FORMAT": 1, "STORAGE": 1, "REF_SYSTEM_ID": 0}

// columnOf finds a column in what SHOW CREATE TABLE says.
func columnOf(create, column string) (*definition, error) {
	tokens := scan(create)
	at := slices.IndexFunc(tokens, func(t token) bool { return strings.HasPrefix(t.text, "(") })
	if at < 0 {
		return nil, fmt.Errorf("the definition has no columns: %.100q", create)
	}
	body := tokens[at].text
	for line := range slices.Values(lines(scan(body[1 : len(body)-1]))) {
		if len(line) > 1 && strings.EqualFold(unquoted(line[0].text), column) {
			return newDefinition(line), nil
		}
	}
	return nil, fmt.Errorf("the table's definition has no column %q", column)
}

// lines takes tokens apart at their commas.
func lines(tokens []token) (list [][]token) {
	from := 0
	for i, t := range tokens {
		if t.text == "," {
			list, from = append(list, tokens[from:i]), i+1
		}
	}
	return append(list, tokens[from:])
}

func unquoted(name string) string {
	if len(name) < 2 || name[0] != '`' && name[0] != '"' {
		return name
	}
	quote := name[:1]
	return strings.ReplaceAll(name[1:len(name)-1], quote+quote, quote)
}

// newDefinition sorts what follows a column's name.
func newDefinition(line []token) *definition {
	d := &definition{name: line[0].text}
	at := &d.typ
	whole := 0 // so many tokens belong to the clause in any case
	for i, t := range line[1:] {
		word := strings.ToUpper(t.text)
		n, begins := clauseWords[word]
		if strings.HasPrefix(word, "/*") {
			n, begins = 0, true
		}
		switch {
		case i > 0 && begins && whole == 0 && !t.tight:
			d.clauses = append(d.clauses, clause{key: word, text: t.text})
			at, whole = &d.clauses[len(d.clauses)-1].text, n
			continue
		case !t.tight && *at != "":
			*at += " "
		}
		*at += t.text
		if whole > 0 && !t.tight {
			whole--
		}
	}
	return d
}

// String spells the definition as MODIFY COLUMN takes it.
func (d *definition) String() string {
	parts := []string{d.name, d.typ}
	for _, c := range d.clauses {
		parts = append(parts, c.text)
	}
	return strings.Join(parts, " ")
}

func (d *definition) has(key string) bool {
	return slices.ContainsFunc(d.clauses, func(c clause) bool { return c.key == key })
}

func (d *definition) drop(these func(c *clause) bool) {
	d.clauses = slices.DeleteFunc(d.clauses, func(c clause) bool { return these(&c) })
}

// relax lets the column take NULL; one that is computed says itself what it takes.
func (d *definition) relax() {
	d.drop(func(c *clause) bool { return c.key == "NOT" || c.key == "NULL" })
	if d.has("GENERATED") {
		return
	}
	at := slices.IndexFunc(d.clauses, func(c clause) bool {
		return c.key != "CHARACTER" && c.key != "CHARSET" && c.key != "COLLATE" && c.key[0] != '/'
	})
	if at < 0 {
		at = len(d.clauses)
	}
	d.clauses = slices.Insert(d.clauses, at, clause{key: "NULL", text: "NULL"})
}

// change gives the column another type. What no column of that type can have
// goes with the old one.
func (d *definition) change(typ string, server mysqlkit.Server) {
	d.typ = typ
	word, _, _ := strings.Cut(strings.ToUpper(typ), "(")
	word, _, _ = strings.Cut(word, " ")
	text, document := textTypes[word], d.documents()
	if !text || document || strings.Contains(typ, "CHARACTER SET") || strings.Contains(typ, "COLLATE") {
		d.drop(func(c *clause) bool { return c.key == "CHARACTER" || c.key == "CHARSET" || c.key == "COLLATE" })
	}
	if document {
		d.drop(func(c *clause) bool { return c.key == "CHECK" })
	}
	d.drop(func(c *clause) bool {
		switch {
		case c.key == "AUTO_INCREMENT":
			return !strings.HasSuffix(word, "INT")
		case strings.Contains(c.key, " SRID ") || c.key == "REF_SYSTEM_ID":
			return true // of shapes, which no type of ours is
		case strings.Contains(c.key, " COMPRESSED"):
			return !text && !strings.Contains(word, "B")
		}
		return false
	})
	d.clocks(word)
	if large := strings.HasSuffix(word, "TEXT") || strings.HasSuffix(word, "BLOB") || word == "JSON"; large && !server.MariaDB {
		d.express(server.AtLeast(8, 0, 13))
	}
}

// textTypes have a character set.
var textTypes = map[string]bool{"CHAR": true, "VARCHAR": true, "TINYTEXT": true, "TEXT": true, "MEDIUMTEXT": true, "LONGTEXT": true, "ENUM": true, "SET": true}

// documents tells that the column is what MariaDB makes of JSON: a text with a
// condition.
func (d *definition) documents() bool {
	return slices.ContainsFunc(d.clauses, func(c clause) bool {
		return c.key == "CHECK" && strings.EqualFold(strings.ReplaceAll(c.text, " ", ""), "CHECK(json_valid("+d.name+"))")
	})
}

// clocks fits what has the clock's time to the type's digits.
func (d *definition) clocks(word string) {
	_, digits, found := strings.Cut(d.typ, "(")
	if digits = "(" + digits; !found {
		digits = ""
	}
	d.clauses = slices.DeleteFunc(d.clauses, func(c clause) bool {
		return (c.key == "DEFAULT" || c.key == "ON") && isClock(c.text) && word != "TIMESTAMP" && word != "DATETIME"
	})
	for i := range d.clauses {
		switch c := &d.clauses[i]; {
		case !isClock(c.text):
		case c.key == "DEFAULT":
			c.text = "DEFAULT CURRENT_TIMESTAMP" + digits
		case c.key == "ON":
			c.text = "ON UPDATE CURRENT_TIMESTAMP" + digits
		}
	}
}

func isClock(text string) bool {
	text = strings.ToUpper(text)
	return strings.HasPrefix(text, "DEFAULT CURRENT_TIMESTAMP") || strings.HasPrefix(text, "ON UPDATE CURRENT_TIMESTAMP")
}

// express makes an expression of a constant default, which is what large texts
// have: MySQL knows such since 8.0.13, and no default of theirs before.
func (d *definition) express(known bool) {
	for i := range d.clauses {
		value, is := strings.CutPrefix(d.clauses[i].text, "DEFAULT ")
		if d.clauses[i].key == "DEFAULT" && is && value[0] != '(' && !strings.EqualFold(value, "NULL") && known {
			d.clauses[i].text = "DEFAULT (" + value + ")"
		}
	}
	if !known {
		d.drop(func(c *clause) bool { return c.key == "DEFAULT" && !strings.EqualFold(c.text, "DEFAULT NULL") })
	}
}
