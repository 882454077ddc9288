package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
)

// maxDepth bounds nesting, as encoding/json does.
const maxDepth = 10000

// Parse reads the text into a tree. A text that is no JSON, even leniently
// read, is one [*Error] of class Config that shows the line with a caret and
// says what was expected; names that stand twice in an object are all reported.
func Parse(text *Text) (*Node, error) {
	p := &parser{lexer: lexer{source: text}}
	root, err := p.document()
	if err != nil {
		return nil, errclass.With(errclass.Config, err)
	}
	if len(p.faults) > 0 {
		return nil, joined(p.faults)
	}
	return root, nil
}

type parser struct {
	lexer  lexer
	ahead  token
	depth  int
	faults []error // names that stand twice
}

func (p *parser) advance() (err error) {
	p.ahead, err = p.lexer.next()
	return err
}

// fail returns a fault at the token ahead; at the end of the file, behind the
// last of its text.
func (p *parser) fail(expected string) error {
	source, at := p.lexer.source, p.ahead.begin
	if p.ahead.kind == tokenEnd {
		at = len(bytes.TrimRight(source.data, " \t\r\n"))
	}
	return syntaxError(source, at, expected)
}

func (p *parser) is(punct byte) bool {
	return p.ahead.kind == tokenPunct && p.ahead.punct == punct
}

func (p *parser) document() (*Node, error) {
	if text := p.lexer.source; bytes.HasPrefix(text.data, []byte("\xff\xfe")) || bytes.HasPrefix(text.data, []byte("\xfe\xff")) {
		return nil, &Error{File: text.name, Line: 1, Column: 1, Msg: "the text is UTF-16; save the file as UTF-8"}
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.ahead.kind == tokenEnd {
		return nil, p.fail("the text is empty, expected {")
	}
	root, err := p.value(&Node{})
	if err != nil {
		return nil, err
	}
	if p.ahead.kind != tokenEnd {
		if root.kind != ObjectKind && root.kind != ListKind { // no JSON at all, but a word may begin anything
			return nil, syntaxError(p.lexer.source, root.begin, "expected {")
		}
		return nil, p.fail("expected the end of the file")
	}
	return root, nil
}

// value reads into n, which knows its place already, the value that begins
// with the token ahead.
func (p *parser) value(n *Node) (*Node, error) {
	n.source, n.begin, n.end = p.lexer.source, p.ahead.begin, p.ahead.end
	switch {
	case p.ahead.kind == tokenString:
		n.kind, n.text = StringKind, p.ahead.text
		return n, p.advance()
	case p.ahead.kind == tokenLiteral:
		n.kind, n.text = classify(p.ahead.text)
		return n, p.advance()
	case p.is('{'), p.is('['):
		if p.depth++; p.depth > maxDepth {
			return nil, p.fail(fmt.Sprintf("nested deeper than %d levels", maxDepth))
		}
		defer func() { p.depth-- }()
		if p.is('{') {
			return n, p.object(n)
		}
		return n, p.list(n)
	case p.ahead.kind == tokenEnd:
		return nil, p.fail("the file ends here, expected a value")
	}
	return nil, p.fail("expected a value")
}

// classify says what a bare word is. Gson takes the three keywords in any case.
func classify(word string) (Kind, string) {
	switch lower := strings.ToLower(word); lower {
	case "true", "false":
		return BoolKind, lower
	case "null":
		return NullKind, ""
	}
	if c := word[0]; (c == '-' || c >= '0' && c <= '9') && json.Valid([]byte(word)) {
		return NumberKind, word
	}
	return StringKind, word
}

func (p *parser) object(n *Node) error {
	n.kind = ObjectKind
	if err := p.advance(); err != nil {
		return err
	}
	for !p.is('}') {
		if p.ahead.kind != tokenString && p.ahead.kind != tokenLiteral {
			return p.fail(p.unclosed(n, "expected a name in quotes or }"))
		}
		name := p.ahead
		if n.source.secret(name.begin, name.end) {
			return p.fail("a name must not be a secret")
		}
		if err := p.advance(); err != nil {
			return err
		}
		if !p.is(':') {
			return p.fail(p.unclosed(n, "expected : after the name"))
		}
		if err := p.advance(); err != nil {
			return err
		}
		v, err := p.value(&Node{parent: n, name: name.text, named: name.begin})
		if err != nil {
			return err
		}
		p.add(n, name, v)
		if p.is(',') {
			err = p.advance()
		} else if !p.is('}') {
			err = p.fail(p.unclosed(n, "expected , or }"+p.comment()))
		}
		if err != nil {
			return err
		}
	}
	n.end = p.ahead.end
	return p.advance()
}

func (p *parser) add(n *Node, name token, v *Node) {
	if given := n.Member(name.text); given != nil {
		first, _ := n.source.position(given.named)
		p.faults = append(p.faults, n.fault(v.Path(), name.begin, fmt.Sprintf("stands twice, first in line %d; remove one", first)))
		return
	}
	n.join(Member{Name: name.text, Node: v})
}

// comment tells where what stands here is a comment of SQL.
func (p *parser) comment() string {
	if p.ahead.kind == tokenLiteral && strings.HasPrefix(p.ahead.text, "--") {
		return "; a comment begins with //, # or /*"
	}
	return ""
}

func (p *parser) list(n *Node) error {
	n.kind = ListKind
	if err := p.advance(); err != nil {
		return err
	}
	for !p.is(']') {
		v, err := p.value(&Node{parent: n, index: len(n.items)})
		if err != nil {
			return err
		}
		n.items = append(n.items, v)
		if p.is(',') {
			err = p.advance()
		} else if !p.is(']') {
			err = p.fail(p.unclosed(n, "expected , or ]"+p.comment()))
		}
		if err != nil {
			return err
		}
	}
	n.end = p.ahead.end
	return p.advance()
}

// unclosed adds to an expectation where the object or list began that the
// file ends in.
func (p *parser) unclosed(n *Node, expected string) string {
	if p.ahead.kind != tokenEnd {
		return expected
	}
	line, column := n.source.position(n.begin)
	what := "{"
	if n.kind == ListKind {
		what = "["
	}
	return fmt.Sprintf("the file ends here but the %s of line %d, column %d is not closed, %s", what, line, column, expected)
}
