package config

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// Validator is what a struct implements to check itself. It is called on a
// pointer once everything beneath it has been decoded without a fault, and
// may return several errors joined, each made with [Field] to name its key. A
// struct that embeds another calls the other's Validate itself.
type Validator interface{ Validate() error }

// Unmarshaler is what a type implements that reads several forms of JSON. The
// decoder stands at the type's node. It is not called for null and "".
type Unmarshaler interface{ UnmarshalConfig(d *Decoder) error }

// Defaulter fills an element of a list or map before it is decoded.
type Defaulter interface{ SetDefaults() }

// NoEffecter names keys that FlinkX, ChunJun or DataX know but that mean
// nothing here, and why. They are accepted and noted.
type NoEffecter interface{ NoEffect() map[string]string }

// AnyCaser marks a struct whose keys, and those of everything beneath it, match
// whatever their case: "SplitUpdate" is splitUpdate. FlinkX reads a few
// connectors' parameters so (binlog, sqlservercdc, ftp); all other keys match exactly.
type AnyCaser interface{ AnyCaseKeys() }

// Settings say how strictly a file is read.
type Settings struct {
	Lenient  bool              // unknown keys are warnings
	NoEffect map[string]string // as NoEffecter, for the decoder's own node
	Stray    map[string]string // as NoEffect, for every object of the file
	AnyCase  bool              // keys match whatever their case, as those of an AnyCaser
	Notes    *Notes            // may be nil
}

// Decoder stands at one node and writes it over structs. It is not safe for
// concurrent use.
type Decoder struct {
	node     *Node
	settings *Settings
	inert    map[string]string // of settings, for the node
	anyCase  bool              // beneath an AnyCaser
	elem     *field            // the tags that the elements of a List obey; nil: none
}

// NewDecoder returns a decoder at a node.
func NewDecoder(n *Node, s Settings) *Decoder {
	if s.Notes == nil {
		s.Notes = &Notes{}
	}
	return &Decoder{node: n, settings: &s, inert: s.NoEffect, anyCase: s.AnyCase}
}

// Inline returns a decoder at the root of a JSON text.
func Inline(text string) (*Decoder, error) {
	n, err := Parse(NewText("", []byte(text)))
	if err != nil {
		return nil, err
	}
	return NewDecoder(n, Settings{}), nil
}

// Node returns where the decoder stands.
func (d *Decoder) Node() *Node { return d.node }

// Notes returns where notes and warnings go.
func (d *Decoder) Notes() *Notes { return d.settings.Notes }

// At returns a decoder at another node of the same file, under the same settings.
func (d *Decoder) At(n *Node) *Decoder {
	return &Decoder{node: n, settings: d.settings, anyCase: d.anyCase}
}

// Decode writes the node over *dst, whose present content are the defaults.
// The error joins every fault found, as [*Error], and is of class Config; what
// could be read has been written even then.
func (d *Decoder) Decode(dst any) error {
	v := reflect.ValueOf(dst)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		panic(fmt.Sprintf("config: Decode into %T, want a pointer", dst))
	}
	errs := d.value(d.node, v.Elem(), field{}, true)
	return joined(errs)
}

var (
	unmarshalerType = reflect.TypeFor[Unmarshaler]()
	textType        = reflect.TypeFor[encoding.TextUnmarshaler]()
	nodeType        = reflect.TypeFor[*Node]()
)

