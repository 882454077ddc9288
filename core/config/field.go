package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// field is what a struct's tags say about one key.
type field struct {
	key       string
	aliases   []string
	enum      []string
	min       string
	unit      string
	required  bool
	ignored   string
	keepEmpty bool // "" is a value: behind a pointer, in a list or map
	anyCase   bool // the key and its aliases match whatever their case
	index     []int
	typ       reflect.Type
	name      string       // of the Go field
	owner     reflect.Type // the struct that declares it
}

// structFields lists the keys of a struct; those of embedded structs stand in
// the place of the embedding.
func structFields(t reflect.Type) []field {
	var fields []field
	for i := range t.NumField() {
		sf := t.Field(i)
		key, _, _ := strings.Cut(sf.Tag.Get("json"), ",")
		if sf.Anonymous && key == "" && sf.Type.Kind() == reflect.Struct {
			for _, f := range structFields(sf.Type) {
				f.index = append([]int{i}, f.index...)
				fields = append(fields, f)
			}
			continue
		}
		ignored := sf.Tag.Get("ignored")
		if key == "" || key == "-" || !sf.IsExported() && ignored == "" {
			continue
		}
		fields = append(fields, field{
			key: key, aliases: split(sf.Tag.Get("alias")), enum: split(sf.Tag.Get("enum")),
			min: sf.Tag.Get("min"), unit: sf.Tag.Get("unit"),
			required: sf.Tag.Get("required") == "true", ignored: ignored,
			index: []int{i}, typ: sf.Type, name: sf.Name, owner: t,
		})
	}
	return fields
}

// shape is the keys of a struct, as decoders of one job share them.
type shape struct {
	fields []field
	known  map[string]string // all names, folded, of its keys; why one is ignored
}

// shapeOf names a shape.
type shapeOf struct {
	t       reflect.Type
	anyCase bool
}

// shape returns that of a struct's type: the elements of a long list have one.
func (d *Decoder) shape(t reflect.Type) *shape {
	key, notes := shapeOf{t, d.anyCase}, d.settings.Notes
	if s := notes.shapes[key]; s != nil {
		return s
	}
	s := &shape{fields: structFields(t), known: map[string]string{}}
	for i := range s.fields {
		f := &s.fields[i]
		f.anyCase = d.anyCase
		s.known[d.fold(f.key)] = f.ignored
		for _, alias := range f.aliases {
			s.known[d.fold(alias)] = f.ignored
		}
	}
	if notes.shapes == nil {
		notes.shapes = map[shapeOf]*shape{}
	}
	notes.shapes[key] = s
	return s
}

func split(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}

// written returns the node under the key or one of its aliases. Two spellings
// with different values are a fault.
func (f field) written(n *Node) (*Node, []error) { return f.choose(n, f.others(n)) }

// choose is written where it is known what stands under further spellings.
func (f field) choose(n *Node, others []*Node) (*Node, []error) {
	given, under := n.Member(f.key), f.key
	var errs []error
	for _, other := range others {
		if !other.Unset() && !given.Unset() {
			if !f.same(other, given) {
				errs = append(errs, other.Errorf("means the same as %q, which is given too; keep one", under))
			}
			continue
		}
		if given.Unset() {
			given, under = other, other.name
		}
	}
	return given, errs
}

// same reports whether two values mean the same: numbers and booleans in quotes
// too, and words of a list in any case.
func (f field) same(a, b *Node) bool {
	if a.kind == ListKind || a.kind == ObjectKind || b.kind == ListKind || b.kind == ObjectKind {
		return a.kind == b.kind && a.Raw() == b.Raw()
	}
	return a.text == b.text || len(f.enum) > 0 && strings.EqualFold(a.text, b.text)
}

// others returns what n has under further spellings of the key.
func (f field) others(n *Node) []*Node {
	var found []*Node
	for _, alias := range f.aliases {
		if other := n.Member(alias); other != nil {
			found = append(found, other)
		}
	}
	if !f.anyCase {
		return found
	}
	for _, m := range n.Members() {
		if m.Name != f.key && !slices.Contains(found, m.Node) && f.matches(m.Name) {
			found = append(found, m.Node)
		}
	}
	return found
}

// matches reports whether a name is the key or one of its aliases.
func (f field) matches(name string) bool {
	for _, key := range append([]string{f.key}, f.aliases...) {
		if key == name || f.anyCase && strings.EqualFold(key, name) {
			return true
		}
	}
	return false
}

func (f field) checkEmpty(n *Node, v reflect.Value) *Error {
	if f.required && v.IsZero() {
		return n.Errorf("is required")
	}
	return nil
}

