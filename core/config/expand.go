package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"sync"
)

// placeholder matches ${name}, ${env:NAME}, ${file:path} and a name with
// offsets and a layout, such as ${now-2h:2006-01-02 15:04}.
var placeholder = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\$\{(env:[A-Za-z0-9_.\-]+|file:[^{}\r\n]+|[A-Za-z0-9_.\-]+(?:[+\-][A-Za-z0-9+\-]+)?(?::[^{}\r\n]+)?)\}`)
})

// longestName bounds a placeholder, in bytes.
const longestName = 4096

// closed returns the text up to its first }, where a placeholder at its begin
// ends; nil if there is none near.
func closed(text []byte) []byte {
	return text[:bytes.IndexByte(text[:min(len(text), longestName)], '}')+1]
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
	Bare bool  // outside a string, where what is left cannot be read as JSON
	Err  error // of the lookup
	at   int   // in the expanded text
}

// Expand replaces every ${name} of the text outside comments. Inside a string
// the value is escaped and so stays one value; elsewhere it is inserted as it is
// and may be any piece of JSON. Values of names that begin with env: or file:,
// and of those that look like a secret's (see [Sensitive]), are secrets from
// there on. A name without a value stays as it is and is returned.
func Expand(name string, data []byte, lookup Lookup) (*Text, []Left) {
	t := NewText(name, data)
	var (
		out  bytes.Buffer
		left []Left
	)
	for i := 0; i < len(data); {
		switch c := data[i]; {
		case c == '"' || c == '\'':
			end := stringEnd(data, i)
			left = append(left, t.expandRange(&out, i, end, c, lookup)...)
			i = end
		case commentEnd(data, i) > i:
			end := commentEnd(data, i)
			out.Write(data[i:end])
			i = end
		case c == '$':
			m := placeholder().Find(closed(data[i:]))
			end := i + max(len(m), 1)
			left = append(left, t.expandRange(&out, i, end, 0, lookup)...)
			i = end
		default:
			out.WriteByte(c)
			i++
		}
	}
	t.data = out.Bytes()
	return t, left
}

// expandRange appends file[from:to] to out with its placeholders replaced;
// quote is that of the string around it, or 0.
func (t *Text) expandRange(out *bytes.Buffer, from, to int, quote byte, lookup Lookup) (left []Left) {
	for i := from; i < to; {
		plain := bytes.IndexByte(t.file[i:to], '$')
		if plain < 0 {
			plain = to - i
		}
		out.Write(t.file[i : i+plain])
		if i += plain; i == to {
			break
		}
		m := placeholder().FindSubmatch(closed(t.file[i:to]))
		if m == nil {
			out.WriteByte(t.file[i])
			i++
			continue
		}
		name := string(m[1])
		value, err := lookup(name)
		if err != nil {
			left = append(left, Left{Name: name, Bare: quote == 0, Err: err, at: out.Len()})
			t.left = append(t.left, out.Len())
			out.Write(m[0])
			i += len(m[0])
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
			at: out.Len(), n: len(value), from: i, m: len(m[0]),
			secret: secret,
		})
		out.WriteString(value)
		i += len(m[0])
	}
	return left
}

func secretName(name string) bool {
	return strings.HasPrefix(name, "env:") || strings.HasPrefix(name, "file:") || Sensitive(name)
}

// Unresolved returns the fault of a placeholder that got no value.
func (t *Text) Unresolved(l Left) *Error {
	e := &Error{File: t.name, Msg: "${" + l.Name + "} has no value, give one with -p \"" + l.Name + "=...\""}
	e.Line, e.Column = t.position(l.at)
	switch env, ok := strings.CutPrefix(l.Name, "env:"); {
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
func stringEnd(data []byte, i int) int {
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
func commentEnd(data []byte, i int) int {
	rest := data[i:]
	switch {
	case rest[0] == '#' || bytes.HasPrefix(rest, []byte("//")):
		if n := bytes.IndexByte(rest, '\n'); n >= 0 {
			return i + n
		}
		return len(data)
	case bytes.HasPrefix(rest, []byte("/*")):
		if n := bytes.Index(rest[2:], []byte("*/")); n >= 0 {
			return i + n + 4
		}
		return len(data)
	}
	return i
}
