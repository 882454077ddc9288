package config

import (
	"fmt"
	"maps"
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

func split(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}

// written returns the node under the key or one of its aliases. Both spellings
// with a value are a fault.
func (f field) written(n *Node) (*Node, []error) {
	given, under := n.Member(f.key), f.key
	var errs []error
	for _, alias := range f.aliases {
		other := n.Member(alias)
		if other == nil {
			continue
		}
		if !other.Unset() && !given.Unset() {
			errs = append(errs, other.Errorf("means the same as %q, which is given too; keep one", under))
			continue
		}
		if given.Unset() {
			given, under = other, alias
		}
	}
	return given, errs
}

func (f field) checkEmpty(n *Node, v reflect.Value) *Error {
	if f.required && v.IsZero() {
		return n.Errorf("is required")
	}
	return nil
}

// unknownKeys reports the members that are no key of the struct: as notes
// where they are known to have no effect, else as faults.
func (d *Decoder) unknownKeys(n *Node, fields []field, noEffect map[string]string) []error {
	known := map[string]string{}
	for _, f := range fields {
		for _, k := range append([]string{f.key}, f.aliases...) {
			known[k] = f.ignored
		}
	}
	var errs []error
	for _, m := range n.Members() {
		why, is := known[m.Name]
		if is && why == "" {
			continue
		}
		if !is {
			why, is = noEffect[m.Name]
		}
		if !is && isComment(m.Name) {
			why, is = "read as a comment", true
		}
		switch {
		case is:
			d.settings.Notes.Inform(n.fault(m.Node.Path(), m.at, "has no effect: "+why))
		case d.settings.Lenient:
			d.settings.Notes.Warn(n.fault(m.Node.Path(), m.at, unknownKey(m.Name, known)))
		default:
			errs = append(errs, n.fault(m.Node.Path(), m.at, unknownKey(m.Name, known)))
		}
	}
	return errs
}

// isComment reports whether a key was disabled by its author: "?table".
func isComment(key string) bool {
	return strings.HasPrefix(key, "?") || strings.HasPrefix(key, "//") || strings.HasPrefix(key, "#")
}

const listedKeys = 12 // so many known keys are listed where none is near

func unknownKey(key string, known map[string]string) string {
	names := slices.Sorted(maps.Keys(known))
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
	for _, name := range names {
		if d := levenshtein.ComputeDistance(strings.ToLower(word), strings.ToLower(name)); d < least {
			best, least = name, d
		}
	}
	return best
}