// suggestions is how many unknown keys of one object get a suggestion: looking
// for the nearest key takes longer than everything else.
const suggestions = 100

// mostFaults is how many unknown keys of an object, how many of its keys without
// effect, and how many names of a file that stand twice are named one by one. A
// file with more of them is something else than it is taken for.
const mostFaults = 1000

// unknownKeys reports the members that are no key of the struct: as notes
// where they are known to have no effect, else as faults.
func (d *Decoder) unknownKeys(n *Node, s *shape, ptr any) []error {
	var (
		errs            []error
		noEffect        map[string]string
		unknown, inert  int
		last, lastInert *Node // of those that are counted only
	)
	for _, m := range n.Members() {
		why, is := s.known[d.fold(m.Name)]
		if is && why == "" {
			continue
		}
		if !is {
			if noEffect == nil {
				noEffect = d.noEffect(n, ptr)
			}
			why, is = d.withoutEffect(m.Name, noEffect)
		}
		d.settings.Notes.leaveOut(m.Node)
		if is {
			if inert++; inert <= mostFaults {
				d.settings.Notes.Inform(n.ofMember(m, "has no effect: "+why))
			}
			lastInert = m.Node
			continue
		}
		if unknown++; unknown > mostFaults {
			last = m.Node
			continue
		}
		msg := unknownMsg
		if unknown <= suggestions {
			msg = unknownKey(m.Name, s.fields)
		}
		errs = d.unknown(errs, n.ofMember(m, msg))
	}
	if inert > mostFaults {
		fault := n.Errorf("%d more keys have no effect", inert-mostFaults)
		fault.node = lastInert
		d.settings.Notes.Inform(fault)
	}
	if unknown > mostFaults {
		fault := n.fault(n.Path(), int(last.named), fmt.Sprintf(unknownMsg+"s: %d more, up to here", unknown-mostFaults))
		fault.node = last
		errs = d.unknown(errs, fault)
	}
	return errs
}

// unknownMsg is what texts about unknown keys begin with.
const unknownMsg = "unknown key"

// unknown appends a fault about an unknown key, or notes it where a file is read
// leniently.
func (d *Decoder) unknown(errs []error, fault *Error) []error {
	if d.settings.Lenient {
		d.settings.Notes.Warn(fault)
		return errs
	}
	return append(errs, fault)
}

// ofMember returns a fault of a key.
func (n *Node) ofMember(m Member, msg string) *Error {
	e := n.fault(m.Node.Path(), int(m.Node.named), msg)
	e.node = m.Node
	return e
}

// fold returns the form of a key that equal keys have in common.
func (d *Decoder) fold(key string) string {
	if d.anyCase {
		return strings.ToLower(key)
	}
	return key
}

// withoutEffect says why a key that no field has means nothing, if it is known.
func (d *Decoder) withoutEffect(key string, noEffect map[string]string) (why string, is bool) {
	for _, table := range []map[string]string{noEffect, d.settings.Stray} {
		if why, is = table[key]; is {
			return why, true
		}
		if !d.anyCase {
			continue
		}
		for other, why := range table {
			if strings.EqualFold(other, key) {
				return why, true
			}
		}
	}
	if isComment(key) {
		return "read as a comment", true
	}
	return "", false
}

// isComment reports whether a key was disabled by its author: "?table".
func isComment(key string) bool {
	return strings.HasPrefix(key, "?") || strings.HasPrefix(key, "//") || strings.HasPrefix(key, "#")
}

const listedKeys = 12 // so many known keys are listed where none is near

func unknownKey(key string, fields []field) string {
	var names []string
	for _, f := range fields {
		names = append(append(names, f.key), f.aliases...)
	}
	slices.Sort(names)
	if near := Nearest(key, names); near != "" {
		return fmt.Sprintf("unknown key, did you mean %q?", near)
	}
	if len(names) == 0 || len(names) > listedKeys {
		return "unknown key"
	}
	return "unknown key, known are " + strings.Join(names, ", ")
}

// Nearest returns the name most like word, whatever its case, or "" if none is
// like it. It is for suggestions.
func Nearest(word string, names []string) string {
	allowed := max(2, len(word)/3)
	if len(word) < 4 {
		allowed = 1
	}
	best, least := "", allowed+1
	word = strings.ToLower(word)
	for _, name := range names {
		if diff := len(name) - len(word); diff > allowed || -diff > allowed {
			continue // a letter each at least
		}
		if d := levenshtein.ComputeDistance(word, strings.ToLower(name)); d < least {
			best, least = name, d
		}
	}
	return best
}
