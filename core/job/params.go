package job

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/datasync-io/datasync/core/config"
)

// parameters reads -p: a JSON object if it begins with {, else pairs.
func parameters(text string) (map[string]string, error) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "{") {
		return jsonParameters(text)
	}
	return Pairs(text)
}

// Pairs reads the forms of -p that are not JSON: "a=1,b=2" as FlinkX takes it,
// and "-Da=1 -Db=2" as DataX does, where a value ends before the next -D and may
// stand in quotes. The pairs before a faulty one are returned with the error,
// an [*config.Error].
func Pairs(text string) (map[string]string, error) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "-D") {
		return dataxPairs(text)
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

var definition = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?:^|\s)-D`)
})

func dataxPairs(text string) (map[string]string, error) {
	params := map[string]string{}
	for _, pair := range definition().Split(text, -1)[1:] {
		name, value, ok := strings.Cut(pair, "=")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return params, &config.Error{File: "-p", Msg: `expected -Dname=value pairs with spaces between them; where a value holds " -D", use JSON: {"name":"value"}`}
		}
		params[name] = unquoted(strings.TrimSpace(value))
	}
	return params, nil
}

// unquoted removes the quotes around a value.
func unquoted(value string) string {
	if n := len(value); n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
		return value[1 : n-1]
	}
	return value
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
