package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	makeTarget  = regexp.MustCompile("(?m)(?:`|^ *)make ([a-z0-9-]+)")
	commandLine = regexp.MustCompile("(?m)(?:^|`|=/usr/local/bin/|^[-0-9*/, ]+)(?:bin/)?datasync ([^`\n]*)")
)

// TestCommandsOnPages fails for a page, or a file of docs/examples, that names
// a make target that is not there, or shows a command with a flag that is unknown.
func TestCommandsOnPages(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(moduleRoot, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, p := range append(guide(t), readPages(t, "docs/dev/*.md")...) {
		texts[p.path] = p.text
	}
	for _, file := range existing(t, "examples/*") {
		text, err := os.ReadFile(filepath.Join(moduleRoot, "docs", file))
		if err != nil {
			t.Fatal(err)
		}
		texts[filepath.Join("docs", file)] = string(text)
	}
	commands := 0
	for path, text := range texts {
		for _, m := range makeTarget.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(string(makefile), "\n"+m[1]+":") {
				t.Errorf("%s names make %s, which is no target", path, m[1])
			}
		}
		for _, m := range commandLine.FindAllStringSubmatch(text, -1) {
			command, _, _ := strings.Cut(m[1], " #")
			if strings.ContainsAny(command, "[|") || strings.HasPrefix(command, "help") { // a usage line
				continue
			}
			commands++
			app := (&process{}).app()
			words := shellWord.FindAllString(strings.TrimSuffix(strings.TrimSpace(command), `\`), -1)
			if _, err := arrange(words, app.Commands, app.Flags); err != nil {
				t.Errorf("%s shows %q: %v", path, m[0], err)
			}
		}
	}
	if commands < 20 {
		t.Errorf("found %d commands", commands)
	}
}
