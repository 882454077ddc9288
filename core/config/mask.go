package config

import (
	"bytes"
	"encoding/json"
)

// Masked returns the node as indented JSON in the order of the file. Values of
// sensitive keys, texts from the environment, and passwords inside URLs are
// asterisks.
func Masked(n *Node) []byte {
	var b bytes.Buffer
	writeMasked(&b, n, "\n")
	return b.Bytes()
}

// maxIndent bounds what deeply nested lists are indented by.
const maxIndent = 64

func writeMasked(b *bytes.Buffer, n *Node, indent string) {
	within := indent
	if len(indent) < maxIndent {
		within += "  "
	}
	switch {
	case n.Kind() != NullKind && n.underSecret():
		writeText(b, mask)
	case n.Kind() == ObjectKind:
		b.WriteByte('{')
		for i, m := range n.Members() {
			comma(b, i, within)
			writeText(b, m.Name)
			b.WriteString(": ")
			writeMasked(b, m.Node, within)
		}
		closeList(b, len(n.Members()), indent, '}')
	case n.Kind() == ListKind:
		b.WriteByte('[')
		for i, item := range n.Items() {
			comma(b, i, within)
			writeMasked(b, item, within)
		}
		closeList(b, len(n.Items()), indent, ']')
	case n.Kind() == NullKind:
		b.WriteString("null")
	case n.source.secret(int(n.begin), int(n.end)):
		writeText(b, mask)
	case n.kind == StringKind:
		writeText(b, MaskText(n.text))
	default:
		b.WriteString(n.text)
	}
}

// underSecret tells a value whose key alone says that it must not be shown.
func (n *Node) underSecret() bool {
	return n.parent != nil && n.parent.kind == ObjectKind && Sensitive(n.name)
}

// Leaves calls visit for every value that says something and holds no other, in
// the order of the file, with its path and as [Masked] shows it; an object or
// list without content is one. Where skip is true, nothing beneath the value is
// visited. Paths and texts are borrowed until the call returns.
func Leaves(root *Node, skip func(n *Node, path []byte) bool, visit func(path, masked []byte)) {
	w := leafWalk{skip: skip, visit: visit, path: root.appendPath(nil)}
	w.walk(root)
}

type leafWalk struct {
	skip    func(n *Node, path []byte) bool
	visit   func(path, masked []byte)
	path    []byte // of the node that walk is given
	scratch bytes.Buffer
}

func (w *leafWalk) walk(n *Node) {
	switch {
	case n.Unset() || w.skip(n, w.path):
	case n.underSecret() || len(n.Members())+len(n.Items()) == 0:
		w.scratch.Reset()
		writeMasked(&w.scratch, n, "\n")
		w.visit(w.path, w.scratch.Bytes())
	default:
		end := len(w.path)
		for _, m := range n.Members() {
			w.path = appendName(w.path[:end], m.Name)
			w.walk(m.Node)
		}
		for i, item := range n.Items() {
			w.path = appendIndex(w.path[:end], i)
			w.walk(item)
		}
		w.path = w.path[:end]
	}
}

func comma(b *bytes.Buffer, i int, indent string) {
	if i > 0 {
		b.WriteByte(',')
	}
	b.WriteString(indent)
}

func closeList(b *bytes.Buffer, n int, indent string, end byte) {
	if n > 0 {
		b.WriteString(indent)
	}
	b.WriteByte(end)
}

func writeText(b *bytes.Buffer, text string) {
	if unescaped(text) {
		b.WriteByte('"')
		b.WriteString(text)
		b.WriteByte('"')
		return
	}
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(text); err != nil { // a string always encodes
		panic(err)
	}
	b.Truncate(b.Len() - 1)
}

// unescaped tells a text of ASCII that JSON spells as it is, as most are.
func unescaped(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < 0x20 || c > 0x7e || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
