package config

import (
	"regexp"
	"strings"
	"sync"
	"unicode"
)

// excerptWidth is how many characters of a line are shown before and after a fault.
const excerptWidth = 48

// syntaxError returns a fault of the text at an offset. Below the message
// stand the line of the file, with anything like a secret masked, and a caret.
func syntaxError(t *Text, at int, expected string) *Error {
	line, column := t.position(at)
	e := &Error{File: t.name, Line: line, Column: column, Msg: expected}
	shown, caret := excerpt(t.near(at))
	if strings.TrimSpace(shown) != "" {
		e.Msg += "\n    " + shown + "\n    " + strings.Repeat(" ", caret) + "^"
	}
	return e
}

// inBroken is user:password@, wherever it stands in a line that cannot be read.
var inBroken = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`([^\s/@:"'=,{\[]:)([^\s"']+)(@)`)
})

// maskBroken is [MaskText] for a line whose texts are not known to be whole.
func maskBroken(line string) string {
	return inBroken().ReplaceAllString(MaskText(line), "${1}"+mask+"${3}")
}

// maskOpen hides what stands behind the first colon of a quoted text that does not end: it
// may be an address whose password is not yet over.
func maskOpen(text string) string {
	if text == "" || !strings.ContainsAny(text[:1], `"'`) || strings.Contains(text[1:], text[:1]) {
		return text
	}
	if head, _, ok := strings.Cut(text, ":"); ok {
		return head + ":" + mask
	}
	return text
}

// excerpt returns the part of a line around a column, and where the caret
// stands in it, counted from 0.
func excerpt(line string, column int) (string, int) {
	runes := []rune(line)
	caret := min(column-1, len(runes))
	before := []rune(maskBroken(string(runes[:caret])))
	whole := []rune(maskBroken(string(runes[:caret]) + maskOpen(string(runes[caret:]))))
	if len(whole) < len(before) || string(whole[:len(before)]) != string(before) {
		before = whole[:min(len(before), len(whole))] // the caret stands inside a masked value
	}
	after := whole[len(before):]
	if len(before) > excerptWidth {
		before = append([]rune("..."), before[len(before)-excerptWidth:]...)
	}
	if len(after) > excerptWidth {
		after = append(append([]rune{}, after[:excerptWidth]...), '.', '.', '.')
	}
	show := func(r []rune) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return ' '
			}
			return r
		}, string(r))
	}
	return show(before) + show(after), len(before)
}
