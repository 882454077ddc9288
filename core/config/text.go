package config

import (
	"bytes"
	"sort"
	"unicode/utf8"
)

// Text is the text of a file, possibly with placeholders replaced. It keeps
// the original, so that positions and excerpts are those of the file that a
// person sees.
type Text struct {
	name  string   // the file, as error texts name it; "" for inline text
	data  []byte   // with the replacements
	file  []byte   // as written
	edits []edit   // in order
	lines []int    // offsets in file where lines begin
	env   []string // values that came from the environment
}

// edit says that data[at:at+n] stands for file[from:from+m].
type edit struct {
	at, n, from, m int
	secret         bool
}

// NewText returns a text without replacements. The data is not copied.
func NewText(name string, data []byte) *Text {
	t := &Text{name: name, data: data, file: data, lines: []int{0}}
	for i, c := range data {
		if c == '\n' {
			t.lines = append(t.lines, i+1)
		}
	}
	return t
}

// Name returns the name that error texts begin with.
func (t *Text) Name() string { return t.name }

// origin maps an offset in data to one in file; an offset inside a replaced
// placeholder becomes the placeholder's begin.
func (t *Text) origin(at int) int {
	i := sort.Search(len(t.edits), func(i int) bool { return t.edits[i].at > at })
	if i == 0 {
		return at
	}
	e := t.edits[i-1]
	if at < e.at+e.n {
		return e.from
	}
	return e.from + e.m + at - e.at - e.n
}

// secret reports whether data[from:to] holds text from the environment.
func (t *Text) secret(from, to int) bool {
	i := sort.Search(len(t.edits), func(i int) bool { return t.edits[i].at+t.edits[i].n > from })
	for ; i < len(t.edits) && t.edits[i].at < to; i++ {
		if t.edits[i].secret {
			return true
		}
	}
	return false
}

// position returns the line and column, both from 1, of an offset in data. A
// column counts characters.
func (t *Text) position(at int) (line, column int) {
	return t.place(t.origin(at))
}

func (t *Text) place(at int) (line, column int) {
	at = min(at, len(t.file))
	line = sort.Search(len(t.lines), func(i int) bool { return t.lines[i] > at })
	return line, utf8.RuneCount(t.file[t.lines[line-1]:at]) + 1
}

// line returns the text of a line, from 1, without its end.
func (t *Text) line(n int) []byte {
	end := len(t.file)
	if n < len(t.lines) {
		end = t.lines[n]
	}
	return bytes.TrimRight(t.file[t.lines[n-1]:end], "\r\n")
}
