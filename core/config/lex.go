package config

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokenEnd     tokenKind = iota
	tokenPunct             // one of { } [ ] , :
	tokenString            // quoted
	tokenLiteral           // a bare word: number, true, false, null or a text without quotes
)

type token struct {
	kind       tokenKind
	punct      byte   // as strict JSON spells it: ';' is ',' and '=' is ':'
	text       string // decoded
	begin, end int
}

// lexer splits lenient JSON into tokens. It follows the reader of Gson 2 in
// lenient mode, except that quotes do not stand inside bare words.
type lexer struct {
	source *Text
	at     int
}

func (l *lexer) fail(at int, expected string) error {
	return syntaxError(l.source, at, expected)
}

// next returns the next token. At the end of the text it returns tokenEnd for ever.
func (l *lexer) next() (token, error) {
	data := l.source.data
	if err := l.skip(); err != nil {
		return token{}, err
	}
	begin := l.at
	if begin == len(data) {
		return token{begin: begin, end: begin}, nil
	}
	switch c := data[begin]; c {
	case '{', '}', '[', ']', ',', ':', ';', '=':
		l.at++
		if c == ';' {
			c = ','
		} else if c == '=' {
			c = ':'
			if l.at < len(data) && data[l.at] == '>' {
				l.at++
			}
		}
		return token{kind: tokenPunct, punct: c, begin: begin, end: l.at}, nil
	case '"', '\'':
		return l.quoted(begin)
	}
	return l.literal(begin)
}

// skip goes past white space, comments and a byte order mark at the start.
func (l *lexer) skip() error {
	data := l.source.data
	if l.at == 0 && strings.HasPrefix(data, "\uFEFF") {
		l.at = len("\uFEFF")
	}
	for l.at < len(data) {
		switch data[l.at] {
		case ' ', '\t', '\r', '\n':
			l.at++
			continue
		}
		end := commentEnd(data, l.at)
		if end == l.at {
			return nil
		}
		if data[l.at] == '/' && data[l.at+1] == '*' && (end-l.at < 4 || data[end-2] != '*' || data[end-1] != '/') {
			return l.fail(l.at, "this comment is not closed, expected */")
		}
		l.at = end
	}
	return nil
}

func (l *lexer) quoted(begin int) (token, error) {
	data := l.source.data
	end := stringEnd(data, begin)
	if end-begin < 2 || data[end-1] != data[begin] || escaped(data[begin+1:end-1]) {
		return token{}, l.fail(begin, "this text is not closed, expected "+string(data[begin]))
	}
	if at := badUTF8(data[begin:end]); at >= 0 {
		return token{}, l.fail(begin+at, notUTF8)
	}
	text, err := unquote(data[begin+1 : end-1])
	if err != nil {
		return token{}, l.fail(begin, `this text holds a bad escape, expected one of \" \\ \/ \b \f \n \r \t \u0000`)
	}
	l.at = end
	return token{kind: tokenString, text: text, begin: begin, end: end}, nil
}

// notUTF8 is the fault of a text in another encoding: read as it is, its
// characters would become others.
const notUTF8 = "this is no UTF-8; save the file as UTF-8"

// badUTF8 returns where the first byte is that is no UTF-8; -1: there is none.
func badUTF8(text string) int {
	if utf8.ValidString(text) {
		return -1
	}
	at := 0
	for {
		r, size := utf8.DecodeRuneInString(text[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
}

// escaped reports whether the body ends in a backslash that escapes what follows.
func escaped(body string) bool {
	n := len(body) - len(strings.TrimRight(body, `\`))
	return n%2 == 1
}

// unquote decodes what stands between quotes. Raw control characters (a statement over
// several lines) stand for themselves, as in Gson; the rest is encoding/json's.
func unquote(body string) (string, error) {
	if plain(body) {
		return body, nil
	}
	var strict bytes.Buffer
	strict.Grow(len(`""`) + len(body))
	strict.WriteByte('"')
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case c == '\\' && (body[i+1] == '\'' || body[i+1] == '\n'): // Gson's own escapes
			i++
			writeRaw(&strict, body[i])
		case c == '\\':
			strict.WriteString(body[i : i+2])
			i++
		default:
			writeRaw(&strict, c)
		}
	}
	strict.WriteByte('"')
	var text string
	err := json.Unmarshal(strict.Bytes(), &text)
	return text, err
}

// plain reports whether a body stands for itself, as most do.
func plain(body string) bool {
	for i := range len(body) {
		if c := body[i]; c == '\\' || c < 0x20 || c >= utf8.RuneSelf {
			return strings.IndexByte(body, '\\') < 0 && utf8.ValidString(body)
		}
	}
	return true
}

func writeRaw(b *bytes.Buffer, c byte) {
	const hex = "0123456789abcdef"
	switch {
	case c == '"':
		b.WriteString(`\"`)
	case c < 0x20:
		b.WriteString(`\u00` + string(hex[c>>4]) + string(hex[c&15]))
	default:
		b.WriteByte(c)
	}
}

func (l *lexer) literal(begin int) (token, error) {
	data := l.source.data
	end := begin
	for end < len(data) && !strings.ContainsRune("{}[]:,;=#/\\\"' \t\r\n\f", rune(data[end])) {
		end++
	}
	if end == begin {
		return token{}, l.fail(begin, "expected a value, a name or one of { } [ ] , :")
	}
	if c, at := strayByte(data[begin:end]); c {
		return token{}, l.fail(begin+at, "expected a text in quotes")
	}
	l.at = end
	return token{kind: tokenLiteral, text: data[begin:end], begin: begin, end: end}, nil
}

// strayByte finds what no bare word holds: control characters and bytes that
// are no UTF-8.
func strayByte(word string) (found bool, at int) {
	for i := 0; i < len(word); {
		r, n := utf8.DecodeRuneInString(word[i:])
		if r < 0x20 || r == utf8.RuneError && n == 1 {
			return true, i
		}
		i += n
	}
	return false, 0
}
