package job

import "strings"

// aliases are FlinkX's other names of connectors that have the same meaning here.
var aliases = map[string]string{
	"tidb":          "mysql",
	"adbpostgresql": "postgresql",
	"txtfile":       "file",
}

// ReaderPlugin returns the connector that a reader's name means: without a
// trailing reader or source, in lower case, aliases resolved. "mysqlreader",
// "mysqlsource", "mysql" and "tidbreader" are all "mysql".
func ReaderPlugin(name string) string { return connector(name, "reader", "source") }

// WriterPlugin returns the connector that a writer's name means: without a
// trailing writer or sink.
func WriterPlugin(name string) string { return connector(name, "writer", "sink") }

func connector(name string, suffixes ...string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	for _, s := range suffixes {
		if rest, ok := strings.CutSuffix(name, s); ok && rest != "" {
			name = rest
			break
		}
	}
	if alias, ok := aliases[name]; ok {
		return alias
	}
	return name
}
