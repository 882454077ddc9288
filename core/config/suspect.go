package config

import (
	"regexp"
	"slices"
	"strings"
)

// looks say which of the patterns of secrets a text may match.
type looks struct{ pairs, header, dsn, sql, address bool }

// pairWords are in every name of a secret before its value, in lower case.
var pairWords = []string{"pas", "pwd", "secret", "salt", "access", "token", "api", "credential", "jaas", "user.info"}

// looksOf tells quickly what in a text may look like a secret: nothing in most
// texts, and a job file may have many.
func looksOf(text string) looks {
	if !strings.ContainsAny(text, "=:'") {
		return looks{}
	}
	lower := strings.ToLower(text)
	at := strings.Contains(lower, "@")
	return looks{
		pairs:   holds(lower, pairWords),
		header:  strings.Contains(lower, "authorization"),
		dsn:     at && (strings.Contains(lower, "@tcp") || strings.Contains(lower, "@unix")),
		sql:     strings.Contains(lower, "identified") || strings.Contains(lower, "pas"),
		address: at && strings.Contains(lower, "://"),
	}
}

// secretWords are in every name of a secret, in lower case; see [Sensitive].
var secretWords = []string{"pas", "pwd", "secret", "salt", "key", "token", "jaas", "credential", "authorization", "user.info", "dsn"}

func holdsAny(text string, words []string) bool {
	return holds(strings.ToLower(text), words)
}

func holds(lower string, words []string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(lower, w) })
}

// MapSecrets replaces what looks like a secret inside a text; see [MaskText].
func MapSecrets(text string, f func(secret string) string) string {
	look := looksOf(text)
	for _, in := range []struct {
		may     bool
		pattern func() *regexp.Regexp
	}{{look.pairs, inPairs}, {look.header, inHeader}, {look.dsn, inDSN}, {look.sql, inSQL}, {look.address, inUserInfo}} {
		if in.may {
			text = mapGroup(in.pattern(), text, f)
		}
	}
	return text
}

// mapGroup replaces the second group of every match.
func mapGroup(re *regexp.Regexp, text string, f func(string) string) string {
	var b strings.Builder
	last := 0
	for _, m := range re.FindAllStringSubmatchIndex(text, -1) {
		b.WriteString(text[last:m[4]] + f(text[m[4]:m[5]]))
		last = m[5]
	}
	return b.String() + text[last:]
}
