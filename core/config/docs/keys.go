package docs

import (
	"encoding/json"
	"maps"
	"strings"

	"github.com/datasync-io/datasync/core/config"
)

// Key is one key of a config struct, for programs.
type Key struct {
	Key      string          `json:"key"` // keys of objects within under their path
	Aliases  []string        `json:"aliases,omitempty"`
	Type     string          `json:"type"`
	Required bool            `json:"required,omitempty"`
	Default  json.RawMessage `json:"default,omitempty"`
	Values   []string        `json:"values,omitempty"`
	Meaning  string          `json:"meaning"`
	Example  json.RawMessage `json:"example,omitempty"`
}

// Keys lists the keys of a config struct that mean something, keys of objects
// within under their path, and those that are accepted without effect, with the
// reason. example gives a value for a key if it knows one; else the default and
// the type do.
func (s *Source) Keys(cfg any, example func(path string) json.RawMessage) (keys []Key, noEffect map[string]string, err error) {
	noEffect = map[string]string{}
	described := config.Describe(cfg)
	for _, k := range described {
		if k.NoEffect != "" {
			noEffect[k.Name] = k.NoEffect
		}
	}
	if n, ok := cfg.(config.NoEffecter); ok {
		maps.Copy(noEffect, n.NoEffect())
	}
	keys, err = s.list(nil, "", described, example)
	return keys, noEffect, err
}

func (s *Source) list(all []Key, prefix string, keys []config.Key, example func(string) json.RawMessage) ([]Key, error) {
	for _, k := range keys {
		if k.NoEffect != "" {
			continue
		}
		meaning, err := s.Comment(k.Owner, k.Field)
		if err != nil {
			return nil, err
		}
		path := prefix + k.Name
		one := Key{Key: path, Aliases: k.Aliases, Type: typeText(k), Required: k.Required, Values: k.Enum, Meaning: meaning, Example: example(path)}
		if k.Default != "" {
			one.Default = json.RawMessage(k.Default)
		}
		if one.Example == nil {
			one.Example = sampleOf(k)
		}
		all = append(all, one)
		if all, err = s.list(all, within(path, k.Type), k.Keys, example); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// within is the prefix of the keys inside a key of that type.
func within(path, typ string) string {
	switch {
	case strings.Contains(typ, "list of"):
		return path + "[]."
	case strings.HasPrefix(typ, "object of"):
		return path + ".*."
	}
	return path + "."
}

// sampleOf is a value that fits a key.
func sampleOf(k config.Key) json.RawMessage {
	switch {
	case len(k.Enum) > 0:
		text, _ := json.Marshal(k.Enum[len(k.Enum)-1]) // a text always encodes
		return text
	case k.Type == "boolean":
		if k.Default == "true" {
			return json.RawMessage("false")
		}
		return json.RawMessage("true")
	case k.Default != "" && k.Default != "0" && k.Default != `"0s"`:
		return json.RawMessage(k.Default)
	}
	if s := samples[k.Type]; s != nil || len(k.Keys) == 0 {
		return s
	}
	return sampleObject(k)
}

// sampleObject is an object, or a list of one, with the first keys that it may have.
func sampleObject(k config.Key) json.RawMessage {
	var members []string
	for _, inner := range k.Keys {
		value := sampleOf(inner)
		if inner.NoEffect != "" || value == nil {
			continue
		}
		name, _ := json.Marshal(inner.Name) // a text always encodes
		if members = append(members, string(name)+":"+string(value)); len(members) == 2 {
			break
		}
	}
	text := "{" + strings.Join(members, ",") + "}"
	switch {
	case strings.Contains(k.Type, "list of"):
		text = "[" + text + "]"
	case strings.HasPrefix(k.Type, "object of"):
		text = `{"...":` + text + "}"
	}
	return json.RawMessage(text)
}

// samples are values by type, where nothing else says what fits.
var samples = map[string]json.RawMessage{
	"text": json.RawMessage(`"..."`), "secret text": json.RawMessage(`"${env:PASSWORD}"`), "whole number": json.RawMessage("1000"), "number": json.RawMessage("0.5"),
	"duration": json.RawMessage(`"30s"`), "size": json.RawMessage(`"1MiB"`), "list of texts": json.RawMessage(`["..."]`),
	"text or list of texts": json.RawMessage(`["..."]`), "object of texts": json.RawMessage(`{"...": "..."}`),
}
