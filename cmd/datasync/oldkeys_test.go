package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/config/docs"
	"github.com/datasync-io/datasync/core/job"
)

// oldKeysPage lists the names and keys that job files of FlinkX, ChunJun and
// DataX may hold, and what becomes of each.
func oldKeysPage(t *testing.T, source *docs.Source, readers, writers map[string]*docs.Side) []byte {
	t.Helper()
	var b strings.Builder
	b.WriteString(stamp + "# Names and keys, from A to Z\n\nFor whoever has old job files: [migrating.md](migrating.md) is the guide, this is the list.\n\n")
	b.WriteString("## Connectors\n\nEach name may end in `reader`, `writer`, `source` or `sink`.\n\n| name | of | here |\n|---|---|---|\n")
	for _, name := range job.Connectors() {
		var sides []string
		if readers[job.ReaderPlugin(name)] != nil || aliasOf(readers, name+"reader") != "" {
			sides = append(sides, "reader")
		}
		if writers[job.WriterPlugin(name)] != nil || aliasOf(writers, name+"writer") != "" {
			sides = append(sides, "writer")
		}
		here := "not yet"
		if len(sides) > 0 {
			plugin := job.ReaderPlugin(name)
			if readers[plugin] == nil && writers[plugin] == nil {
				if plugin = aliasOf(readers, name+"reader"); plugin == "" {
					plugin = aliasOf(writers, name+"writer")
				}
			}
			here = fmt.Sprintf("%s [%s](connectors/%s.md)", strings.Join(sides, " and "), plugin, plugin)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", name, job.Origin(name), here)
	}
	keysTable(t, &b, source, readers, writers)
	b.WriteString("\n`setting`: [settings.md](settings.md). The command line: [command-line.md](command-line.md#accepted-from-flinkx-and-chunjun-without-effect).\n")
	return []byte(b.String())
}

func noExample(string) json.RawMessage { return nil }

func keysTable(t *testing.T, b *strings.Builder, source *docs.Source, readers, writers map[string]*docs.Side) {
	t.Helper()
	b.WriteString("\n## Keys of `parameter`\n\nThe pages of the connectors say what a key means, and why another has no effect there. Keys within objects stand with their object.\n\n| key | used by | without effect in |\n|---|---|---|\n")
	used, unused := map[string][]string{}, map[string][]string{}
	for _, of := range []struct {
		side  string
		sides map[string]*docs.Side
	}{{"reader", readers}, {"writer", writers}} {
		for _, name := range slices.Sorted(maps.Keys(of.sides)) {
			keys, none, err := source.Keys(of.sides[name].Config, noExample)
			if err != nil {
				t.Fatal(err)
			}
			where := name + " " + of.side
			for _, k := range keys {
				if !strings.ContainsAny(k.Key, ".[") {
					for _, key := range append([]string{k.Key}, k.Aliases...) {
						used[key] = append(used[key], where)
					}
				}
			}
			for key := range none {
				unused[key] = append(unused[key], where)
			}
		}
	}
	all := maps.Clone(used)
	maps.Copy(all, unused)
	names := slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		if c := strings.Compare(strings.ToLower(a), strings.ToLower(b)); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	for _, key := range names {
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", tableCell(key), bySide(used[key]), bySide(unused[key]))
	}
}

// aliasOf returns the plugin that lists a spelling, "" for none.
func aliasOf(sides map[string]*docs.Side, spelling string) string {
	for _, name := range slices.Sorted(maps.Keys(sides)) {
		if slices.Contains(sides[name].Names, spelling) {
			return name
		}
	}
	return ""
}

// bySide joins "mysql reader", "sqlite reader", "mysql writer" to fewer words.
func bySide(where []string) string {
	names := map[string][]string{}
	for _, w := range where {
		name, side, _ := strings.Cut(w, " ")
		names[side] = append(names[side], fmt.Sprintf("[%s](connectors/%s.md#%s)", name, name, side))
	}
	var parts []string
	for _, side := range []string{"reader", "writer"} {
		if len(names[side]) > 0 {
			parts = append(parts, side+" "+strings.Join(names[side], ", "))
		}
	}
	return strings.Join(parts, "; ")
}
