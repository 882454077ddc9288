package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/transform/flinksql"
)

// TestTransformsPage compares the functions that docs/transforms.md names with
// those that there are.
func TestTransformsPage(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(moduleRoot, "docs", "transforms.md"))
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	var named []string
	for _, row := range regexp.MustCompile(`(?m)^\| (?:texts|numbers|times|choice) \| (.*) \|$`).FindAllStringSubmatch(page, -1) {
		named = append(named, strings.Fields(row[1])...)
	}
	slices.Sort(named)
	if there := flinksql.Functions(); !slices.Equal(named, there) {
		t.Errorf("the page names\n%v, there are\n%v", named, there)
	}
}