// value writes n over v. The top value of a Decode is validated even if the
// node says nothing.
func (d *Decoder) value(n *Node, v reflect.Value, f field, top bool) []error {
	t := v.Type()
	switch {
	case t == nodeType:
		v.Set(reflect.ValueOf(n))
		return nil
	case n.kind == NullKind && !top:
		return nil
	case t.Kind() == reflect.Pointer:
		return d.pointer(n, v, f)
	case reflect.PointerTo(t).Implements(unmarshalerType):
		return d.custom(n, v, f)
	case isScalar(t):
		err := setScalar(n, v, f)
		if err == nil && n.kind == StringKind && plainScalar(v.Type()) {
			d.settings.Notes.literal(n)
		}
		return asErrors(err)
	case reflect.PointerTo(t).Implements(textType):
		return asErrors(setText(n, v))
	}
	if n.Unset() && !top {
		return nil
	}
	switch t.Kind() {
	case reflect.Struct:
		return d.structure(n, v)
	case reflect.Slice:
		return d.slice(n, v, f)
	case reflect.Map:
		return d.mapping(n, v, f)
	case reflect.Interface:
		v.Set(reflect.ValueOf(n.native()))
		return nil
	}
	panic(fmt.Sprintf("config: %s cannot be decoded", t))
}

func asErrors(err *Error) []error {
	if err == nil {
		return nil
	}
	return []error{err}
}

func (d *Decoder) pointer(n *Node, v reflect.Value, f field) []error {
	elem := v.Type().Elem()
	if n.Unset() && !(elem.Kind() == reflect.String && n.kind == StringKind) {
		return nil
	}
	p := v
	if v.IsNil() {
		p = reflect.New(elem)
		setDefaults(p)
	}
	f.keepEmpty = true
	errs := d.value(n, p.Elem(), f, false)
	if len(errs) == 0 {
		v.Set(p)
	}
	return errs
}

func (d *Decoder) custom(n *Node, v reflect.Value, f field) []error {
	if n.Unset() {
		return nil
	}
	sub := d.At(n)
	if f.enum != nil || f.min != "" || f.unit != "" {
		sub.elem = &field{enum: f.enum, min: f.min, unit: f.unit}
	}
	if err := v.Addr().Interface().(Unmarshaler).UnmarshalConfig(sub); err != nil {
		return place(n, nil, err)
	}
	return asErrors(f.checkEmpty(n, v))
}

func (d *Decoder) slice(n *Node, v reflect.Value, f field) []error {
	if n.kind == ObjectKind && len(n.Members()) == 0 {
		return nil
	}
	if n.kind != ListKind {
		return asErrors(n.Errorf("expected a list, found %s", n.quoted()))
	}
	var errs []error
	list := reflect.MakeSlice(v.Type(), len(n.Items()), len(n.Items()))
	f.keepEmpty = true
	for i, item := range n.Items() {
		setDefaults(list.Index(i).Addr())
		errs = append(errs, d.value(item, list.Index(i), f, false)...)
	}
	v.Set(list)
	return errs
}

func (d *Decoder) mapping(n *Node, v reflect.Value, f field) []error {
	if n.kind == ListKind && len(n.Items()) == 0 {
		return nil
	}
	if n.kind != ObjectKind || v.Type().Key().Kind() != reflect.String {
		return asErrors(n.Errorf("expected an object, found %s", n.quoted()))
	}
	var errs []error
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	f.keepEmpty = true
	for _, m := range n.Members() {
		elem := reflect.New(v.Type().Elem())
		setDefaults(elem)
		errs = append(errs, d.value(m.Node, elem.Elem(), f, false)...)
		v.SetMapIndex(reflect.ValueOf(m.Name).Convert(v.Type().Key()), elem.Elem())
	}
	return errs
}

func setDefaults(p reflect.Value) {
	if s, ok := p.Interface().(Defaulter); ok {
		s.SetDefaults()
	}
}

// structure writes an object over a struct and validates it.
func (d *Decoder) structure(n *Node, v reflect.Value) []error {
	if n.kind != ObjectKind && !n.Unset() && !(n.kind == ListKind && len(n.Items()) == 0) {
		return asErrors(n.Errorf("expected an object, found %s", n.quoted()))
	}
	ptr := v.Addr().Interface()
	if _, any := ptr.(AnyCaser); any && !d.anyCase {
		within := *d
		within.anyCase = true
		d = &within
	}
	s := d.shape(v.Type())
	fields := s.fields
	errs := d.unknownKeys(n, s, ptr)
	sound := true
	for _, f := range fields {
		bad := d.field(n, f, v)
		sound = sound && len(bad) == 0
		errs = append(errs, bad...)
	}
	if c, ok := ptr.(Validator); ok && sound {
		faults := place(n, fields, c.Validate())
		sound = len(faults) == 0
		errs = append(errs, faults...)
	}
	if r, ok := ptr.(Remarker); ok && sound {
		d.remark(n, fields, r.Remarks())
	}
	return errs
}

