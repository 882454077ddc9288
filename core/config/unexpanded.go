package config

import "sort"

// Spelling is how the file has a value that placeholders stand in.
type Spelling struct {
	Bare   string   // all of it, where it stands in no quotes; else ""
	Quote  byte     // else the quotes: ' or "
	Pieces []string // between them: decoded text and, at odd indices, placeholders as written
}

// Unexpanded returns a scalar, or a value that one placeholder stands for, as
// the file has it: with its placeholders. found is false for a value without a
// placeholder, for a list or object that only holds some, and where a placeholder
// stands for a part of the value and for something beside it.
func (n *Node) Unexpanded() (s Spelling, found bool) {
	t, begin, end := n.source, int(n.begin), int(n.end)
	first := sort.Search(len(t.edits), func(i int) bool { return t.edits[i].at+t.edits[i].n > begin })
	last := first
	for last < len(t.edits) && t.edits[last].at < end {
		last++
	}
	if first == last || t.edits[first].at < begin || t.edits[last-1].at+t.edits[last-1].n > end {
		return s, false
	}
	edits := t.edits[first:last]
	if e := edits[0]; e.at == begin && e.at+e.n == end {
		return Spelling{Bare: t.file[e.from : e.from+e.m]}, true
	}
	from, to := t.origin(begin), t.origin(end)
	switch c := t.data[begin]; {
	case n.kind != StringKind:
		return s, false
	case c != '"' && c != '\'':
		return Spelling{Bare: t.file[from:to]}, true
	case edits[0].at == begin || edits[len(edits)-1].at+edits[len(edits)-1].n == end: // the quotes are of a placeholder
		return s, false
	default:
		s.Quote = c
	}
	at := from + 1
	for _, e := range edits {
		s.Pieces = append(s.Pieces, decoded(t.file[at:e.from]), t.file[e.from:e.from+e.m])
		at = e.from + e.m
	}
	s.Pieces = append(s.Pieces, decoded(t.file[at:to-1]))
	return s, true
}

// decoded returns what stands between quotes, as the lexer has found it to be sound.
func decoded(body string) string {
	text, err := unquote(body)
	if err != nil {
		return body
	}
	return text
}

// Foreign reports whether the value, or a part of it, came from the environment,
// a file or a parameter that is named as a secret is.
func (n *Node) Foreign() bool { return n.source.secret(int(n.begin), int(n.end)) }
