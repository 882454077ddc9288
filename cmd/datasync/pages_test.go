package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// page is a file of the documentation.
//
// What its fenced blocks are is said by their language, and no other is let through:
//
//	sh           commands. They are run, in order, by TestPagesRun
//	sh X.txtar   commands that the script X in testdata/script runs
//	text         what the sh block before prints; ... is any text or any lines
//	json, yaml   and all others: a piece of the file that is linked last before
type page struct {
	path      string // from the module's root: docs/quickstart.md
	text      string
	generated bool
	fences    []fence
	servers   []string // what <!-- with: mysql examples/shop.sql --> asks for
	links     []link
	anchors   map[string]bool
}

// fence is a fenced block of a page.
type fence struct {
	line       int
	lang, from string // the words after the fence
	text       string
	file       string // the file linked last before it, from the module's root
}

// link is what a page points at: a path from the module's root, and an anchor in it.
type link struct {
	line         int
	path, anchor string
}

var (
	markdownLink = regexp.MustCompile(`\]\(([^)\s]*)\)`)
	inlineCode   = regexp.MustCompile("`[^`]*`")
	heading      = regexp.MustCompile(`^#{1,6} +(.*)$`)
	withServers  = regexp.MustCompile(`(?m)^<!-- with: (.*) -->$`)
	notInAnchor  = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

// readPages reads what the patterns name, from the module's root.
func readPages(t *testing.T, patterns ...string) []page {
	t.Helper()
	var pages []page
	for _, pattern := range patterns {
		files, err := filepath.Glob(filepath.Join(moduleRoot, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no page (%v)", pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			path, err := filepath.Rel(moduleRoot, file)
			if err != nil {
				t.Fatal(err)
			}
			pages = append(pages, parsePage(path, string(text)))
		}
	}
	return pages
}

// guide returns the pages for users and those for contributors; decisions and
// what stands beside the source is not among them.
func guide(t *testing.T) []page {
	t.Helper()
	return readPages(t, "*.md", "docs/*.md", "docs/connectors/*.md")
}

func parsePage(path, text string) page {
	p := page{path: path, text: text, generated: strings.HasPrefix(text, "<!-- Made by"), anchors: map[string]bool{}}
	if m := withServers.FindStringSubmatch(text); m != nil {
		p.servers = strings.Fields(m[1])
	}
	var open *fence
	file := ""
	for i, line := range strings.Split(text, "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case open != nil && trimmed == "```":
			p.fences, open = append(p.fences, *open), nil
		case open != nil:
			open.text += line + "\n"
		case strings.HasPrefix(trimmed, "```"):
			open = &fence{line: i + 1, file: file}
			open.lang, open.from, _ = strings.Cut(strings.TrimPrefix(trimmed, "```"), " ")
		default:
			if m := heading.FindStringSubmatch(line); m != nil {
				p.anchors[p.newAnchor(m[1])] = true
			}
			for _, m := range markdownLink.FindAllStringSubmatch(inlineCode.ReplaceAllString(line, "code"), -1) {
				if strings.Contains(m[1], "://") {
					continue
				}
				l := link{line: i + 1, path: path}
				target, anchor, _ := strings.Cut(m[1], "#")
				if target != "" {
					l.path = filepath.Join(filepath.Dir(path), target)
				}
				l.anchor = anchor
				p.links = append(p.links, l)
				if ext := filepath.Ext(l.path); ext != ".md" {
					file = l.path
				}
			}
		}
	}
	if open != nil {
		p.fences = append(p.fences, fence{line: open.line, lang: "a block without an end"})
	}
	return p
}

// newAnchor is what GitHub makes of a heading: a text that comes again gets a number.
func (p *page) newAnchor(title string) string {
	anchor := strings.ReplaceAll(notInAnchor.ReplaceAllString(strings.ToLower(title), ""), " ", "-")
	for at, n := anchor, 1; ; n++ {
		if !p.anchors[at] {
			return at
		}
		at = anchor + "-" + string(rune('0'+n))
	}
}

// TestLinks fails for a link to a file, or to a place in a page, that is not
// there, and for a page that cannot be found from the first one.
func TestLinks(t *testing.T) {
	pages := map[string]page{}
	for _, p := range append(guide(t), readPages(t, "docs/adr/*.md", "docs/dev/*.md")...) {
		pages[p.path] = p
	}
	reached := map[string]bool{"README.md": true}
	for todo := []string{"README.md"}; len(todo) > 0; todo = todo[1:] {
		for _, l := range pages[todo[0]].links {
			if !reached[l.path] {
				reached[l.path] = true
				todo = append(todo, l.path)
			}
		}
	}
	for path, p := range pages {
		if !reached[path] && path != "CHANGELOG.md" {
			t.Errorf("%s: no way of links leads from README.md to it", path)
		}
		for _, l := range p.links {
			if _, err := os.Stat(filepath.Join(moduleRoot, l.path)); err != nil {
				t.Errorf("%s:%d: links to %s, which is not there", path, l.line, l.path)
			} else if target, ok := pages[l.path]; ok && l.anchor != "" && !target.anchors[l.anchor] {
				t.Errorf("%s:%d: links to %s#%s, which is not there", path, l.line, l.path, l.anchor)
			}
		}
	}
}

// TestExamples fails for a block of a page that nothing runs and that is not a
// piece of a file.
func TestExamples(t *testing.T) {
	n := 0
	for _, p := range guide(t) {
		if p.generated {
			continue
		}
		for i, b := range p.fences {
			n++
			switch {
			case b.lang == "sh" && b.from == "": // TestPagesRun
			case b.lang == "sh":
				fromScript(t, p, b)
			case b.lang == "text":
				if i == 0 || p.fences[i-1].lang != "sh" || p.fences[i-1].from != "" {
					t.Errorf("%s:%d: no commands stand before what they print", p.path, b.line)
				}
			case b.lang == "":
				t.Errorf("%s:%d: the block does not say what it is: sh for commands, text for what they print, json and others for a piece of a file", p.path, b.line)
			default:
				excerpt(t, p, b)
			}
		}
	}
	if n < 20 {
		t.Errorf("found %d blocks", n)
	}
}

// excerpt compares a block with the file that is linked before it; white space
// does not count.
func excerpt(t *testing.T, p page, b fence) {
	t.Helper()
	if b.file == "" {
		t.Errorf("%s:%d: no file is linked before the %s block that it is from", p.path, b.line, b.lang)
		return
	}
	text, err := os.ReadFile(filepath.Join(moduleRoot, b.file))
	if err != nil {
		t.Error(err)
	} else if want := strings.TrimSuffix(squeezed(b.text), ","); !strings.Contains(squeezed(string(text)), want) {
		t.Errorf("%s:%d: %s does not hold what the page shows of it", p.path, b.line, b.file)
	}
}

func squeezed(text string) string { return strings.Join(strings.Fields(text), " ") }

// fromScript looks for each command of a block in its script: with the same
// job, the same parameters by name, and at least the flags.
func fromScript(t *testing.T, p page, b fence) {
	t.Helper()
	script, err := os.ReadFile(filepath.Join("testdata", "script", b.from))
	if err != nil {
		t.Errorf("%s:%d: %v", p.path, b.line, err)
		return
	}
	var run [][]string
	for line := range strings.Lines(string(script)) {
		if at := strings.Index(line, "datasync "); at >= 0 {
			run = append(run, essence(line[at:]))
		}
	}
	for line := range strings.Lines(b.text) {
		command, _, _ := strings.Cut(strings.TrimSpace(line), " #")
		if !strings.HasPrefix(command, "datasync ") {
			continue
		}
		want := essence(command)
		if !slices.ContainsFunc(run, func(have []string) bool {
			return !slices.ContainsFunc(want, func(word string) bool { return !slices.Contains(have, word) })
		}) {
			t.Errorf("%s:%d: %s runs nothing like %q: %q", p.path, b.line, b.from, command, want)
		}
	}
}

var shellWord = regexp.MustCompile(`(?:"[^"]*"|'[^']*'|[^\s"'])+`)

// essence are the words of a command without the values of parameters.
func essence(command string) []string {
	var words []string
	all := shellWord.FindAllString(command, -1)
	for i, word := range all {
		word = strings.Trim(strings.ReplaceAll(word, "$JOBS/", "jobs/"), `"'`)
		if i == 0 || all[i-1] != "-p" {
			if word != "-job" { // the file alone says as much
				words = append(words, word)
			}
			continue
		}
		for pair := range strings.SplitSeq(word, ",") {
			name, _, _ := strings.Cut(pair, "=")
			words = append(words, "-p "+name)
		}
	}
	return words
}
