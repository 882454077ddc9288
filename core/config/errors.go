package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
)

// Error is one fault of a file.
type Error struct {
	File         string // "" for inline text
	Path         string // job.content[0].reader.name; "" where the text as a whole is at fault
	Line, Column int    // from 1; 0: unknown
	Msg          string // what is wrong and, where known, what was expected
	Err          error  // the cause, if a Validate returned it; not part of the text

	follows bool // of a placeholder without a value, which is a fault of its own
	node    *Node
}

// Node returns the value that the fault is about; nil where there is none.
func (e *Error) Node() *Node { return e.node }

// Error returns "file:line:column: path: message".
func (e *Error) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File + ":")
	}
	if e.Line > 0 {
		fmt.Fprintf(&b, "%d:%d:", e.Line, e.Column)
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	if e.Path != "" {
		b.WriteString(bare(e.Path) + ": ")
	}
	b.WriteString(e.Msg)
	return b.String()
}

// bare is a path, without brackets and quotes where it is one name with dots in it, as of
// a property.
func bare(path string) string {
	if name, ok := strings.CutPrefix(path, `["`); ok {
		if name, ok = strings.CutSuffix(name, `"]`); ok && strings.Contains(name, ".") && plainName(strings.ReplaceAll(name, ".", "_")) {
			return name
		}
	}
	return path
}

// Unwrap returns the cause, if there is one.
func (e *Error) Unwrap() error { return e.Err }

// Faults returns every [*Error] in err, in order.
func Faults(err error) []*Error {
	switch e := err.(type) { // the tree is walked by hand: As finds the first only
	case nil:
		return nil
	case *Error:
		return []*Error{e}
	case interface{ Unwrap() []error }:
		var all []*Error
		for _, sub := range e.Unwrap() {
			all = append(all, Faults(sub)...)
		}
		return all
	}
	return Faults(errors.Unwrap(err))
}

// Join joins errors so that the faults stand in the order of the file; errors
// that are no faults come last. Where a placeholder has no value, what is wrong
// with the text that it stands in is left out, unless there is no other fault. It is of class Config if there is any fault,
// else of the class of what was joined; nil if all are nil.
func Join(errs ...error) error { return join(errs, true) }

// JoinPart is [Join] for a file whose placeholders may be without a value: what is
// wrong with the text that one stands in is left out even if nothing else is wrong.
func JoinPart(errs ...error) error { return join(errs, false) }

func join(errs []error, alone bool) error {
	var faults, others []error
	for _, err := range errs {
		list := Faults(err)
		for _, f := range list {
			faults = append(faults, f)
		}
		if len(list) == 0 && err != nil {
			others = append(others, err)
		}
	}
	if rest := slices.DeleteFunc(slices.Clone(faults), func(err error) bool { return err.(*Error).follows }); len(rest) > 0 || !alone {
		faults = rest
	}
	slices.SortStableFunc(faults, func(a, b error) int {
		x, y := a.(*Error), b.(*Error)
		return cmp.Or(strings.Compare(x.File, y.File), cmp.Compare(x.Line, y.Line), cmp.Compare(x.Column, y.Column))
	})
	faults = slices.CompactFunc(faults, func(a, b error) bool { return a.Error() == b.Error() }) // one value that stands for two
	if len(faults) == 0 {
		return errors.Join(others...)
	}
	return joined(append(faults, others...))
}

func joined(errs []error) error {
	return errclass.With(errclass.Config, errors.Join(errs...))
}

type fieldError struct {
	key string
	err error
}

func (e *fieldError) Error() string { return e.key + ": " + e.err.Error() }
func (e *fieldError) Unwrap() error { return e.err }

// Field says that err is the fault of a key, written relative to the struct
// whose Validate returns it ("splitPk", "connection[0].jdbcUrl"). The decoder
// attaches path, line and column. It returns nil for a nil err.
func Field(key string, err error) error {
	if err == nil {
		return nil
	}
	return &fieldError{key: key, err: err}
}

// Fieldf is [Field] with a formatted error.
func Fieldf(key, format string, args ...any) error {
	return Field(key, fmt.Errorf(format, args...))
}

// Note is something that a person should know about a file that can be used.
type Note struct {
	Error        // place and text
	Warning bool // else it is for information: a key without effect
}

// Notes collects the notes of one job, and what decoding its file has found out
// about the spelling. It is not safe for concurrent use.
type Notes struct {
	list     []Note
	names    map[*Node]string // keys in their own spelling, of values under another
	literals map[*Node]bool   // texts that are numbers or booleans
	shapes   map[shapeOf]*shape
}

func (n *Notes) rename(value *Node, key string) {
	if n.names == nil {
		n.names = map[*Node]string{}
	}
	n.names[value] = key
}

func (n *Notes) literal(value *Node) {
	if n.literals == nil {
		n.literals = map[*Node]bool{}
	}
	n.literals[value] = true
}

// Name returns a member's key as the decoder that read it spells it.
func (n *Notes) Name(m Member) string {
	if key, ok := n.names[m.Node]; ok {
		return key
	}
	return m.Name
}

// Literal reports whether a text was read as a number or a boolean.
func (n *Notes) Literal(value *Node) bool { return n.literals[value] }

// All returns what was collected, in order.
func (n *Notes) All() []Note { return n.list }

// Warn adds a warning.
func (n *Notes) Warn(e *Error) { n.list = append(n.list, Note{Error: *e, Warning: true}) }

// Inform adds a note that is no warning.
func (n *Notes) Inform(e *Error) { n.list = append(n.list, Note{Error: *e}) }
