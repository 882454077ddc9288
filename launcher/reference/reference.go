// Package reference holds what is documented of this binary: the keys of each
// plugin and the JSON schema of job files.
//
// Both files are made by make docs from the declarations and comments in the
// source, and a test fails when they are stale. It imports nothing of ours.
package reference

import (
	_ "embed"
	"encoding/json"
	"fmt"
)

// Plugin is a reader or a writer.
type Plugin struct {
	Name     string            `json:"name"`               // mysql
	Side     string            `json:"side"`               // reader or writer
	Names    []string          `json:"names"`              // as a job file may spell it, the usual one first
	Doc      string            `json:"doc"`                // what it is
	Keys     []Key             `json:"keys"`               // of parameter
	NoEffect map[string]string `json:"noEffect,omitempty"` // keys that are accepted and mean nothing, and why
}

// Key is one key of a plugin's parameter.
type Key struct {
	Key      string          `json:"key"` // keys of objects within under their path
	Aliases  []string        `json:"aliases,omitempty"`
	Type     string          `json:"type"`
	Required bool            `json:"required,omitempty"`
	Default  json.RawMessage `json:"default,omitempty"`
	Values   []string        `json:"values,omitempty"` // the texts allowed
	Meaning  string          `json:"meaning"`
	Example  json.RawMessage `json:"example,omitempty"`
}

//go:embed plugins.json
var plugins []byte

//go:embed job.schema.json
var jobSchema []byte

// Plugins returns the plugins of this binary, by name, readers first.
func Plugins() ([]Plugin, error) {
	var all []Plugin
	if err := json.Unmarshal(plugins, &all); err != nil {
		return nil, fmt.Errorf("reading the reference of the plugins: %w", err)
	}
	return all, nil
}

// JobSchema returns the JSON schema (draft 2020-12) of job files. It is not to be changed.
func JobSchema() []byte { return jobSchema }
