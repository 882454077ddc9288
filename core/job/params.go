package job

import (
	"maps"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/config"
)

// parameters reads -p: a JSON object if it begins with {, else name=value
// pairs with commas between them.
func parameters(text string) (map[string]string, error) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "{") {
		return jsonParameters(text)
	}
	params := map[string]string{}
	for pair := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return params, &config.Error{File: "-p", Msg: "expected name=value pairs with commas between them; where a value holds a comma, use JSON: {\"name\":\"a,b\"}"}
		}
		params[name] = strings.TrimSpace(value)
	}
	return params, nil
}

func jsonParameters(text string) (map[string]string, error) {
	params := map[string]string{}
	root, err := config.Parse(config.NewText("-p", []byte(text)))
	if err != nil {
		return params, err
	}
	for _, m := range root.Members() {
		switch m.Node.Kind() {
		case config.ListKind, config.ObjectKind:
			params[m.Name] = m.Node.Raw()
		default:
			params[m.Name] = m.Node.Text()
		}
	}
	return params, nil
}

func sorted(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
