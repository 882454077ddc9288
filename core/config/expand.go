package config

import (
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"sync"
)

// wellFormed matches what stands within ${name}, ${env:NAME}, ${file:path} and a
// name with offsets and a layout, such as ${now-2h:2006-01-02 15:04}.
var wellFormed = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(env:[A-Za-z0-9_.\-]+|file:.+|[A-Za-z0-9_.\-]+(?:[+\-][A-Za-z0-9+\-]+)?(?::.+)?)$`)
})

// longestName bounds a placeholder, in bytes; shownName bounds how much of one
// that is not closed an error shows.
const (
	longestName = 4096
	shownName   = 24
)

const opening = "${"

// named reads the placeholder that a text begins with: what stands within, and
// whether its } is near, in the same line and before another brace or, where the
// placeholder stands in no quotes, before quotes.
func named(text string, bare bool) (name string, closed bool) {
	within, ends := text[len(opening):min(len(text), longestName)], "{}\r\n"
	if bare {
		ends += "\"'"
	}
	end := strings.IndexAny(within, ends)
	if end >= 0 && within[end] == '}' {
		return within[:end], true
	}
	if end < 0 {
		end = len(within)
	}
	return strings.ToValidUTF8(strings.TrimRight(within[:min(end, shownName)], `"'`), ""), false
}

// ErrUnset is what a [Lookup] returns for a name that it does not know.
var ErrUnset = errors.New("has no value")

// Lookup gives the value of a placeholder's name: "bizdate" for ${bizdate},
// "env:PASSWORD" for ${env:PASSWORD}. An error other than [ErrUnset] says why a
// name that it does know has no value.
type Lookup func(name string) (value string, err error)

// Left is a placeholder that no value was found for.
type Left struct {
	Name string
	Bare bool  // outside a string
	Open bool  // it has no }
	Err  error // of the lookup
	at   int   // in the expanded text
}

// MayStay reports whether a value can be given later: it is a placeholder as it
// should be, and nothing is known to be wrong with its name.
func (l Left) MayStay() bool {
	return !l.Open && (errors.Is(l.Err, ErrUnset) || strings.HasPrefix(l.Name, "file:"))
}

// errForm is the fault of what has no value and is not spelled as a placeholder is.
var errForm = errors.New("is no placeholder; expected ${name}, ${env:NAME}, ${file:path} or a moment such as ${bizdate-1d}, without blanks around the name")

// Expand replaces every ${name} of the text outside comments. Inside a string
// the value is escaped and so stays one value; elsewhere it is inserted as it is
// and may be any piece of JSON. Values of names that begin with env: or file:,
// and of those that look like a secret's (see [Sensitive]), are secrets from
// there on. A name without a value stays as it is, elsewhere as a text, and is returned.
func Expand(name string, text []byte, lookup Lookup) (*Text, []Left) {
	t := NewText(name, text)
	data := t.file
	if !strings.Contains(data, opening) {
		return t, nil
	}
	var (
		out  strings.Builder
		left []Left
	)
	out.Grow(len(data))
	for i := 0; i < len(data); {
		switch c := data[i]; {
		case c == '"' || c == '\'':
			end := stringEnd(data, i)
			left = append(left, t.expandRange(&out, i, end, c, lookup)...)
			i = end
		case commentEnd(data, i) > i:
			end := commentEnd(data, i)
			out.WriteString(data[i:end])
			i = end
		case strings.HasPrefix(data[i:], opening):
			end := i + len(opening)
			if name, closed := named(data[i:], true); closed {
				end += len(name) + len("}")
			}
			left = append(left, t.expandRange(&out, i, end, 0, lookup)...)
			i = end
		default:
			out.WriteByte(c)
			i++
		}
	}
	t.data = out.String()
	return t, left
}

// expandRange appends file[from:to] to out with its placeholders replaced;
// quote is that of the string around it, or 0.
func (t *Text) expandRange(out *strings.Builder, from, to int, quote byte, lookup Lookup) (left []Left) {
	for i := from; i < to; {
		plain := strings.Index(t.file[i:to], opening)
		if plain < 0 {
			plain = to - i
		}
		out.WriteString(t.file[i : i+plain])
		if i += plain; i == to {
			break
		}
		name, closed := named(t.file[i:to], quote == 0)
		length := len(opening)
		value, err := "", errForm
		if closed {
			length += len(name) + len("}")
			value, err = lookup(name)
			if errors.Is(err, ErrUnset) && !wellFormed().MatchString(name) {
				err = errForm
			}
		}
		if err != nil {
			left = append(left, Left{Name: name, Bare: quote == 0, Open: !closed, Err: err, at: out.Len()})
			t.left = append(t.left, out.Len())
			text := t.file[i : i+length]
			if quote == 0 {
				text = `"` + escape(text, '"') + `"`
			}
			t.edits = append(t.edits, edit{at: out.Len(), n: len(text), from: i, m: length})
			out.WriteString(text)
			i += length
			continue
		}
		secret := secretName(name)
		if secret {
			t.secrets = append(t.secrets, value)
		}
		if quote != 0 {
			value = escape(value, quote)
		}
		t.edits = append(t.edits, edit{
			at: out.Len(), n: len(value), from: i, m: length,
			secret: secret,
		})
		out.WriteString(value)
		i += length
	}
	return left
}

func secretName(name string) bool {
	return strings.HasPrefix(name, "env:") || strings.HasPrefix(name, "file:") || Sensitive(name)
}

// literally is how to write what is no placeholder.
const literally = `; \u0024{ stands for the characters ${`

// Unresolved returns the fault of a placeholder that got no value; [Node.Holding]
// gives it a path.
func (t *Text) Unresolved(l Left) *Error {
	e := &Error{File: t.name, Msg: "${" + l.Name + "} has no value, give one with -p \"" + l.Name + "=...\""}
	e.Line, e.Column = t.position(l.at)
	switch env, ok := strings.CutPrefix(l.Name, "env:"); {
	case l.Open:
		e.Msg = "${" + l.Name + ": a placeholder is not closed, expected }" + literally
	case l.Err == errForm:
		e.Msg = "${" + l.Name + "} " + errForm.Error() + literally
	case ok:
		e.Msg = "${" + l.Name + "}: the environment variable " + env + " is not set"
	case !errors.Is(l.Err, ErrUnset):
		e.Msg = "${" + l.Name + "}: " + l.Err.Error()
	}
	return e
}

// escape returns the value as it stands between quotes.
func escape(value string, quote byte) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil { // a string always encodes
		panic(err)
	}
	s := strings.TrimSuffix(b.String(), "\n")
	s = s[1 : len(s)-1]
	if quote == '\'' {
		s = strings.ReplaceAll(s, "'", `\'`)
	}
	return s
}

// stringEnd returns the offset behind the string that begins at i, or the end
// of the data for a string that is not closed.
func stringEnd(data string, i int) int {
	for j := i + 1; j < len(data); j++ {
		switch data[j] {
		case '\\':
			j++
		case data[i]:
			return j + 1
		}
	}
	return len(data)
}

// commentEnd returns the offset behind the comment that begins at i, or i if
// none does. A block comment that is not closed ends with the data.
func commentEnd(data string, i int) int {
	rest := data[i:]
	switch {
	case rest[0] == '#' || strings.HasPrefix(rest, "//"):
		if n := strings.IndexByte(rest, '\n'); n >= 0 {
			return i + n
		}
		return len(data)
	case strings.HasPrefix(rest, "/*"):
		if n := strings.Index(rest[2:], "*/"); n >= 0 {
			return i + n + 4
		}
		return len(data)
	}
	return i
}
