package config

import (
	"sort"
	"strings"
)

// Text is the text of a file, possibly with placeholders replaced. It keeps
// the original, so that positions and excerpts are those of the file that a
// person sees.
type Text struct {
	name  string // the file, as error texts name it; "" for inline text
	data  string // with the replacements
	file  string // as written
	edits []edit // in order
	left  []int  // where in data placeholders without a value are, in order
	steps []step // before each multiple of stepBytes in file
	// Values that came from the environment or a file.
	secrets []string
}

// stepBytes is how many bytes lie between two counts of lines and characters: a
// position is found without going through the file, or through a long line.
const stepBytes = 1024

// step is how many characters, and ends of lines, stand before an offset.
type step struct{ chars, lines int32 }

// edit says that data[at:at+n] stands for file[from:from+m].
type edit struct {
	at, n, from, m int
	secret         bool
}

// NewText returns a text without replacements.
func NewText(name string, data []byte) *Text {
	t := &Text{name: name, data: string(data), steps: make([]step, 1, 1+len(data)/stepBytes)}
	t.file = t.data
	var sum step
	for at := stepBytes; at <= len(t.file); at += stepBytes {
		sum.count(t.file[at-stepBytes : at])
		t.steps = append(t.steps, sum)
	}
	return t
}

// count adds what stands in a text.
func (s *step) count(text string) {
	for i := range len(text) {
		if beginsChar(text[i]) {
			s.chars++
		}
	}
	s.lines += int32(strings.Count(text, "\n"))
}

// before counts what stands before an offset in file.
func (t *Text) before(at int) step {
	sum := t.steps[at/stepBytes]
	sum.count(t.file[at-at%stepBytes : at])
	return sum
}

// lineBegin returns where the line begins that an offset in file is in.
func (t *Text) lineBegin(at int) int {
	lines := t.before(at).lines
	if lines == 0 {
		return 0
	}
	i := sort.Search(len(t.steps), func(i int) bool { return t.steps[i].lines >= lines }) // the line ends before step i
	from, to := (i-1)*stepBytes, min(i*stepBytes, at)
	return from + strings.LastIndexByte(t.file[from:to], '\n') + 1
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
	here := t.before(at)
	return int(here.lines) + 1, int(here.chars-t.before(t.lineBegin(at)).chars) + 1
}

// beginsChar reports whether a byte of UTF-8 is the first of a character.
func beginsChar(c byte) bool { return c&0xC0 != 0x80 }

// nearWindow is how many bytes of a long line are looked at on either side of a
// fault, so that anything like a secret around it is seen as a whole.
const nearWindow = 16 << 10

// near returns the surroundings of an offset in data within its line, and the
// column of the offset there.
func (t *Text) near(at int) (text string, column int) {
	at = min(t.origin(at), len(t.file))
	begin := t.lineBegin(at)
	whole, _, _ := strings.Cut(t.file[begin:], "\n")
	whole = strings.TrimRight(whole, "\r")
	here := min(at-begin, len(whole))
	from, to := max(0, here-nearWindow), min(len(whole), here+nearWindow)
	for from < here && !beginsChar(whole[from]) {
		from++
	}
	return whole[from:to], int(t.before(begin+here).chars-t.before(begin+from).chars) + 1
}
