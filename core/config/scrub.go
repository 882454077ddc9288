package config

import (
	"net/url"
	"regexp"
	"strings"
)

var sensitive = regexp.MustCompile(`(?i)(^pwd|password|passwd|passphrase|secret|^sasl\.jaas\.config|accesskey|access\.key|credential|(^|[._-])(api|auth|access)?[._-]?token)$`)

// Sensitive reports whether a key's value must never be shown. It knows the
// keys that FlinkX masks (pwd, password, druid.password, secretKey) and the
// spellings of the systems that jobs talk to.
func Sensitive(key string) bool {
	return sensitive.MatchString(key) || strings.EqualFold(key, "secretKey")
}

var (
	inPairs    = regexp.MustCompile(`(?i)((?:password|passwd|pwd|secret|secretkey|accesskey|token)["']?\s*(?:=>|[=:])\s*)("(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|[^"'&,;\s)}\]]+)`)
	inUserInfo = regexp.MustCompile(`(://[^\s/@:?#"']*:)([^\s/@"']+)(@)`)
)

// leftOver is a placeholder that no value was found for: it has to be named.
var leftOver = regexp.MustCompile(`^\$\{[^{}]*\}$`)

// MaskText hides what looks like a secret inside a text: password=... of URLs
// and properties, "password": "..." of JSON, user:password@ of URLs.
func MaskText(text string) string {
	text = inPairs.ReplaceAllString(text, "${1}"+mask)
	return inUserInfo.ReplaceAllString(text, "${1}"+mask+"${3}")
}

// scrubbedLength is the least length of a text that is looked for: hiding
// every "a" would hide everything.
const scrubbedLength = 4

// Scrubber returns a function that hides the secrets of a file in any text,
// such as a driver's error: values of sensitive keys, values from the
// environment and passwords inside URLs and properties, wherever they stand,
// as well as what [MaskText] hides. The function may be used by any number of goroutines.
func Scrubber(root *Node) func(text string) string {
	found := append([]string{}, root.source.env...)
	collectSecrets(root, false, &found)
	replacer := strings.NewReplacer(replacements(found)...)
	return func(text string) string { return MaskText(replacer.Replace(text)) }
}

// scrub hides what came from the environment, and what MaskText hides.
func (t *Text) scrub(text string) string {
	return MaskText(strings.NewReplacer(replacements(t.env)...).Replace(text))
}

func replacements(secrets []string) []string {
	var pairs []string
	for _, s := range secrets {
		if len(s) < scrubbedLength {
			continue
		}
		pairs = append(pairs, s, mask)
		for _, spelled := range []string{url.QueryEscape(s), url.PathEscape(s)} {
			if spelled != s {
				pairs = append(pairs, spelled, mask)
			}
		}
	}
	return pairs
}

// collectSecrets appends the secrets in and beneath n; all says that
// everything beneath a sensitive key is one.
func collectSecrets(n *Node, all bool, found *[]string) {
	all = all || n.parent != nil && n.parent.kind == ObjectKind && Sensitive(n.name)
	for _, m := range n.members {
		collectSecrets(m.Node, all, found)
	}
	for _, item := range n.items {
		collectSecrets(item, all, found)
	}
	if all && n.text != "" && !leftOver.MatchString(n.text) {
		*found = append(*found, n.text)
	}
	if n.kind != StringKind {
		return
	}
	for _, m := range inPairs.FindAllStringSubmatch(n.text, -1) {
		*found = append(*found, strings.Trim(m[2], `"'`))
	}
	for _, m := range inUserInfo.FindAllStringSubmatch(n.text, -1) {
		*found = append(*found, m[2])
	}
}
