package config

import "sort"

// Unexpanded returns a scalar, or a value that one placeholder stands for, as
// the file has it: with its placeholders. In quotes, what stands between them is
// decoded; bare tells that there are none. found is false for a value without a
// placeholder, and for a list or object that only holds some.
func (n *Node) Unexpanded() (text string, bare, found bool) {
	t := n.source
	i := sort.Search(len(t.edits), func(i int) bool { return t.edits[i].at+t.edits[i].n > n.begin })
	if i == len(t.edits) || t.edits[i].at >= n.end {
		return "", false, false
	}
	if e := t.edits[i]; e.at <= n.begin && n.end <= e.at+e.n {
		return string(t.file[e.from : e.from+e.m]), true, e.at == n.begin && n.end == e.at+e.n
	}
	if n.kind != StringKind {
		return "", false, false
	}
	from, to := t.origin(n.begin), t.origin(n.end)
	raw := t.file[from:to]
	if c := t.data[n.begin]; c != '"' && c != '\'' {
		return string(raw), true, true
	}
	text, err := unquote(raw)
	return text, false, err == nil
}
