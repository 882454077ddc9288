package javaregex_test

import (
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/transform/javaregex"
)

func TestCompile(t *testing.T) {
	for _, tt := range []struct {
		pattern, text string
		want          bool
	}{
		{`a.*b`, "a-b", true}, {`\Qa.b\E`, "a.b", true}, {`\Qa.b\E+c`, "axb", false}, {`\Qa.b`, "xa.b", true}, {`\u0041B`, "AB", true}, {`(?<name>x)y`, "xy", true},
		{`[\]\[]`, "]", true}, {`[^&]`, "&", false}, {`\++`, "+++", true}, {`[+*]+`, "*+", true}, {`(?i)ABC`, "abc", true}, {`[[:alpha:]]`, "x", true}, {`a{2}`, "aa", true},
	} {
		re, err := javaregex.Compile(tt.pattern)
		if err != nil {
			t.Errorf("%s: %v", tt.pattern, err)
		} else if re.MatchString(tt.text) != tt.want {
			t.Errorf("%s on %q: %v", tt.pattern, tt.text, !tt.want)
		}
	}
}

func TestRefused(t *testing.T) {
	for pattern, want := range map[string]string{
		`a(?=b)`: "look-ahead (?=...)", `a(?!b)`: "look-ahead (?!...)", `(?<=a)b`: "look-behind (?<=...)", `(?<!a)b`: "look-behind (?<!...)", `(?>a)`: "the atomic group (?>...)",
		`(a)\1`: `the back reference \1`, `a*+`: "the possessive quantifier *+", `a?+`: "the possessive quantifier ?+", `a{2}+`: "the possessive quantifier }+",
		`[a-z&&[^b]]`: "the intersection &&", `[a[b]]`: "brackets inside brackets", `a\Zb`: "cannot be used", `(`: "cannot be used",
	} {
		if _, err := javaregex.Compile(pattern); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", pattern, err, want)
		}
	}
}
