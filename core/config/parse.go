package config

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
)

// maxDepth bounds nesting, as encoding/json does.
const maxDepth = 10000

// Parse reads the text into a tree. A text that is no JSON, even leniently
// read, is one [*Error] of class Config that shows the line with a caret and
// says what was expected; names that stand twice in an object are all reported.
func Parse(text *Text) (*Node, error) {
	if len(text.data) > math.MaxInt32 {
		return nil, errclass.With(errclass.Config, &Error{File: text.name, Msg: "the text is longer than 2 GiB"})
	}
	p := &parser{lexer: lexer{source: text}}
	root, err := p.document()
	if err != nil {
		return nil, errclass.With(errclass.Config, err)
	}
	if p.more > 0 {
		last := p.faults[len(p.faults)-1].(*Error)
		p.faults = append(p.faults, &Error{File: last.File, Path: root.Path(), Line: last.Line, Column: last.Column, Msg: fmt.Sprintf("and %d more names stand twice", p.more)})
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
	more   int     // such names beside these

	nodes   []Node   // that are not used yet
	made    int      // so many were allocated
	items   []*Node  // of the lists that are open
	members []Member // of the objects that are open
}

// nodesAtOnce are how many nodes are allocated together, at first and later.
const (
	fewNodes  = 8
	manyNodes = 128
)

// node returns a new node.
func (p *parser) node() *Node {
	if len(p.nodes) == 0 {
		p.nodes = make([]Node, min(max(fewNodes, p.made), manyNodes))
		p.made += len(p.nodes)
	}
	n := &p.nodes[0]
	p.nodes = p.nodes[1:]
	return n
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
		at = len(strings.TrimRight(source.data, " \t\r\n"))
	}
	return syntaxError(source, at, expected)
}

func (p *parser) is(punct byte) bool {
	return p.ahead.kind == tokenPunct && p.ahead.punct == punct
}

func (p *parser) document() (*Node, error) {
	if text := p.lexer.source; strings.HasPrefix(text.data, "\xff\xfe") || strings.HasPrefix(text.data, "\xfe\xff") {
		return nil, &Error{File: text.name, Line: 1, Column: 1, Msg: "the text is UTF-16; save the file as UTF-8"}
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.ahead.kind == tokenEnd {
		return nil, p.fail("the text is empty, expected {")
	}
	root, err := p.value(p.node())
	if err != nil {
		return nil, err
	}
	if p.ahead.kind != tokenEnd {
		if root.kind != ObjectKind && root.kind != ListKind { // no JSON at all, but a word may begin anything
			return nil, syntaxError(p.lexer.source, int(root.begin), "expected {")
		}
		return nil, p.fail("expected the end of the file")
	}
	return root, nil
}

// value reads into n, which knows its place already, the value that begins
// with the token ahead.
func (p *parser) value(n *Node) (*Node, error) {
	n.source, n.begin, n.end = p.lexer.source, int32(p.ahead.begin), int32(p.ahead.end)
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
	names := names{first: len(p.members)}
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
		v := p.node()
		v.parent, v.name, v.named = n, name.text, int32(name.begin)
		if _, err := p.value(v); err != nil {
			return err
		}
		if given := names.find(p.members, name.text); given != nil {
			p.twice(n, given, v)
		} else {
			p.members = append(p.members, Member{name.text, v})
			names.add(p.members)
		}
		var err error
		if p.is(',') {
			err = p.advance()
		} else if !p.is('}') {
			err = p.fail(p.unclosed(n, "expected , or }"+p.comment()))
		}
		if err != nil {
			return err
		}
	}
	if own := p.members[names.first:]; len(own) > 0 {
		n.children = &children{members: slices.Clone(own), byName: names.byName}
		p.members = p.members[:names.first]
	}
	n.end = int32(p.ahead.end)
	return p.advance()
}

// names finds the members of an object that is open, from the first of them on.
type names struct {
	first  int
	byName map[string]*Node // of more than fewMembers
}

func (s *names) find(members []Member, name string) *Node {
	c := children{members: members[s.first:], byName: s.byName}
	return c.member(name)
}

// add takes in the last of the members.
func (s *names) add(members []Member) {
	own := members[s.first:]
	switch last := own[len(own)-1]; {
	case s.byName != nil:
		s.byName[last.Name] = last.Node
	case len(own) > fewMembers:
		s.byName = make(map[string]*Node, 2*len(own))
		for _, m := range own {
			s.byName[m.Name] = m.Node
		}
	}
}

// twice notes that a name of n stands twice.
func (p *parser) twice(n, given, again *Node) {
	if len(p.faults) == mostFaults {
		p.more++
		return
	}
	first, _ := n.source.position(int(given.named))
	p.faults = append(p.faults, n.fault(again.Path(), int(again.named), fmt.Sprintf("stands twice, first in line %d; remove one", first)))
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
	first := len(p.items)
	for !p.is(']') {
		v := p.node()
		v.parent, v.index = n, int32(len(p.items)-first)
		if _, err := p.value(v); err != nil {
			return err
		}
		p.items = append(p.items, v)
		var err error
		if p.is(',') {
			err = p.advance()
		} else if !p.is(']') {
			err = p.fail(p.unclosed(n, "expected , or ]"+p.comment()))
		}
		if err != nil {
			return err
		}
	}
	if own := p.items[first:]; len(own) > 0 {
		n.children = &children{items: slices.Clone(own)}
		p.items = p.items[:first]
	}
	n.end = int32(p.ahead.end)
	return p.advance()
}

// unclosed adds to an expectation where the object or list began that the
// file ends in.
func (p *parser) unclosed(n *Node, expected string) string {
	if p.ahead.kind != tokenEnd {
		return expected
	}
	line, column := n.source.position(int(n.begin))
	what := "{"
	if n.kind == ListKind {
		what = "["
	}
	return fmt.Sprintf("the file ends here but the %s of line %d, column %d is not closed, %s", what, line, column, expected)
}
