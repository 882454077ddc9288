package config

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// Key describes one key of a config struct, for reference pages and schemas.
type Key struct {
	Name     string
	Aliases  []string
	Type     string   // as a person reads it: "text", "whole number", "list of texts" ...
	Unit     string   // what a plain number means, for durations
	Default  string   // as JSON; "" if nothing holds unless given
	Enum     []string // the texts allowed
	Min      string
	Required bool
	NoEffect string       // why it means nothing; "" if it means something
	Keys     []Key        // of the object, or of the objects in the list or map
	Owner    reflect.Type // the struct that declares the key
	Field    string       // the Go field, whose comment in Owner's source is the documentation
	GoType   reflect.Type
}

// Described is what a type with an [Unmarshaler] implements to say what it
// takes in a file.
type Described interface {
	DescribeConfig() (typ string, keys []Key)
}

// Describe lists the keys of a config struct, given as a value or a pointer
// that holds the defaults, in the order of its fields; what NoEffect names is not listed.
func Describe(cfg any) []Key {
	v := reflect.ValueOf(cfg)
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			v = reflect.New(v.Type().Elem())
		}
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		panic(fmt.Sprintf("config: Describe of %T, want a struct", cfg))
	}
	return describeStruct(v, map[reflect.Type]bool{})
}

func describeStruct(v reflect.Value, within map[reflect.Type]bool) []Key {
	if within[v.Type()] { // a struct that holds itself
		return nil
	}
	within[v.Type()] = true
	defer delete(within, v.Type())
	var keys []Key
	for _, f := range structFields(v.Type()) {
		k := Key{
			Name: f.key, Aliases: f.aliases, Enum: f.enum, Min: f.min, Required: f.required,
			NoEffect: f.ignored, Owner: f.owner, Field: f.name, GoType: f.typ,
		}
		if f.ignored == "" {
			fv := v.FieldByIndex(f.index)
			k.Type, k.Keys = describeType(fv, within)
			k.Default = defaultText(fv)
			if f.typ == durationType {
				if k.Unit = f.unit; k.Unit == "" {
					k.Unit = "ms"
				}
			}
		}
		keys = append(keys, k)
	}
	return keys
}

func describeType(v reflect.Value, within map[reflect.Type]bool) (string, []Key) {
	t := v.Type()
	if d, ok := reflect.New(t).Interface().(Described); ok {
		return d.DescribeConfig()
	}
	switch t {
	case durationType:
		return "duration", nil
	case bytesType:
		return "size", nil
	case nodeType:
		return "any JSON", nil
	case reflect.TypeFor[Secret]():
		return "secret text", nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		p := reflect.New(t.Elem())
		setDefaults(p)
		if !v.IsNil() {
			p = v
		}
		return describeType(p.Elem(), within)
	case reflect.Bool:
		return "boolean", nil
	case reflect.String:
		return "text", nil
	case reflect.Float32, reflect.Float64:
		return "number", nil
	case reflect.Struct:
		return "object", describeStruct(v, within)
	case reflect.Slice, reflect.Map:
		elem := reflect.New(t.Elem())
		setDefaults(elem)
		typ, keys := describeType(elem.Elem(), within)
		if t.Kind() == reflect.Map {
			return "object of " + plural(typ), keys
		}
		if strings.HasPrefix(t.Name(), "List[") {
			return typ + " or list of " + plural(typ), keys
		}
		return "list of " + plural(typ), keys
	case reflect.Interface:
		return "any JSON", nil
	}
	return "whole number", nil
}

func plural(typ string) string {
	if strings.HasSuffix(typ, "JSON") {
		return typ
	}
	return typ + "s"
}

// defaultText returns the default as JSON; "" for one that says nothing.
func defaultText(v reflect.Value) string {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return ""
		}
		v = v.Elem()
	}
	switch t := v.Type(); {
	case t == nodeType.Elem(), v.Kind() == reflect.Struct, v.Kind() == reflect.Interface:
		return ""
	case t == durationType:
		if v.IsZero() {
			return "0"
		}
		return `"` + time.Duration(v.Int()).String() + `"`
	case v.Kind() == reflect.String && v.IsZero(), (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.Len() == 0:
		return ""
	}
	text, err := json.Marshal(v.Interface())
	if err != nil { // no field that can be decoded gets here
		panic(err)
	}
	return string(text)
}
