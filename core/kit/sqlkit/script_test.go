package sqlkit_test

import (
	"strings"
	"testing"
)

func TestScriptsAreTakenApart(t *testing.T) {
	all := []int{0, 1}
	for _, tt := range []struct {
		dialects []int
		text     string
		want     string // the statements, parted by |
	}{
		{all, "", ""},
		{all, " ; ;\n", ""},
		{all, "a", "a"},
		{all, "a; b;", "a|b"},
		{all, "a ';' b; c", "a ';' b|c"},
		{all, "a 'it''s; x'; c", "a 'it''s; x'|c"},
		{all, "a \"x;\" b; c", "a \"x;\" b|c"},
		{all, "a -- x; y\nb; c", "a -- x; y\nb|c"},
		{all, "a /* ; */ b; c", "a /* ; */ b|c"},
		{all, "a /*/ ; */; c", "a /*/ ; */|c"},
		{all, "a '; never closed", "a '; never closed"},
		{[]int{0}, `a 'it\'s; x'; b`, `a 'it\'s; x'|b`},
		{[]int{0}, "a 1--2; b # x; y\n; c", "a 1--2|b # x; y|c"},
		{[]int{0}, "a `x;\\`; b", "a `x;\\`|b"},
		{[]int{0}, "x; CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW BEGIN SET a = 1; SET b = 2; END", "x|CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW BEGIN SET a = 1; SET b = 2; END"},
		{[]int{0}, "DROP PROCEDURE p; CREATE TABLE event (a int); c", "DROP PROCEDURE p|CREATE TABLE event (a int)|c"},
		{[]int{1}, `a '\'; b`, `a '\'|b`},
		{[]int{1}, `a E'it\'s; x'; b`, `a E'it\'s; x'|b`},
		{[]int{1}, "DO $$ a; b $$; c", "DO $$ a; b $$|c"},
		{[]int{1}, "DO $f$ a; $$ b; $f$; c", "DO $f$ a; $$ b; $f$|c"},
		{[]int{1}, "a x$y; b$1; c", "a x$y|b$1|c"},
		{[]int{1}, "a # b; c", "a # b|c"},
		{[]int{1}, "a /* x /* ; */ ; */ b; c", "a /* x /* ; */ ; */ b|c"},
		{[]int{2}, "DECLARE @a int; SET @a = 1", "DECLARE @a int; SET @a = 1"},
		{[]int{2}, "a;\r\nGO\r\nb\n  go  \nc", "a;|b|c"},
	} {
		for _, i := range tt.dialects {
			if got := strings.Join(dialects()[i].Statements(tt.text), "|"); got != tt.want {
				t.Errorf("%s: %q: got %q, want %q", dialects()[i].Name, tt.text, got, tt.want)
			}
		}
	}
}

func FuzzScripts(f *testing.F) {
	f.Add("a; 'b;' -- c;\n; $$ d; $$ /* e; */")
	f.Fuzz(func(t *testing.T, text string) {
		for _, d := range dialects() {
			rest := text
			for _, s := range d.Statements(text) {
				at := strings.Index(rest, s)
				if at < 0 || s == "" {
					t.Fatalf("%s: %q is no part of %q", d.Name, s, rest)
				}
				rest = rest[at+len(s):]
			}
		}
	})
}
