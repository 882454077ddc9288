package main

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestHelpExamples reads the examples of each command as the program would.
func TestHelpExamples(t *testing.T) {
	app := (&process{}).app()
	names := commandNames(app)
	for _, name := range slices.Sorted(maps.Keys(examples)) {
		if !slices.Contains(names, name) {
			t.Errorf("%s: no such command", name)
		}
	}
	for _, c := range app.Commands {
		if len(examples[c.Name]) == 0 {
			t.Errorf("%s has no example", c.Name)
		}
		for _, line := range examples[c.Name] {
			_, words, _ := strings.Cut(line, "datasync ")
			if end := strings.IndexAny(words, "|>)"); end >= 0 {
				words = words[:end]
			}
			got, err := arrange(strings.Fields(words), app.Commands, app.Flags)
			if err != nil || got[0] != c.Name && !strings.HasPrefix(words, "-job") {
				t.Errorf("%s: %q, %v", line, got, err)
			}
		}
	}
}
