package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	markdownLink = regexp.MustCompile(`\]\(([^)#]*)[^)]*\)`)
	makeTarget   = regexp.MustCompile("(?m)(?:`|^)make ([a-z0-9-]+)")
	commandLine  = regexp.MustCompile(`(?m)^(?:bin/)?datasync (.*)$`)
	shellWord    = regexp.MustCompile(`"[^"]*"|\S+`)
)

// TestHandWrittenPages fails for a page that links to nothing, names a make
// target that is not there, or shows a command with a flag that is unknown.
func TestHandWrittenPages(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(moduleRoot, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	pages := 0
	err = filepath.WalkDir(moduleRoot, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != moduleRoot && strings.HasPrefix(d.Name(), "."):
			return filepath.SkipDir
		case filepath.Ext(path) != ".md":
			return nil
		}
		pages++
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		checkPage(t, path, string(text), string(makefile))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if pages < 5 {
		t.Fatalf("found %d pages", pages)
	}
}

func checkPage(t *testing.T, path, text, makefile string) {
	t.Helper()
	for _, m := range markdownLink.FindAllStringSubmatch(text, -1) {
		if m[1] == "" || strings.Contains(m[1], "://") {
			continue
		}
		if _, err := os.Stat(filepath.Join(filepath.Dir(path), m[1])); err != nil {
			t.Errorf("%s links to %s, which is not there", path, m[1])
		}
	}
	for _, m := range makeTarget.FindAllStringSubmatch(text, -1) {
		if !strings.Contains(makefile, "\n"+m[1]+":") {
			t.Errorf("%s names make %s, which is no target", path, m[1])
		}
	}
	for _, m := range commandLine.FindAllStringSubmatch(text, -1) {
		command, _, _ := strings.Cut(m[1], " #")
		if strings.ContainsAny(command, "[|") { // a usage line
			continue
		}
		app := (&process{}).app()
		if _, err := arrange(shellWord.FindAllString(command, -1), app.Commands, app.Flags); err != nil {
			t.Errorf("%s shows %q: %v", path, m[0], err)
		}
	}
}
