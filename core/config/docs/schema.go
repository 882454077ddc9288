package docs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/datasync-io/datasync/core/config"
)

// object is a JSON object under construction; encoding/json sorts its keys.
type object = map[string]any

// JobSchema renders a JSON schema (draft 2020-12) of the job file: its
// skeleton, setting and an element of tableColumns as the given structs have
// them, and each plugin's parameter.
// It is for completion and hints in editors; the decoder is the judge.
func (s *Source) JobSchema(setting, columns any, readers, writers []Side) ([]byte, error) {
	settings, err := s.properties(config.Describe(setting))
	if err != nil {
		return nil, err
	}
	rules, err := s.rules(columns)
	if err != nil {
		return nil, err
	}
	reader, err := s.operator(readers)
	if err != nil {
		return nil, err
	}
	writer, err := s.operator(writers)
	if err != nil {
		return nil, err
	}
	content := object{
		"type": "object", "required": []string{"reader", "writer"},
		"properties": object{
			"reader": reader, "writer": writer,
			"transformer": object{"type": []string{"object", "array"}}, "nameMapping": object{"type": "object"}, "tableColumns": rules, "restoration": object{"type": "object"},
		},
	}
	job := object{
		"type": "object", "required": []string{"content"},
		"properties": object{
			"content": object{"type": "array", "minItems": 1, "items": content},
			"setting": object{"type": "object", "properties": settings},
		},
	}
	schema := object{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "datasync job",
		"type": "object", "required": []string{"job"}, "properties": object{"job": job},
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err = e.Encode(schema)
	return b.Bytes(), err
}

// rules describes a list of elements as the given struct has them.
func (s *Source) rules(element any) (object, error) {
	keys := config.Describe(element)
	properties, err := s.properties(keys)
	if err != nil {
		return nil, err
	}
	one := object{"type": "object", "properties": properties}
	if required := requiredKeys(keys); len(required) > 0 {
		one["allOf"] = required
	}
	return object{"type": "array", "items": one}, nil
}

// operator describes one side of a pipeline: which parameter goes with which name.
func (s *Source) operator(sides []Side) (object, error) {
	var (
		names []string
		rules []object
	)
	for _, side := range sides {
		keys := config.Describe(side.Config)
		properties, err := s.properties(keys)
		if err != nil {
			return nil, fmt.Errorf("documenting %s: %w", side.Names[0], err)
		}
		parameter := object{"type": "object", "properties": properties}
		if required := requiredKeys(keys); len(required) > 0 {
			parameter["allOf"] = required
		}
		names = append(names, side.Names...)
		rules = append(rules, object{
			"if":   object{"properties": object{"name": object{"enum": side.Names}}, "required": []string{"name"}},
			"then": object{"description": side.Doc, "properties": object{"parameter": parameter}},
		})
	}
	return object{
		"type": "object", "required": []string{"name", "parameter"},
		"properties": object{
			"name":      object{"enum": names},
			"parameter": object{"type": "object"},
			"table":     object{"type": "object", "properties": object{"tableName": object{"type": "string"}}},
		},
		"allOf": rules,
	}, nil
}

// requiredKeys asks for each required key under one of its spellings.
func requiredKeys(keys []config.Key) []object {
	var all []object
	for _, k := range keys {
		if !k.Required {
			continue
		}
		var spellings []object
		for _, name := range append([]string{k.Name}, k.Aliases...) {
			spellings = append(spellings, object{"required": []string{name}})
		}
		all = append(all, object{"anyOf": spellings})
	}
	return all
}

func (s *Source) properties(keys []config.Key) (object, error) {
	all := object{}
	for _, k := range keys {
		p, err := s.property(k)
		if err != nil {
			return nil, err
		}
		for _, name := range append([]string{k.Name}, k.Aliases...) {
			all[name] = p
		}
	}
	return all, nil
}

func (s *Source) property(k config.Key) (object, error) {
	if k.NoEffect != "" {
		return object{"description": "Has no effect: " + k.NoEffect + ".", "deprecated": true}, nil
	}
	text, err := s.meaning(k)
	if err != nil {
		return nil, err
	}
	p := object{}
	if k.Keys != nil || !strings.Contains(k.Type, "object") {
		if p, err = s.typed(k.Type, k); err != nil {
			return nil, err
		}
	}
	p["description"] = text
	if k.Default != "" {
		p["default"] = json.RawMessage(k.Default)
	}
	return p, nil
}

// typed gives the JSON types that the decoder takes for a type text. Scalars
// may be texts: "" is unset, and ${name} stands for any value.
func (s *Source) typed(typ string, k config.Key) (object, error) {
	if one, _, ok := strings.Cut(typ, " or list of "); ok {
		single, err := s.typed(one, k)
		if err != nil {
			return nil, err
		}
		return object{"anyOf": []object{single, {"type": "array", "items": single}}}, nil
	}
	if elem, ok := strings.CutPrefix(typ, "list of "); ok {
		items, err := s.typed(strings.TrimSuffix(elem, "s"), k)
		return object{"type": []string{"array", "string", "null"}, "items": items}, err
	}
	if elem, ok := strings.CutPrefix(typ, "object of "); ok {
		values, err := s.typed(strings.TrimSuffix(elem, "s"), k)
		return object{"type": []string{"object", "string", "null"}, "additionalProperties": values}, err
	}
	switch typ {
	case "object":
		properties, err := s.properties(k.Keys)
		return object{"type": []string{"object", "string", "null"}, "properties": properties}, err
	case "boolean":
		return object{"type": []string{"boolean", "string", "null"}}, nil
	case "whole number":
		return object{"type": []string{"integer", "string", "null"}}, nil
	case "number", "duration", "size":
		return object{"type": []string{"number", "string", "null"}}, nil
	case "text":
		if len(k.Enum) > 0 {
			return object{"type": []string{"string", "null"}, "examples": k.Enum}, nil
		}
		return object{"type": []string{"string", "number", "boolean", "null"}}, nil
	case "secret text":
		return object{"type": []string{"string", "number", "null"}}, nil
	}
	return object{}, nil // any JSON, or a type's own words
}
