package config

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// passwordLike is password in its spellings, the wrong ones too: a value under pasword is one.
const passwordLike = `pas+[a-z]{0,2}w[a-z]{0,4}`

var sensitive = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(pwd|` + passwordLike + `|(^|[._-])pass|(?-i:[a-z]Pass)|passphrase|secret|salt|(secret|private|access|api)[._-]?key|^sasl\.jaas\.config|` +
		`credentials?|^authorization|user\.info|(^|[._-])dsn|(^|[._-])(api|auth|access)?[._-]?token)$`)
})

// Sensitive reports whether a key's value must never be shown. It knows the
// keys that FlinkX masks (pwd, password, druid.password, secretKey) and the
// spellings of the systems that jobs talk to.
func Sensitive(key string) bool {
	if key == "" || !letter(key[len(key)-1]) {
		return false
	}
	return holdsAny(key, secretWords) && sensitive().MatchString(key)
}

// letter reports whether a text that ends in this byte may end in a letter.
func letter(c byte) bool {
	return c >= utf8.RuneSelf || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

const secretNames = passwordLike + `|pwd|passphrase|secret|salt|(?:secret|access|api)[._-]?key|token|credentials?|jaas\.config|user\.info`

var (
	// inPairs is name=value and "name": "value", the quotes escaped where the pair stands inside a quoted text.
	inPairs = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)((?:` + secretNames + `)\\*["']?\s*(?:=>|[=:])\s*)` +
			`(\\+"(?:[^"\\]|\\+[^"\\])*(?:\\+")?|"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|\{(?:[^{}]|\}\})*\}|\[[^\]]*\]?|\{[^}]*|[^"'&,;\s)}\]]+)`)
	})
	inUserInfo = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(://[^\s/@:?#"']*:)([^\s/"']+|[^\s/"'0-9][^\s"']*)(@)`)
	})
	// inDSN is the form of github.com/go-sql-driver/mysql: user:password@tcp(host)/database.
	inDSN = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`([^\s/@:"'=]+:)([^\s"']+)(@(?:tcp[46]?|unix)\()`)
	})
	// inSQL is the password of an account in a statement.
	inSQL = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)(\b(?:identified\s+(?:with\s+\S+\s+)?by|password)\s+(?:password\s+)?')((?:[^'\\]|''|\\.)*)(')`)
	})
	inHeader = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)(authorization["']?\s*[:=]\s*["']?(?:(?:bearer|basic|token)\s+)?)([^\s"',;]+)`)
	})
	// inQuery is a parameter of an address, all of it: its value may hold what ends a pair elsewhere.
	inQuery = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)[?&;]\s*(?:[a-z._-]*(?:` + secretNames + `))\s*=\s*(\{(?:[^}]|\}\})*\}|[^&;]*)`)
	})
)

// leftOver is a placeholder that no value was found for: it has to be named.
var leftOver = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\$\{[^{}]*\}$`)
})

// MaskText hides what looks like a secret inside a text: password=... of URLs
// and properties, "password": "..." of JSON, IDENTIFIED BY '...' of statements, user:password@ of URLs and data
// source names, what follows Authorization.
func MaskText(text string) string {
	look := looksOf(text)
	if look.pairs {
		text = maskPairs(text)
	}
	if look.header {
		text = mapGroup(inHeader(), text, func(secret string) string {
			if strings.HasPrefix(secret, opening) {
				return secret
			}
			return mask
		})
	}
	if look.dsn {
		text = inDSN().ReplaceAllString(text, "${1}"+mask+"${3}")
	}
	if look.sql {
		text = inSQL().ReplaceAllString(text, "${1}"+mask+"${3}")
	}
	if look.address {
		text = inUserInfo().ReplaceAllString(text, "${1}"+mask+"${3}")
	}
	return text
}

// maskPairs hides the values of pairs. What follows the path of a key and a
// colon is no value but what there is to say about it.
func maskPairs(text string) string {
	var b strings.Builder
	end := 0
	for _, at := range inPairs().FindAllStringIndex(text, -1) {
		pair := text[at[0]:at[1]]
		word := text[:at[0]]
		word = word[strings.LastIndexAny(word, " \t\n\"'(")+1:]
		b.WriteString(text[end:at[0]])
		if name, _, said := strings.Cut(pair, ": "); said && strings.HasPrefix(word, "job.") && !strings.ContainsAny(name, "=:\"'") {
			b.WriteString(pair)
		} else {
			b.WriteString(maskPair(pair))
		}
		end = at[1]
	}
	return b.String() + text[end:]
}

// MaskPort hides what stands behind the colon of a host:port where that is no
// number: an address ends there if a password before its @ holds a slash.
func MaskPort(address string) string {
	host, port, ok := strings.Cut(address, ":")
	if _, err := strconv.ParseUint(port, 10, 64); !ok || err == nil || net.ParseIP(address) != nil {
		return address
	}
	return host + ":" + mask
}

// maskPair hides the value of a pair and leaves its quotes, so that JSON stays JSON.
func maskPair(pair string) string {
	m := inPairs().FindStringSubmatch(pair)
	if strings.HasPrefix(m[2], opening) || m[1] == "password: " && (m[2] == "YES" || m[2] == "NO") { // a placeholder that has to be named; MySQL says whether there was one
		return pair
	}
	quote := ""
	if strings.HasPrefix(strings.TrimLeft(m[2], `\`), `"`) {
		quote = m[2][:strings.IndexByte(m[2], '"')+1]
	} else if strings.HasPrefix(m[2], "'") {
		quote = "'"
	}
	end := ""
	if strings.HasSuffix(m[2][len(quote):], quote) {
		end = quote
	}
	return m[1] + quote + mask + end
}

