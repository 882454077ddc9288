package job

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/datasync-io/datasync/core/config"
)

// pattern is a text with placeholders in it. In text each is its index between
// two bytes that stand in no UTF-8, so that it is not taken for what the text
// says: \u0024{ of a file is no placeholder.
type pattern struct {
	text         string
	placeholders []string // as written
	quote        byte     // the quotes that the file has around it, or 0
}

const tokenByte = "\xff"

// patternOf returns a scalar as the file has it.
func patternOf(n *config.Node) pattern {
	s, held := n.Unexpanded()
	switch {
	case !held:
		return pattern{text: n.Text()}
	case s.Quote == 0:
		return bare(s.Bare)
	}
	p := pattern{quote: s.Quote}
	for i, piece := range s.Pieces {
		if i%2 == 1 {
			piece = p.hold(piece)
		}
		p.text += piece
	}
	return p
}

// bare returns a word without quotes as a text: no escapes stand in it.
func bare(word string) (p pattern) {
	for {
		before, rest, found := strings.Cut(word, "${")
		name, after, closed := strings.Cut(rest, "}")
		if p.text += before; !found || !closed {
			return p
		}
		p.text += p.hold("${" + name + "}")
		word = after
	}
}

// hold returns what stands for a placeholder in the text.
func (p *pattern) hold(placeholder string) string {
	p.placeholders = append(p.placeholders, placeholder)
	return tokenByte + strconv.Itoa(len(p.placeholders)-1) + tokenByte
}

// masked replaces by a placeholder what is a secret in a value, or all of it,
// and is not given by placeholders already.
func (p pattern) masked(n *config.Node, all bool) (pattern, bool) {
	is := false
	stand := func(secret string) string {
		if words := strings.Split(secret, tokenByte); len(words) > 1 && onlyTokens(words) {
			return secret
		}
		is = true
		return p.hold("${env:" + variableName(n.Path()) + "}")
	}
	if all || p.placeholders == nil && n.Foreign() {
		p.text = stand(p.text)
	} else {
		p.text = config.MapSecrets(p.text, stand)
	}
	return p, is
}

// onlyTokens reports whether nothing stands beside the placeholders, whose
// indices are at odd places.
func onlyTokens(words []string) bool {
	for i := 0; i < len(words); i += 2 {
		if words[i] != "" {
			return false
		}
	}
	return true
}

// quoted returns the text in quotes, which are those of the file where a
// placeholder holds others.
func (p pattern) quoted() string {
	quote := byte('"')
	for _, placeholder := range p.placeholders {
		if p.quote == '\'' && strings.Contains(placeholder, `"`) {
			quote = '\''
		}
	}
	var b strings.Builder
	b.WriteByte(quote)
	for i, word := range strings.Split(p.text, tokenByte) {
		if i%2 == 1 {
			index, err := strconv.Atoi(word)
			if err != nil {
				panic(err) // hold wrote it
			}
			b.WriteString(p.placeholders[index])
			continue
		}
		body := quoteJSON(word)
		if body = body[1 : len(body)-1]; quote == '\'' {
			body = strings.ReplaceAll(body, "'", `\'`)
		}
		b.WriteString(body)
	}
	b.WriteByte(quote)
	return b.String()
}

// quoteJSON returns a text in quotes in which nothing is a placeholder.
func quoteJSON(text string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(text) // a string always encodes
	return strings.ReplaceAll(strings.TrimSuffix(b.String(), "\n"), "${", `\u0024{`)
}
