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
	hidden := n.Kind() != NullKind && n.parent != nil && n.parent.kind == ObjectKind && Sensitive(n.name)
	switch {
	case hidden:
		writeText(b, mask)
	case n.Kind() == ObjectKind:
		b.WriteByte('{')
		for i, m := range n.members {
			comma(b, i, within)
			writeText(b, m.Name)
			b.WriteString(": ")
			writeMasked(b, m.Node, within)
		}
		closeList(b, len(n.members), indent, '}')
	case n.Kind() == ListKind:
		b.WriteByte('[')
		for i, item := range n.items {
			comma(b, i, within)
			writeMasked(b, item, within)
		}
		closeList(b, len(n.items), indent, ']')
	case n.Kind() == NullKind:
		b.WriteString("null")
	case n.source.secret(n.begin, n.end):
		writeText(b, mask)
	case n.kind == StringKind:
		writeText(b, MaskText(n.text))
	default:
		b.WriteString(n.text)
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
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(text); err != nil { // a string always encodes
		panic(err)
	}
	b.Truncate(b.Len() - 1)
}
