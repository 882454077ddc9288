package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
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
	b := make([]byte, 0, len(e.File)+len(e.Path)+len(e.Msg)+len(":2147483647:2147483647: : "))
	if e.File != "" {
		b = append(append(b, e.File...), ':')
	}
	if e.Line > 0 {
		b = append(strconv.AppendInt(b, int64(e.Line), 10), ':')
		b = append(strconv.AppendInt(b, int64(e.Column), 10), ':')
	}
	if len(b) > 0 {
		b = append(b, ' ')
	}
	if e.Path != "" {
		b = append(append(b, bare(e.Path)...), ": "...)
	}
	return string(append(b, e.Msg...))
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

// says reports whether two faults have the same text.
func (e *Error) says(other *Error) bool {
	return e.File == other.File && e.Line == other.Line && e.Column == other.Column && e.Path == other.Path && e.Msg == other.Msg
}

// Unwrap returns the cause, if there is one.
func (e *Error) Unwrap() error { return e.Err }

// Faults returns every [*Error] in err, in order.
func Faults(err error) []*Error { return appendFaults(nil, err) }

func appendFaults(all []*Error, err error) []*Error {
	for err != nil {
		switch e := err.(type) { // the tree is walked by hand: As finds the first only
		case *Error:
			return append(all, e)
		case interface{ Unwrap() []error }:
			for _, sub := range e.Unwrap() {
				all = appendFaults(all, sub)
			}
			return all
		}
		err = errors.Unwrap(err)
	}
	return all
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
	var (
		faults []*Error
		others []error
	)
	for _, err := range errs {
		before := len(faults)
		if faults = appendFaults(faults, err); len(faults) == before && err != nil {
			others = append(others, err)
		}
	}
	follows := func(f *Error) bool { return f.follows }
	if !alone || slices.ContainsFunc(faults, func(f *Error) bool { return !f.follows }) {
		faults = slices.DeleteFunc(faults, follows)
	}
	slices.SortStableFunc(faults, func(a, b *Error) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	faults = slices.CompactFunc(faults, (*Error).says) // one value that stands for two
	if len(faults) == 0 {
		return errors.Join(others...)
	}
	all := make([]error, 0, len(faults)+len(others))
	for _, f := range faults {
		all = append(all, f)
	}
	return joined(append(all, others...))
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
	unused   map[*Node]bool   // members that are no key, or one without effect
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

// leaveOut notes a member that means nothing.
func (n *Notes) leaveOut(value *Node) {
	if n.unused == nil {
		n.unused = map[*Node]bool{}
	}
	n.unused[value] = true
}

// LeftOut reports whether a member is no key, or one without effect, also where
// so many of them stand side by side that not each has a note.
func (n *Notes) LeftOut(value *Node) bool { return n.unused[value] }

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
