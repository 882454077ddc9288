package config

import (
	"strings"
	"unicode"
)

// excerptWidth is how many characters of a line are shown before and after a fault.
const excerptWidth = 48

// syntaxError returns a fault of the text at an offset. Below the message
// stand the line of the file, with anything like a secret masked, and a caret.
func syntaxError(t *Text, at int, expected string) *Error {
	line, column := t.position(at)
	e := &Error{File: t.name, Line: line, Column: column, Msg: expected}
	shown, caret := excerpt(t.near(line, at))
	if strings.TrimSpace(shown) != "" {
		e.Msg += "\n    " + shown + "\n    " + strings.Repeat(" ", caret) + "^"
	}
	return e
}

// excerpt returns the part of a line around a column, and where the caret
// stands in it, counted from 0.
func excerpt(line string, column int) (string, int) {
	runes := []rune(line)
	caret := min(column-1, len(runes))
	before := []rune(MaskText(string(runes[:caret])))
	whole := []rune(MaskText(line))
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
