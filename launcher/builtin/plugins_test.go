package builtin_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/launcher/builtin"
)

const root = "../.."

// waived says why a plugin's folder lacks something: "reader/x contract",
// "reader/x example", "reader/x page". A waiver that is not needed fails.
var waived = map[string]string{}

// TestPluginFolders walks reader/ and writer/ on disk.
func TestPluginFolders(t *testing.T) {
	inBinary := builtinImports(t)
	examples := exampleJobs(t)
	unused := map[string]bool{}
	for key := range waived {
		unused[key] = true
	}
	lacks := func(folder, what, remedy string) {
		key := folder + " " + what
		if waived[key] != "" {
			delete(unused, key)
			return
		}
		t.Errorf("%s: no %s: %s", folder, what, remedy)
	}
	for _, side := range []string{"reader", "writer"} {
		for _, folder := range pluginFolders(t, side) {
			name := filepath.Base(folder)
			if !slices.Contains(inBinary, module+folder) {
				t.Errorf("%s: not in the list of launcher/builtin", folder)
			}
			if !runsContract(t, folder, side) {
				lacks(folder, "contract", "call plugintest's suite in contract_test.go")
			}
			if !slices.Contains(examples[side], name) {
				lacks(folder, "example", "add a job that uses it to jobs/")
			}
			if _, err := os.Stat(filepath.Join(root, "docs", "connectors", name+".md")); err != nil {
				lacks(folder, "page", "run make docs")
			}
		}
	}
	for key := range unused {
		t.Errorf("waiver %q is not needed", key)
	}
}

// modes are plugins that are another mode of a folder's own.
var modes = map[string]string{"reader/mysqld": "reader/mysql"}

// TestRegistryNames fails for a plugin that is called otherwise than its folder.
func TestRegistryNames(t *testing.T) {
	registry, err := builtin.Registry()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string][]string{}
	for _, r := range registry.Readers() {
		names["reader"] = append(names["reader"], filepath.Join("reader", r.Name))
	}
	for _, w := range registry.Writers() {
		names["writer"] = append(names["writer"], filepath.Join("writer", w.Name))
	}
	for mode, of := range modes {
		side := filepath.Dir(mode)
		if !slices.Contains(names[side], mode) || !slices.Contains(names[side], of) {
			t.Errorf("%s is no mode of %s", mode, of)
		}
		names[side] = slices.DeleteFunc(names[side], func(name string) bool { return name == mode })
	}
	for side, got := range names {
		slices.Sort(got)
		if want := pluginFolders(t, side); !slices.Equal(got, want) {
			t.Errorf("%ss in the binary are %v, the folders are %v", side, got, want)
		}
	}
}

func pluginFolders(t *testing.T, side string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, side, "*", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var folders []string
	for _, file := range files {
		rel, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			t.Fatal(err)
		}
		folders = append(folders, rel)
	}
	slices.Sort(folders)
	if folders = slices.Compact(folders); len(folders) == 0 {
		t.Fatalf("no folder under %s/", side)
	}
	return folders
}

func builtinImports(t *testing.T) []string {
	t.Helper()
	for _, p := range listPackages(t) {
		if p.ImportPath == module+"launcher/builtin" {
			return p.Imports
		}
	}
	t.Fatal("go list does not know launcher/builtin")
	return nil
}

var suite = map[string]*regexp.Regexp{
	"reader": regexp.MustCompile(`plugintest\.Reader\(`),
	"writer": regexp.MustCompile(`plugintest\.Writer\(`),
}

func runsContract(t *testing.T, folder, side string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(files, func(file string) bool {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return suite[side].Match(text)
	})
}

// exampleJobs lists the plugins that the jobs under jobs/ use, by side.
func exampleJobs(t *testing.T) map[string][]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "jobs", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no job under jobs/ (%v)", err)
	}
	used := map[string][]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		j, _ := job.Parse(text, job.Options{File: file}) // placeholders may be left over: the names count
		if j == nil {
			t.Errorf("%s cannot be read as a job", file)
			continue
		}
		for _, p := range j.Pipelines {
			used["reader"] = append(used["reader"], p.Reader.Plugin)
			used["writer"] = append(used["writer"], p.Writer.Plugin)
		}
	}
	return used
}
