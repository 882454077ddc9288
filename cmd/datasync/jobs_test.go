package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// shown is a command of a page, up to the path of its job.
var shown = regexp.MustCompile(`(?m)^datasync (.*?)jobs/`)

// TestEveryJobIsRun fails for a job under jobs/ and jobs/compat/ that no script
// checks and runs, and for one under jobs/docs/ that no page checks and runs.
func TestEveryJobIsRun(t *testing.T) {
	var jobs []string
	for _, dir := range []string{"jobs", "jobs/compat", "jobs/docs"} {
		found, err := filepath.Glob(filepath.Join(moduleRoot, dir, "*.json"))
		if err != nil || len(found) == 0 {
			t.Fatalf("no job under %s/ (%v)", dir, err)
		}
		jobs = append(jobs, found...)
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
	for _, p := range guide(t) { // TestPagesRun types what they show
		for _, b := range p.fences {
			if b.lang == "sh" && b.from == "" && !p.generated {
				scripts.WriteString(shown.ReplaceAllString(b.text, "exec datasync $1$$JOBS/"))
			}
		}
	}
	for _, file := range jobs {
		job, err := filepath.Rel(filepath.Join(moduleRoot, "jobs"), file)
		if err != nil {
			t.Fatal(err)
		}
		name := regexp.QuoteMeta(job)
		for what, line := range map[string]string{
			"checked": `(?m)^exec datasync check (-\w+ )*\$JOBS/` + name + `( |$)`,
			"run":     `(?m)^(exec|start \w+) datasync (.*-job |run )?\$JOBS/` + name + `( |$)`,
		} {
			if !regexp.MustCompile(line).MatchString(scripts.String()) {
				t.Errorf("jobs/%s is %s by no script", job, what)
			}
		}
		if text, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(text), "//") || !strings.Contains(string(text), "datasync -job jobs/"+job) {
			t.Errorf("jobs/%s does not begin with a comment that says how it is run (%v)", job, err)
		}
	}
}
