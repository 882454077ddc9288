package config

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// Kind is what a node is.
type Kind uint8

const (
	NullKind Kind = iota
	BoolKind
	NumberKind
	StringKind
	ListKind
	ObjectKind
)

var kindNames = [...]string{"null", "a boolean", "a number", "a text", "a list", "an object"}

// String returns the kind with its article, as error texts want it.
func (k Kind) String() string { return kindNames[k] }

// Node is one value of a file. It is never changed after [Parse] and may be
// shared by goroutines.
type Node struct { // 80 bytes: a large file has very many
	text     string // of a string: decoded; of a number or boolean: the literal
	name     string // in an object
	source   *Text
	parent   *Node     // nil: the root of a file
	children *children // of a list or an object; nil: it has none
	begin    int32     // offsets in source.data
	end      int32
	named    int32 // where the name begins
	index    int32 // in a list
	kind     Kind
}

type children struct {
	items   []*Node
	members []Member
	byName  map[string]*Node // of more than fewMembers
}

// Member is a name and its value in an object.
type Member struct {
	Name string
	Node *Node
}

// Kind returns what the node is; NullKind for a nil node.
func (n *Node) Kind() Kind {
	if n == nil {
		return NullKind
	}
	return n.kind
}

// Text returns the decoded text of a String and the literal of a Number or
// Bool; "" for everything else. It may be a secret.
func (n *Node) Text() string {
	if n == nil {
		return ""
	}
	return n.text
}

// Raw returns the value as it stands in the text, placeholders replaced. It may
// hold secrets.
func (n *Node) Raw() string { return n.source.data[n.begin:n.end] }

// Size returns the length of [Node.Raw].
func (n *Node) Size() int { return int(n.end - n.begin) }

// Items returns the elements of a List.
func (n *Node) Items() []*Node {
	if n == nil || n.children == nil {
		return nil
	}
	return n.children.items
}

// Members returns the members of an Object in the order of the file.
func (n *Node) Members() []Member {
	if n == nil || n.children == nil {
		return nil
	}
	return n.children.members
}

// Member returns the value under a name of an Object, or nil.
func (n *Node) Member(name string) *Node {
	if n == nil || n.children == nil {
		return nil
	}
	return n.children.member(name)
}

func (c *children) member(name string) *Node {
	if c.byName != nil {
		return c.byName[name]
	}
	for i := range c.members {
		if c.members[i].Name == name {
			return c.members[i].Node
		}
	}
	return nil
}

// fewMembers are found as fast without a map, and most objects have no more.
const fewMembers = 8

// join appends a member that there is not yet.
func (c *children) join(m Member) {
	c.members = append(c.members, m)
	switch {
	case c.byName != nil:
		c.byName[m.Name] = m.Node
	case len(c.members) > fewMembers:
		c.byName = make(map[string]*Node, 2*len(c.members))
		for _, m := range c.members {
			c.byName[m.Name] = m.Node
		}
	}
}

// With returns an object that has one more member: a node from elsewhere, which
// errors go on pointing to.
func (n *Node) With(name string, value *Node) *Node {
	more := *n
	more.children = &children{members: slices.Clone(n.Members())}
	if n.children != nil {
		more.children.byName = maps.Clone(n.children.byName)
	}
	more.children.join(Member{name, value})
	return &more
}

// Unset reports whether the node says nothing: it is missing, null or "".
func (n *Node) Unset() bool {
	return n == nil || n.kind == NullKind || n.kind == StringKind && n.text == ""
}

// Line returns the line of the file, from 1, that the node begins in.
func (n *Node) Line() int {
	line, _ := n.source.position(int(n.begin))
	return line
}

// Column returns the column, in characters from 1, that the node begins at.
func (n *Node) Column() int {
	_, column := n.source.position(int(n.begin))
	return column
}

// Covers reports whether the placeholder stands inside the node.
func (n *Node) Covers(l Left) bool { return int(n.begin) <= l.at && l.at < int(n.end) }

