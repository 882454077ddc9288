package kafkakit

import (
	"errors"
	"fmt"
	"strings"

	"github.com/datasync-io/datasync/core/config"
)

// login is an entry of a JAAS configuration: what sasl.jaas.config holds.
type login struct {
	module  string // without its package: PlainLoginModule
	options map[string]string
}

// parseLogin reads
//
//	org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="p";
//
// Errors never quote the text: it holds a password.
func parseLogin(secret config.Secret) (login, error) {
	words, err := jaasWords(secret.Reveal())
	if err != nil {
		return login{}, err
	}
	if len(words) < 2 || words[len(words)-1] != ";" {
		return login{}, errors.New(`expected a login module, "required", options and a semicolon at the end`)
	}
	l := login{module: words[0][strings.LastIndexByte(words[0], '.')+1:], options: map[string]string{}}
	rest := words[2 : len(words)-1] // without the control flag
	for len(rest) > 0 {
		if len(rest) < 3 || rest[1] != "=" {
			return login{}, fmt.Errorf(`expected name="value" after %s`, l.module)
		}
		l.options[rest[0]] = rest[2]
		rest = rest[3:]
	}
	return l, nil
}

// jaasWords splits the text into words, quoted values (unquoted), "=" and ";".
func jaasWords(text string) ([]string, error) {
	var words []string
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case strings.IndexByte(" \t\r\n", c) >= 0:
			i++
		case c == '=' || c == ';':
			words = append(words, string(c))
			i++
		case c == '"' || c == '\'':
			word, n := unquote(text[i:])
			if n == 0 {
				return nil, errors.New("a quoted value has no end")
			}
			words = append(words, word)
			i += n
		default:
			n := strings.IndexAny(text[i:], " \t\r\n=;\"'")
			if n < 0 {
				n = len(text) - i
			}
			words = append(words, text[i:i+n])
			i += n
		}
	}
	return words, nil
}

// unquote returns the value that text begins with and how long it is with its
// quotes; 0 if it has no end.
func unquote(text string) (value string, n int) {
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == text[0]:
			return b.String(), i + 1
		case c == '\\' && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", 0
}
