package job

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/datasync-io/datasync/core/config"
)

// member returns a key with its value, or the comment that stands for it.
func (c *canonical) member(m config.Member) entry {
	if _, is := c.dropped[m.Node.Path()]; is {
		return c.lost(m)
	}
	e := entry{name: c.job.notes.Name(m)}
	if text, name, is := c.hidden(m); is {
		e.value, e.comment = raw(quoteJSON(text)), "set "+name+", or write the value here"
		return e
	}
	e.value = func(b *bytes.Buffer, indent string) { c.value(b, m.Node, indent) }
	return e
}

// hidden returns what stands for a scalar that is a secret, or holds one, and
// the environment variable that is to give it.
func (c *canonical) hidden(m config.Member) (text, variable string, is bool) {
	n := m.Node
	if c.secrets || n.Unset() || n.Kind() == config.ListKind || n.Kind() == config.ObjectKind {
		return "", "", false
	}
	text, _, held := n.Unexpanded()
	if !held {
		text = n.Text()
	}
	variable = variableName(n.Path())
	stand := func(secret string) string {
		if strings.HasPrefix(secret, "${") {
			return secret
		}
		is = true
		return "${env:" + variable + "}"
	}
	if config.Sensitive(m.Name) {
		return stand(text), variable, is
	}
	return config.MapSecrets(text, stand), variable, is
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
	if text, bare, held := n.Unexpanded(); held && bare {
		b.WriteString(text)
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
		b.WriteString("\n" + indent + "  ")
		c.value(b, item, indent+"  ")
	}
	b.WriteString("\n" + indent + "]")
}

// inline returns a value in one line, if it is no longer than width and no
// comment stands in it.
func (c *canonical) inline(n *config.Node, width int) (string, bool) {
	if text, bare, held := n.Unexpanded(); held && bare {
		return text, len(text) <= width
	}
	var parts []string
	open, end := "[", "]"
	switch n.Kind() {
	case config.ListKind:
		for _, item := range n.Items() {
			part, fits := c.inline(item, width)
			if width -= len(part) + 2; !fits || width < 0 {
				return "", false
			}
			parts = append(parts, part)
		}
	case config.ObjectKind:
		open, end = "{", "}"
		for _, m := range n.Members() {
			_, _, secret := c.hidden(m)
			if _, drop := c.dropped[m.Node.Path()]; drop || secret {
				return "", false
			}
			part, fits := c.inline(m.Node, width)
			part = quoteJSON(c.job.notes.Name(m)) + ": " + part
			if width -= len(part) + 2; !fits || width < 0 {
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
	text, _, held := n.Unexpanded()
	if !held {
		text = n.Text()
	}
	switch plain := strings.ToLower(strings.TrimSpace(text)); {
	case n.Kind() == config.NullKind:
		return "null"
	case n.Kind() == config.NumberKind || n.Kind() == config.BoolKind:
		return text
	case !held && c.job.notes.Literal(n) && json.Valid([]byte(plain)) && plain != "null" && !strings.HasPrefix(plain, `"`):
		return plain
	case !c.secrets:
		text = config.MapSecrets(text, func(secret string) string { // in a list: members are looked at before
			if strings.HasPrefix(secret, "${") {
				return secret
			}
			return "${env:" + variableName(n.Path()) + "}"
		})
	}
	return quoteJSON(text)
}