func (d *Decoder) noEffect(n *Node, ptr any) map[string]string {
	all := map[string]string{}
	if n == d.node {
		for k, why := range d.inert {
			all[k] = why
		}
	}
	if x, ok := ptr.(NoEffecter); ok {
		for k, why := range x.NoEffect() {
			all[k] = why
		}
	}
	return all
}

// field decodes one key of a struct, under whichever name it was written.
func (d *Decoder) field(n *Node, f field, owner reflect.Value) []error {
	others := f.others(n)
	given, errs := f.choose(n, others)
	if f.ignored != "" {
		return errs
	}
	for _, other := range others {
		d.settings.Notes.rename(other, f.key)
	}
	if given != nil && given.name != f.key {
		d.settings.Notes.rename(given, f.key)
	}
	if given == nil || given.Unset() && f.required {
		if f.required {
			errs = append(errs, n.missing(f.key, given, "is required"))
		}
		if given == nil {
			return errs
		}
	}
	return append(errs, d.value(given, owner.FieldByIndex(f.index), f, false)...)
}

// missing returns a fault of a key that n does not have, or has without a value.
func (n *Node) missing(key string, given *Node, msg string) *Error {
	if given != nil {
		return given.Errorf("%s", msg)
	}
	return n.fault(joinPath(n.Path(), key), int(n.begin), msg)
}

// place turns what a Validate or an UnmarshalConfig returned into faults with
// path and position.
func place(n *Node, fields []field, err error) []error {
	switch e := err.(type) { // each branch of a join is placed by itself
	case nil:
		return nil
	case *Error:
		return []error{e}
	case *fieldError:
		at, rest := n, e.key
		for _, f := range fields {
			if head, tail := splitPath(e.key); f.key == head {
				if given, _ := f.written(n); given != nil {
					at, rest = given.find(tail)
				}
			}
		}
		if at == n {
			at, rest = n.find(e.key)
		}
		if rest == "" {
			return place(at, nil, e.err)
		}
		f := at.fault(joinRest(at.Path(), rest), int(at.begin), at.source.scrub(e.err.Error()))
		f.Err = e.err
		return []error{f}
	case interface{ Unwrap() []error }:
		var all []error
		for _, sub := range e.Unwrap() {
			all = append(all, place(n, fields, sub)...)
		}
		return all
	}
	if inner := errors.Unwrap(err); inner != nil && len(Faults(err)) > 0 {
		return place(n, fields, inner)
	}
	f := n.Errorf("%s", n.source.scrub(err.Error()))
	f.Err = err
	return []error{f}
}

func splitPath(path string) (head, tail string) {
	i := strings.IndexAny(path, ".[")
	if i < 0 {
		return path, ""
	}
	return path[:i], strings.TrimPrefix(path[i:], ".")
}

func joinRest(path, rest string) string {
	if path == "" || strings.HasPrefix(rest, "[") {
		return path + rest
	}
	return path + "." + rest
}

// native returns what encoding/json would with UseNumber.
func (n *Node) native() any {
	switch n.kind {
	case BoolKind:
		return n.text == "true"
	case NumberKind:
		return json.Number(n.text)
	case StringKind:
		return n.text
	case ListKind:
		list := make([]any, len(n.Items()))
		for i, item := range n.Items() {
			list[i] = item.native()
		}
		return list
	case ObjectKind:
		m := make(map[string]any, len(n.Members()))
		for _, member := range n.Members() {
			m[member.Name] = member.Node.native()
		}
		return m
	}
	return nil
}