// Holding returns the innermost node that the placeholder stands in; nil if that
// is not in n at all. n is the root of a file.
func (n *Node) Holding(l Left) *Node {
	if n == nil || !n.Covers(l) {
		return nil
	}
	members, items := n.Members(), n.Items()
	member := sort.Search(len(members), func(i int) bool { return int(members[i].Node.end) > l.at })
	if member < len(members) && members[member].Node.Covers(l) {
		return members[member].Node.Holding(l)
	}
	item := sort.Search(len(items), func(i int) bool { return int(items[i].end) > l.at })
	if item < len(items) && items[item].Covers(l) {
		return items[item].Holding(l)
	}
	return n
}

// Kept reports whether a placeholder without a value stands in the node.
func (n *Node) Kept() bool { return n != nil && n.source.unresolved(int(n.begin), int(n.end)) }

// plainName tells names that stand in a path without brackets.
func plainName(name string) bool {
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '$' && c != '-' {
			return false
		}
	}
	return name != ""
}

// Path returns where the node is, such as job.content[0].reader; "" for the
// root of a file.
func (n *Node) Path() string { return string(n.appendPath(nil)) }

func (n *Node) appendPath(b []byte) []byte {
	switch {
	case n.parent == nil:
		return b
	case n.parent.kind == ListKind:
		return appendIndex(n.parent.appendPath(b), int(n.index))
	default:
		return appendName(n.parent.appendPath(b), n.name)
	}
}

func appendIndex(path []byte, index int) []byte {
	return append(strconv.AppendInt(append(path, '['), int64(index), 10), ']')
}

func appendName(path []byte, name string) []byte {
	if !plainName(name) {
		return append(strconv.AppendQuote(append(path, '['), name), ']')
	}
	if len(path) > 0 {
		path = append(path, '.')
	}
	return append(path, name...)
}

func joinPath(parent, name string) string { return string(appendName([]byte(parent), name)) }

// Errorf returns a fault of this node.
func (n *Node) Errorf(format string, args ...any) *Error {
	e := n.fault(n.Path(), int(n.begin), fmt.Sprintf(format, args...))
	e.node = n
	return e
}

func (n *Node) fault(path string, at int, msg string) *Error {
	line, column := n.source.position(at)
	follows := at == int(n.begin) && n.kind != ObjectKind && n.kind != ListKind && n.source.unresolved(int(n.begin), int(n.end))
	return &Error{File: n.source.name, Path: path, Line: line, Column: column, Msg: msg, follows: follows}
}

// quoted returns the value for an error text, shortened; asterisks for a secret.
func (n *Node) quoted() string {
	switch {
	case n.kind == ListKind || n.kind == ObjectKind || n.kind == NullKind:
		return n.kind.String()
	case n.source.secret(int(n.begin), int(n.end)) || Sensitive(n.name):
		return mask
	case n.kind != StringKind:
		return n.text
	}
	text := MaskText(n.text)
	if r := []rune(text); len(r) > 60 {
		text = string(r[:60]) + "..."
	}
	return strconv.Quote(text)
}

// find follows a relative path such as "connection[0].jdbcUrl" as far as the
// file has it, and returns the node reached and the rest that is missing.
func (n *Node) find(path string) (*Node, string) {
	for path != "" {
		var next *Node
		rest := ""
		if strings.HasPrefix(path, "[") {
			num, tail, ok := strings.Cut(path[1:], "]")
			i, err := strconv.Atoi(num)
			if !ok || err != nil || i < 0 || i >= len(n.Items()) {
				return n, path
			}
			next, rest = n.Items()[i], tail
		} else if next = n.Member(path); next == nil {
			stop := strings.IndexAny(path, ".[")
			if stop < 0 {
				return n, path
			}
			next, rest = n.Member(path[:stop]), path[stop:]
		}
		if next == nil {
			return n, path
		}
		n, path = next, strings.TrimPrefix(rest, ".")
	}
	return n, ""
}