// scrubbedLength is the least length of a text that is looked for: hiding
// every "a" would hide everything.
const scrubbedLength = 4

// Scrubber returns a function that hides the secrets of a file in any text,
// such as a driver's error: values of sensitive keys, values from the
// environment and passwords inside URLs and properties, wherever they stand,
// as well as what [MaskText] hides. The function may be used by any number of goroutines.
func Scrubber(root *Node) func(text string) string {
	found := append([]string{}, root.source.secrets...)
	collectSecrets(root, false, &found)
	return Hide(found)
}

// Hide returns a function that hides these texts, as they are and as URLs and
// quotes spell them, and what [MaskText] hides. The function may be used by any
// number of goroutines.
func Hide(secrets []string) func(text string) string {
	replacer := strings.NewReplacer(replacements(secrets)...)
	return func(text string) string { return MaskText(replacer.Replace(text)) }
}

// scrub hides what came from the environment or a file, and what MaskText hides.
func (t *Text) scrub(text string) string {
	return MaskText(strings.NewReplacer(replacements(t.secrets)...).Replace(text))
}

// replacements are pairs of a spelling of a secret and asterisks, the longest
// first: one secret may be the beginning of another.
func replacements(secrets []string) []string {
	var spelled []string
	for _, s := range secrets {
		spelled = append(spelled, spellings(s)...)
	}
	slices.SortFunc(spelled, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	pairs := make([]string, 0, 2*len(spelled))
	for _, s := range slices.Compact(spelled) {
		if len(s) >= scrubbedLength {
			pairs = append(pairs, s, mask)
		}
	}
	return pairs
}

var hexDigits = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`%[0-9A-F]{2}`)
})

// spellings are the forms of a secret that texts may hold: as it is, without
// quotes or braces around it, as a URL spells it and as what a URL spells
// stands for, and between quotes.
func spellings(secret string) []string {
	all := []string{secret}
	if inner := strings.Trim(secret, `"'`); inner != secret {
		all = append(all, inner)
	}
	if inner, ok := strings.CutPrefix(secret, "{"); ok {
		all = append(all, strings.ReplaceAll(strings.TrimSuffix(inner, "}"), "}}", "}"))
	}
	for _, unescape := range []func(string) (string, error){url.QueryUnescape, url.PathUnescape} {
		if plain, err := unescape(secret); err == nil {
			all = append(all, plain)
		}
	}
	for _, s := range all {
		escaped := []string{url.QueryEscape(s), url.PathEscape(s)}
		for _, e := range escaped {
			all = append(all, e, hexDigits().ReplaceAllStringFunc(e, strings.ToLower))
		}
		var quoted bytes.Buffer
		writeText(&quoted, s)
		html, _ := json.Marshal(s) // a string always encodes
		all = append(all, quoted.String()[1:quoted.Len()-1], string(html[1:len(html)-1]), strings.Trim(strconv.Quote(s), `"`))
	}
	return all
}

// collectSecrets appends the secrets in and beneath n; all says that
// everything beneath a sensitive key is one.
func collectSecrets(n *Node, all bool, found *[]string) {
	all = all || n.parent != nil && n.parent.kind == ObjectKind && Sensitive(n.name)
	for _, m := range n.Members() {
		collectSecrets(m.Node, all, found)
	}
	for _, item := range n.Items() {
		collectSecrets(item, all, found)
	}
	if all && n.text != "" && !leftOver().MatchString(n.text) {
		*found = append(*found, n.text)
	}
	if n.kind == StringKind {
		collectWithin(n.text, found)
	}
}

// collectWithin appends what looks like a secret inside a text.
func collectWithin(text string, found *[]string) {
	collect := func(may bool, pattern func() *regexp.Regexp, group int, around string) {
		if !may {
			return
		}
		for _, m := range pattern().FindAllStringSubmatch(text, -1) {
			*found = append(*found, strings.Trim(m[group], around))
		}
	}
	look := looksOf(text)
	collect(look.pairs, inPairs, 2, `"'`)
	collect(look.address, inUserInfo, 2, "")
	collect(look.dsn, inDSN, 2, "")
	collect(look.header, inHeader, 2, "")
	collect(look.pairs, inQuery, 1, "")
}
