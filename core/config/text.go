package config

import (
	"bytes"
	"sort"
)

// Text is the text of a file, possibly with placeholders replaced. It keeps
// the original, so that positions and excerpts are those of the file that a
// person sees.
type Text struct {
	name  string // the file, as error texts name it; "" for inline text
	data  []byte // with the replacements
	file  []byte // as written
	edits []edit // in order
	left  []int  // where in data placeholders without a value are, in order
	lines []int  // offsets in file where lines begin
	chars []int  // characters of file before each multiple of charStep
	// Values that came from the environment or a file.
	secrets []string
}

// charStep is how many bytes lie between two counts of characters: a position
// in a long line is found without going through the line.
const charStep = 1024

// edit says that data[at:at+n] stands for file[from:from+m].
type edit struct {
	at, n, from, m int
	secret         bool
}

// NewText returns a text without replacements. The data is not copied.
func NewText(name string, data []byte) *Text {
	t := &Text{name: name, data: data, file: data, lines: []int{0}}
	count := 0
	for i, c := range data {
		if i%charStep == 0 {
			t.chars = append(t.chars, count)
		}
		if beginsChar(c) {
			count++
		}
		if c == '\n' {
			t.lines = append(t.lines, i+1)
		}
	}
	if len(data)%charStep == 0 {
		t.chars = append(t.chars, count)
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

// unresolved reports whether data[from:to] holds a placeholder without a value.
func (t *Text) unresolved(from, to int) bool {
	i := sort.SearchInts(t.left, from)
	return i < len(t.left) && t.left[i] < to
}

// secret reports whether data[from:to] holds a secret that came from elsewhere.
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
	return line, t.charsBefore(at) - t.charsBefore(t.lines[line-1]) + 1
}

func (t *Text) charsBefore(at int) int {
	n := t.chars[at/charStep]
	for _, c := range t.file[at-at%charStep : at] {
		if beginsChar(c) {
			n++
		}
	}
	return n
}

// beginsChar reports whether a byte of UTF-8 is the first of a character.
func beginsChar(c byte) bool { return c&0xC0 != 0x80 }

// line returns the text of a line, from 1, without its end.
func (t *Text) line(n int) []byte {
	end := len(t.file)
	if n < len(t.lines) {
		end = t.lines[n]
	}
	return bytes.TrimRight(t.file[t.lines[n-1]:end], "\r\n")
}

// nearWindow is how many bytes of a long line are looked at on either side of a
// fault, so that anything like a secret around it is seen as a whole.
const nearWindow = 16 << 10

// near returns the surroundings of an offset in data within its line, and the
// column of the offset there.
func (t *Text) near(line, at int) (text string, column int) {
	whole := t.line(line)
	begin := t.lines[line-1]
	here := min(t.origin(at)-begin, len(whole))
	from, to := max(0, here-nearWindow), min(len(whole), here+nearWindow)
	for from < here && !beginsChar(whole[from]) {
		from++
	}
	return string(whole[from:to]), t.charsBefore(begin+here) - t.charsBefore(begin+from) + 1
}
