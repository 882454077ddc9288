package config

import (
	"regexp"
	"slices"
	"strings"
)

// suspectWords are in every text that holds a secret by its looks, in lower case.
var suspectWords = []string{"pas", "pwd", "secret", "salt", "access", "token", "api", "credential", "jaas", "user.info", "authorization", "identified", "://", "@tcp", "@unix"}

// suspect tells quickly that nothing in a text looks like a secret: most texts
// do not, and a job file may have many.
func suspect(text string) bool {
	if !strings.ContainsAny(text, "=:'") {
		return false
	}
	return holdsAny(text, suspectWords)
}

// secretWords are in every name of a secret, in lower case; see [Sensitive].
var secretWords = []string{"pas", "pwd", "secret", "salt", "key", "token", "jaas", "credential", "authorization", "user.info", "dsn"}

func holdsAny(text string, words []string) bool {
	lower := strings.ToLower(text)
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(lower, w) })
}

// MapSecrets replaces what looks like a secret inside a text; see [MaskText].
func MapSecrets(text string, f func(secret string) string) string {
	if !suspect(text) {
		return text
	}
	for _, in := range []*regexp.Regexp{inPairs(), inHeader(), inDSN(), inSQL(), inUserInfo()} {
		text = mapGroup(in, text, f)
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
