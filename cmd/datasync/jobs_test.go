package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestEveryJobIsRun fails for a job under jobs/ that no script checks and runs.
func TestEveryJobIsRun(t *testing.T) {
	jobs, err := filepath.Glob(filepath.Join(moduleRoot, "jobs", "*.json"))
	if err != nil || len(jobs) == 0 {
		t.Fatalf("no job under jobs/ (%v)", err)
	}
	var scripts strings.Builder
	files, err := filepath.Glob(filepath.Join("testdata", "script", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		scripts.Write(text)
	}
	for _, file := range jobs {
		name := regexp.QuoteMeta(filepath.Base(file))
		for what, line := range map[string]string{
			"checked": `(?m)^exec datasync check \$JOBS/` + name + ` `,
			"run":     `(?m)^(exec|start \w+) datasync (.*-job |run )?\$JOBS/` + name + ` `,
		} {
			if !regexp.MustCompile(line).MatchString(scripts.String()) {
				t.Errorf("jobs/%s is %s by no script", filepath.Base(file), what)
			}
		}
		if text, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(text), "//") || !strings.Contains(string(text), "datasync -job jobs/"+filepath.Base(file)) {
			t.Errorf("jobs/%s does not begin with a comment that says how it is run (%v)", filepath.Base(file), err)
		}
	}
}
