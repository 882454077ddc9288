package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/config/docs"
	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/launcher/builtin"
	"github.com/datasync-io/datasync/launcher/reference"
)

var update = flag.Bool("update", false, "write the generated pages instead of comparing them")

const (
	modulePath = "github.com/datasync-io/datasync"
	moduleRoot = "../.."
	stamp      = "<!-- Made by `make docs` from the comments in the source. -->\n\n"
)

// TestDocs compares the generated pages under docs/ with what the source says
// now; with -update it writes them, and removes pages of plugins that are gone.
func TestDocs(t *testing.T) {
	pages := generate(t)
	stale := map[string]bool{}
	for _, file := range existing(t, "connectors/*.md") {
		stale[file] = true
	}
	for file, want := range pages {
		delete(stale, file)
		path := filepath.Join(moduleRoot, "docs", file)
		if *update {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		} else if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("docs/%s is stale: run make docs", file)
		}
	}
	for file := range stale {
		if !*update {
			t.Errorf("docs/%s belongs to no plugin: run make docs", file)
		} else if err := os.Remove(filepath.Join(moduleRoot, "docs", file)); err != nil {
			t.Fatal(err)
		}
	}
}

func existing(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(moduleRoot, "docs", pattern))
	if err != nil {
		t.Fatal(err)
	}
	for i, file := range files {
		if files[i], err = filepath.Rel(filepath.Join(moduleRoot, "docs"), file); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// generate renders every generated file, by its path under docs/.
func generate(t *testing.T) map[string][]byte {
	t.Helper()
	source := docs.NewSource(modulePath, moduleRoot)
	readers, writers := sides(t)
	pages := map[string][]byte{}
	names := slices.Sorted(maps.Keys(readers))
	for name := range writers {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var index strings.Builder
	index.WriteString(stamp + "# Connectors\n\n| connector | reader | writer |\n|---|---|---|\n")
	for _, name := range names {
		page, err := source.Page(docs.Page{Name: name, Reader: readers[name], Writer: writers[name]})
		if err != nil {
			t.Fatal(err)
		}
		pages["connectors/"+name+".md"] = page
		fmt.Fprintf(&index, "| [%s](%s.md) | %s | %s |\n", name, name, summary(readers[name]), summary(writers[name]))
	}
	pages["connectors/README.md"] = []byte(index.String())
	schema, err := source.JobSchema(new(job.DefaultSetting()), &job.TableColumns{}, inOrder(readers), inOrder(writers))
	if err != nil {
		t.Fatal(err)
	}
	pages["job.schema.json"] = schema
	pages["../launcher/reference/job.schema.json"] = schema
	pages["../launcher/reference/plugins.json"] = pluginsReference(t, source, readers, writers)
	pages["settings.md"] = settingsPage(t, source)
	pages["command-line.md"] = commandLinePage()
	pages["metrics.md"] = metricsPage()
	pages["old-keys.md"] = oldKeysPage(t, source, readers, writers)
	return pages
}

func summary(s *docs.Side) string {
	if s == nil {
		return ""
	}
	return strings.ReplaceAll(s.Doc, "|", `\|`)
}

func inOrder(sides map[string]*docs.Side) []docs.Side {
	var all []docs.Side
	for _, name := range slices.Sorted(maps.Keys(sides)) {
		all = append(all, *sides[name])
	}
	return all
}

// sides returns the plugins of the binary by name.
func sides(t *testing.T) (readers, writers map[string]*docs.Side) {
	t.Helper()
	registry, err := builtin.Registry()
	if err != nil {
		t.Fatal(err)
	}
	readers, writers = map[string]*docs.Side{}, map[string]*docs.Side{}
	for _, r := range registry.Readers() {
		readers[r.Name] = &docs.Side{Names: spellings(append([]string{r.Name}, r.Aliases...), "reader", "source"), Doc: r.Doc, Config: r.Config()}
	}
	for _, w := range registry.Writers() {
		writers[w.Name] = &docs.Side{Names: spellings(append([]string{w.Name}, w.Aliases...), "writer", "sink"), Doc: w.Doc, Config: w.Config()}
	}
	return readers, writers
}

func spellings(names []string, suffixes ...string) []string {
	var all []string
	for _, name := range names {
		for _, suffix := range append(suffixes, "") {
			all = append(all, name+suffix)
		}
	}
	return all
}

func settingsPage(t *testing.T, source *docs.Source) []byte {
	t.Helper()
	setting, err := source.Table(new(job.DefaultSetting()))
	if err != nil {
		t.Fatal(err)
	}
	columns, err := source.Table(&job.TableColumns{})
	if err != nil {
		t.Fatal(err)
	}
	properties, err := source.Table(&job.Properties{})
	if err != nil {
		t.Fatal(err)
	}
	return slices.Concat([]byte(stamp+"# Settings\n\nThe keys of `job.setting`.\n\n"), setting,
		[]byte("\n# Columns of tables\n\nThe keys of an element of `job.content[].tableColumns`; [change-data-capture.md](change-data-capture.md#columns-that-stay-behind) tells how they work.\n\n"), columns,
		[]byte("\n# Properties\n\nWhat `-confProp` takes; it wins over `job.setting`.\n\n"), properties)
}

// pluginsReference is what the binary knows of its plugins' keys: one line each.
func pluginsReference(t *testing.T, source *docs.Source, readers, writers map[string]*docs.Side) []byte {
	t.Helper()
	var lines []string
	for _, of := range []struct {
		side  string
		sides map[string]*docs.Side
	}{{"reader", readers}, {"writer", writers}} {
		examples := exampleParameters(t, of.side)
		for _, name := range slices.Sorted(maps.Keys(of.sides)) {
			side := of.sides[name]
			keys, noEffect, err := source.Keys(side.Config, func(path string) json.RawMessage { return examples[name+" "+path] })
			if err != nil {
				t.Fatal(err)
			}
			var line bytes.Buffer
			e := json.NewEncoder(&line)
			e.SetEscapeHTML(false)
			if err := e.Encode(reference.Plugin{Name: name, Side: of.side, Names: side.Names, Doc: side.Doc, Keys: keysOf(keys), NoEffect: noEffect}); err != nil {
				t.Fatal(err)
			}
			lines = append(lines, strings.TrimSpace(line.String()))
		}
	}
	return []byte("[\n" + strings.Join(lines, ",\n") + "\n]\n")
}

func keysOf(keys []docs.Key) []reference.Key {
	all := make([]reference.Key, len(keys))
	for i, k := range keys {
		all[i] = reference.Key(k)
	}
	return all
}

// exampleParameters returns values of keys, by plugin and path, from the jobs
// under jobs/: the first one of each that is short and of one line.
func exampleParameters(t *testing.T, side string) map[string]json.RawMessage {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(moduleRoot, "jobs", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no job under jobs/ (%v)", err)
	}
	all := map[string]json.RawMessage{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		j, _ := job.Parse(text, job.Options{File: file}) // placeholders may be left over
		if j == nil {
			continue
		}
		for _, p := range j.Pipelines {
			op := p.Reader
			if side == "writer" {
				op = p.Writer
			}
			if n := op.Node.Member("parameter"); n != nil {
				collectExamples(all, op.Plugin+" ", "", n)
			}
		}
	}
	return all
}

const exampleLength = 120

func collectExamples(all map[string]json.RawMessage, plugin, path string, n *config.Node) {
	var text bytes.Buffer
	if err := json.Compact(&text, config.Masked(n)); err == nil && path != "" && text.Len() <= exampleLength && !config.Sensitive(path[strings.LastIndexByte(path, '.')+1:]) {
		if _, taken := all[plugin+path]; !taken {
			all[plugin+path] = bytes.Clone(text.Bytes())
		}
	}
	if path != "" {
		path += "."
	}
	for _, m := range n.Members() {
		collectExamples(all, plugin, path+m.Name, m.Node)
	}
	for _, item := range n.Items() {
		for _, m := range item.Members() {
			collectExamples(all, plugin, strings.TrimSuffix(path, ".")+"[]."+m.Name, m.Node)
		}
	}
}

func commandLinePage() []byte {
	var b bytes.Buffer
	b.WriteString(stamp + "# Command line\n\nFlags have one dash or two, and stand before or after the job file.\n\n```\n")
	app := (&process{}).app()
	b.WriteString(app.UsageText + "\n```\n\nA job is a path, `-` for standard input, or the text itself, plain or URL-encoded.\n\n| command | |\n|---|---|\n")
	for _, c := range app.Commands {
		fmt.Fprintf(&b, "| `%s` | %s |\n", tableCell(strings.TrimSpace(c.Name+" "+c.ArgsUsage)), tableCell(c.Usage))
	}
	b.WriteString("\n`run`, `check`, `preview`, `convert` and `replay` take the flags of these three groups, as does `datasync` without a command.\n" +
		"Of some nothing comes there, and that is said:\n\n| command | flags without effect |\n|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(idleFlags)) {
		fmt.Fprintf(&b, "| `%s` | `-%s` |\n", name, strings.Join(strings.Fields(idleFlags[name].names), "`, `-"))
	}
	for _, group := range []struct {
		title string
		flags []cli.Flag
	}{{groupJob, jobFlags()}, {groupRun, runFlags()}, {groupOutput, outputFlags()}} {
		flagTable(&b, group.title, group.flags)
	}
	common := flagNames(commonFlags())
	for _, c := range app.Commands {
		own := slices.DeleteFunc(visible(c.Flags), func(f cli.Flag) bool {
			return len(c.Flags) > len(common) && slices.Contains(common, "-"+f.Names()[0])
		})
		if len(own) > 0 {
			flagTable(&b, "datasync "+c.Name, own)
		}
	}
	b.WriteString("\n## Accepted from FlinkX and ChunJun, without effect\n\nEach is named once in the log.\n\n| flag | why |\n|---|---|\n")
	for _, f := range flinkFlags {
		fmt.Fprintf(&b, "| `-%s` | %s |\n", f.name, f.why)
	}
	b.WriteString("\nA `-mode` other than local is refused: no cluster is used.\n")
	b.WriteString("\n## Exit codes\n\n| code | meaning |\n|---|---|\n")
	for _, c := range exitCodes {
		fmt.Fprintf(&b, "| %d | %s |\n", c.Code, c.Text)
	}
	b.WriteString("\n" + exitOrder())
	return b.Bytes()
}

func flagTable(b *bytes.Buffer, title string, flags []cli.Flag) {
	fmt.Fprintf(b, "\n## %s\n\n| flag | |\n|---|---|\n", title)
	for _, f := range flags {
		name, value, usage := describeFlag(f)
		fmt.Fprintf(b, "| `%s` | %s |\n", strings.TrimSpace("-"+name+" "+value), tableCell(usage))
	}
}

func tableCell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
