package binlogkit

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
)

// node is a value of a document that is taken apart to be changed.
type node struct {
	text   []byte // of a scalar, as the server prints it
	keys   [][]byte
	items  []*node
	object bool
	array  bool
}

// What a difference does.
const (
	diffReplace = iota
	diffInsert
	diffRemove
)

// AppendPatched appends the text of a document that the log has as differences
// from doc.
//
// Format: Json_diff_vector::write_binary in sql/json_diff.cc of the MySQL sources.
func AppendPatched(dst, doc, differences []byte) ([]byte, error) {
	if len(doc) == 0 {
		return dst, errMalformed
	}
	root, err := parseNode(doc[0], doc[1:], 0)
	if err != nil {
		return dst, err
	}
	for p := differences; len(p) > 0; {
		kind := p[0]
		var path, value []byte
		if path, p, err = lengthed(p[1:]); err != nil {
			return dst, err
		}
		var fresh *node
		if kind != diffRemove {
			if value, p, err = lengthed(p); err != nil {
				return dst, err
			}
			if len(value) == 0 {
				return dst, errMalformed
			}
			if fresh, err = parseNode(value[0], value[1:], 0); err != nil {
				return dst, err
			}
		}
		if root, err = root.change(path, kind, fresh); err != nil {
			return dst, err
		}
	}
	return root.append(dst), nil
}

func lengthed(p []byte) (v, rest []byte, err error) {
	size, n, err := LengthInt(p)
	if err != nil || size > uint64(len(p)-n) {
		return nil, nil, errMalformed
	}
	return p[n : n+int(size)], p[n+int(size):], nil
}

func parseNode(kind byte, p []byte, depth int) (*node, error) {
	if kind > jsonLargeArray {
		text, err := jsonValue(nil, kind, p, depth)
		return &node{text: text}, err
	}
	if depth > mostDepth {
		return nil, errMalformed
	}
	c, err := newContainer(kind, p)
	if err != nil {
		return nil, err
	}
	n := &node{object: c.object, array: !c.object}
	for i := range c.count {
		if c.object {
			key, err := c.key(i)
			if err != nil {
				return nil, err
			}
			n.keys = append(n.keys, key)
		}
		kind, body, err := c.value(i)
		if err != nil {
			return nil, err
		}
		item, err := parseNode(kind, body, depth+1)
		if err != nil {
			return nil, err
		}
		n.items = append(n.items, item)
	}
	return n, nil
}

// leg is one step of a path.
type leg struct {
	key   []byte
	index int
	array bool
}

// change applies one difference and returns the root.
func (n *node) change(path []byte, kind byte, fresh *node) (*node, error) {
	legs, err := parsePath(path)
	if err != nil {
		return nil, err
	}
	if len(legs) == 0 {
		if kind != diffReplace {
			return nil, errMalformed
		}
		return fresh, nil
	}
	at := n
	for _, l := range legs[:len(legs)-1] {
		i, found := at.find(l)
		if !found {
			return nil, errMalformed
		}
		at = at.items[i]
	}
	last := legs[len(legs)-1]
	i, found := at.find(last)
	switch {
	case kind == diffReplace && found:
		at.items[i] = fresh
	case kind == diffRemove && found:
		at.items = slices.Delete(at.items, i, i+1)
		if at.object {
			at.keys = slices.Delete(at.keys, i, i+1)
		}
	case kind == diffInsert && last.array && at.array:
		at.items = slices.Insert(at.items, min(last.index, len(at.items)), fresh)
	case kind == diffInsert && !last.array && at.object && !found:
		at.items = slices.Insert(at.items, i, fresh)
		at.keys = slices.Insert(at.keys, i, last.key)
	default:
		return nil, errMalformed
	}
	return n, nil
}

// find returns where a step leads; if it leads nowhere, where a member would be.
func (n *node) find(l leg) (int, bool) {
	if l.array {
		return l.index, n.array && l.index < len(n.items)
	}
	if !n.object {
		return 0, false
	}
	return slices.BinarySearchFunc(n.keys, l.key, func(a, b []byte) int { // shorter keys first
		if d := len(a) - len(b); d != 0 {
			return d
		}
		return bytes.Compare(a, b)
	})
}

// parsePath reads $.key."quoted key"[3].
func parsePath(p []byte) ([]leg, error) {
	if len(p) == 0 || p[0] != '$' {
		return nil, errMalformed
	}
	var legs []leg
	for p = p[1:]; len(p) > 0; {
		switch p[0] {
		case '[':
			end := indexByte(p, ']')
			if end < 0 {
				return nil, errMalformed
			}
			i, err := strconv.Atoi(string(p[1:end]))
			if err != nil || i < 0 {
				return nil, errMalformed
			}
			legs, p = append(legs, leg{index: i, array: true}), p[end+1:]
		case '.':
			key, used, err := pathKey(p[1:])
			if err != nil {
				return nil, err
			}
			legs, p = append(legs, leg{key: key}), p[1+used:]
		default:
			return nil, errMalformed
		}
	}
	return legs, nil
}

func pathKey(p []byte) (key []byte, used int, err error) {
	if len(p) == 0 || p[0] != '"' {
		end := bytes.IndexAny(p, ".[")
		if end < 0 {
			end = len(p)
		}
		return p[:end], end, nil
	}
	for i := 1; i < len(p); i++ {
		switch p[i] {
		case '\\':
			i++
		case '"':
			text, err := unquote(p[1:i])
			return text, i + 1, err
		}
	}
	return nil, 0, errMalformed
}

func (n *node) append(dst []byte) []byte {
	if !n.object && !n.array {
		return append(dst, n.text...)
	}
	open, shut := byte('['), byte(']')
	if n.object {
		open, shut = '{', '}'
	}
	dst = append(dst, open)
	for i, item := range n.items {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		if n.object {
			dst = append(appendQuoted(dst, n.keys[i]), ": "...)
		}
		dst = item.append(dst)
	}
	return append(dst, shut)
}

// unquote reads the inside of a JSON text.
func unquote(p []byte) ([]byte, error) {
	if indexByte(p, '\\') < 0 {
		return p, nil
	}
	text, err := jsonUnquote(p)
	if err != nil {
		return nil, errMalformed
	}
	return text, nil
}

func jsonUnquote(p []byte) ([]byte, error) {
	var s string
	quoted := append(append([]byte{'"'}, p...), '"')
	if err := json.Unmarshal(quoted, &s); err != nil {
		return nil, err
	}
	return []byte(s), nil
}
