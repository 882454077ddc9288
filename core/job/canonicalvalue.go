package job

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/config"
)

// member returns a key with its value, or the comment that stands for it.
func (c *canonical) member(m config.Member) entry {
	if c.drop(m.Node) {
		return c.lost(m)
	}
	e := entry{name: c.job.notes.Name(m), unset: m.Node.Unset()}
	if text, is := c.hidden(m); is {
		e.value, e.comment = raw(text.quoted()), "set "+variableName(m.Node.Path())+", or write the value here"
		return e
	}
	e.value = func(b *bytes.Buffer, indent string) { c.value(b, m.Node, indent) }
	return e
}

// drop reports whether a value is not carried.
func (c *canonical) drop(n *config.Node) bool { return c.dropped[n] != "" || c.job.LeftOut(n) }

// hidden returns what stands for a scalar that is a secret, or holds one.
func (c *canonical) hidden(m config.Member) (text pattern, is bool) {
	n := m.Node
	if c.secrets || n.Unset() || n.Kind() == config.ListKind || n.Kind() == config.ObjectKind {
		return text, false
	}
	return patternOf(n).masked(n, config.Sensitive(m.Name))
}

// variableName makes an environment variable's name of a path:
// job.content[0].reader.parameter.password is READER_PASSWORD.
func variableName(path string) string {
	path = strings.NewReplacer("job.content[0].", "", "job.", "", "parameter.", "", "content", "").Replace(path)
	words := strings.FieldsFunc(path, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9')
	})
	return strings.ToUpper(strings.Join(words, "_"))
}

// lineWidth is up to where lists and objects stand in one line.
const lineWidth = 100

// value writes any value, in one line where it is short.
func (c *canonical) value(b *bytes.Buffer, n *config.Node, indent string) {
	if s, held := n.Unexpanded(); held && s.Quote == 0 {
		b.WriteString(s.Bare)
		return
	}
	if n.Kind() != config.ListKind && n.Kind() != config.ObjectKind {
		b.WriteString(c.scalar(n))
		return
	}
	if line, fits := c.inline(n, lineWidth-len(indent)); fits {
		b.WriteString(line)
		return
	}
	if n.Kind() == config.ObjectKind {
		var all []entry
		for _, m := range n.Members() {
			all = append(all, c.member(m))
		}
		c.object(b, all, indent)
		return
	}
	b.WriteByte('[')
	for i, item := range n.Items() {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString("\n" + deeper(indent))
		c.value(b, item, deeper(indent))
	}
	b.WriteString("\n" + indent + "]")
}

// inline returns a value in one line, if it is no longer than width and no
// comment stands in it.
func (c *canonical) inline(n *config.Node, width int) (string, bool) {
	if s, held := n.Unexpanded(); held && s.Quote == 0 {
		return s.Bare, len(s.Bare) <= width
	}
	var parts []string
	open, end := "[", "]"
	if width < 0 { // nothing deeper is looked at
		return "", false
	}
	switch n.Kind() {
	case config.ListKind:
		for _, item := range n.Items() {
			part, fits := c.inline(item, width-len(", "))
			if width -= len(part) + len(", "); !fits || width < 0 {
				return "", false
			}
			parts = append(parts, part)
		}
	case config.ObjectKind:
		open, end = "{", "}"
		for _, m := range n.Members() {
			_, secret := c.hidden(m)
			if c.drop(m.Node) || secret {
				return "", false
			}
			name := quoteJSON(c.job.notes.Name(m)) + ": "
			part, fits := c.inline(m.Node, width-len(name)-len(", "))
			part = name + part
			if width -= len(part) + len(", "); !fits || width < 0 || slices.ContainsFunc(parts, func(p string) bool { return strings.HasPrefix(p, name) }) {
				return "", false
			}
			parts = append(parts, part)
		}
	default:
		line := c.scalar(n)
		return line, len(line) <= width
	}
	return open + strings.Join(parts, ", ") + end, true
}

// scalar returns a scalar as JSON.
func (c *canonical) scalar(n *config.Node) string {
	text := patternOf(n)
	if !c.secrets && n.Kind() != config.NullKind { // in a list: members are looked at before
		if hidden, is := text.masked(n, false); is {
			return hidden.quoted()
		}
	}
	switch n.Kind() {
	case config.NullKind:
		return "null"
	case config.NumberKind, config.BoolKind:
		return n.Text()
	}
	if text.placeholders == nil && c.job.notes.Literal(n) {
		if plain := strings.ToLower(strings.TrimSpace(n.Text())); plain != "null" && !strings.HasPrefix(plain, `"`) && json.Valid([]byte(plain)) {
			return plain
		}
	}
	return text.quoted()
}
