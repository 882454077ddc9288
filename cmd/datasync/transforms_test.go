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

// TestTransformsPage compares docs/transforms.md with the jobs that it shows,
// which scripts run, and with the functions that there are.
func TestTransformsPage(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(moduleRoot, "docs", "transforms.md"))
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	shown := regexp.MustCompile("(?s)\\(\\.\\./(jobs/[a-z_]+\\.json)\\):\n\n```json\n(.*?)```").FindAllStringSubmatch(page, -1)
	if n := strings.Count(page, "```json"); len(shown) != n || n < 3 {
		t.Errorf("%d of %d examples stand under the job that they are from", len(shown), n)
	}
	for _, m := range shown {
		job, err := os.ReadFile(filepath.Join(moduleRoot, m[1]))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(squeezed(string(job)), squeezed(m[2])) {
			t.Errorf("%s does not hold what the page shows of it", m[1])
		}
	}
	var named []string
	for _, row := range regexp.MustCompile(`(?m)^\| (?:texts|numbers|times|choice) \| (.*) \|$`).FindAllStringSubmatch(page, -1) {
		named = append(named, strings.Fields(row[1])...)
	}
	slices.Sort(named)
	if there := flinksql.Functions(); !slices.Equal(named, there) {
		t.Errorf("the page names\n%v, there are\n%v", named, there)
	}
}

func squeezed(text string) string { return strings.Join(strings.Fields(text), " ") }
