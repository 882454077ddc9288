package main

import (
	"encoding/json"
	"strings"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/job"
)

// parameters joins all -p and -pj into the one text that job files take their
// parameters from; the last one that names a parameter wins. A single -p goes
// through as it is, so that its faults are reported in the user's own words.
func parameters(lists []string, object string) (string, error) {
	if object == "" && len(lists) <= 1 {
		return strings.Join(lists, ""), nil
	}
	if object != "" {
		if !strings.HasPrefix(strings.TrimSpace(object), "{") {
			return "", usagef(`-pj: expected a JSON object such as {"name":"value"}; -p takes name=value pairs`)
		}
		lists = append(lists[:len(lists):len(lists)], object)
	}
	all := map[string]json.RawMessage{}
	for _, text := range lists {
		if err := addParameters(all, text); err != nil {
			return "", err
		}
	}
	joined, err := json.Marshal(all)
	return string(joined), err
}

func addParameters(all map[string]json.RawMessage, text string) error {
	if text = strings.TrimSpace(text); strings.HasPrefix(text, "{") {
		root, err := config.Parse(config.NewText("-p", []byte(text)))
		if err != nil {
			return err
		}
		for _, m := range root.Members() {
			value, err := parameterValue(m.Node)
			if err != nil {
				return err
			}
			all[m.Name] = value
		}
		return nil
	}
	if strings.HasPrefix(text, "-D") {
		return addDefinitions(all, text)
	}
	for i, pair := range strings.Split(text, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return usagef(`-p: entry %d is no name=value pair; where a value holds a comma, use JSON: {"name":"a,b"}`, i+1)
		}
		quoted, err := json.Marshal(strings.TrimSpace(value))
		if err != nil {
			return err
		}
		all[name] = quoted
	}
	return nil
}

// addDefinitions reads DataX's form: -Da=1 -Db=2.
func addDefinitions(all map[string]json.RawMessage, text string) error {
	pairs, err := job.Pairs(text)
	for name, value := range pairs {
		quoted, err := json.Marshal(value)
		if err != nil {
			return err
		}
		all[name] = quoted
	}
	return err
}

// hidden returns what hides the secrets among parameters and properties, which
// their names tell. Texts that cannot be read are left to their readers.
func hidden(parameters, properties string) func(string) string {
	all := map[string]json.RawMessage{}
	for _, text := range []string{parameters, properties} {
		if err := addParameters(all, text); err != nil {
			continue
		}
	}
	var secrets []string
	for name, value := range all {
		var text string
		if config.Sensitive(name) && json.Unmarshal(value, &text) == nil {
			secrets = append(secrets, text)
		}
	}
	return config.Hide(secrets)
}

func parameterValue(n *config.Node) (json.RawMessage, error) {
	switch n.Kind() {
	case config.ListKind, config.ObjectKind, config.NumberKind, config.BoolKind, config.NullKind:
		return json.RawMessage(n.Raw()), nil
	default:
		return json.Marshal(n.Text())
	}
}
