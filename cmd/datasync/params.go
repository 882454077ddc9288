package main

import (
	"encoding/json"
	"strings"

	"github.com/datasync-io/datasync/core/config"
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
	for pair := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return usagef(`-p %s: expected name=value pairs with commas between them; where a value holds a comma, use JSON: {"name":"a,b"}`, text)
		}
		quoted, err := json.Marshal(strings.TrimSpace(value))
		if err != nil {
			return err
		}
		all[name] = quoted
	}
	return nil
}

func parameterValue(n *config.Node) (json.RawMessage, error) {
	switch n.Kind() {
	case config.ListKind, config.ObjectKind, config.NumberKind, config.BoolKind, config.NullKind:
		return json.RawMessage(n.Raw()), nil
	default:
		return json.Marshal(n.Text())
	}
}
