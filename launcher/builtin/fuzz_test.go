package builtin_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/launcher/builtin"
)

// FuzzParameters gives every plugin arbitrary parameters: none panics or dials,
// and what it refuses is the job file's fault.
func FuzzParameters(f *testing.F) {
	registry, err := builtin.Registry()
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range exampleParameters(f) {
		f.Add(text)
	}
	f.Add(`{"column": ["*"], "connection": [{"jdbcUrl": "jdbc:mysql://h:1/d", "table": "t"}], "splitPk": 3}`)
	f.Add(`{"column": [{"name": 1, "index": -1}], "path": "", "topic": [], "producerSettings": {"acks": {}}}`)
	f.Fuzz(func(t *testing.T, parameters string) {
		for _, info := range registry.Readers() {
			r, err := plugintest.BuildReader(plugintest.Env(), *info, parameters)
			judge(t, info.Name+" reader", r, err)
		}
		for _, info := range registry.Writers() {
			w, err := plugintest.BuildWriter(plugintest.Env(), *info, parameters)
			judge(t, info.Name+" writer", w, err)
		}
	})
}

// judge closes what was built, or looks at why it was not.
func judge(t *testing.T, name string, built io.Closer, err error) {
	t.Helper()
	if err != nil {
		if errclass.Of(err) != errclass.Config {
			t.Errorf("%s: %v (%v), want an error of class config", name, err, errclass.Of(err))
		}
		return
	}
	if err := built.Close(); err != nil {
		t.Errorf("%s: closing what was never opened: %v", name, err)
	}
}

// exampleParameters returns the parameters of the jobs under jobs/.
func exampleParameters(tb testing.TB) []string {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join(root, "jobs", "*.json"))
	if err != nil || len(files) == 0 {
		tb.Fatalf("no job under jobs/ (%v)", err)
	}
	var all []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		j, _ := job.Parse(text, job.Options{File: file}) // placeholders may be left over
		if j == nil {
			tb.Fatalf("%s cannot be read as a job", file)
		}
		for _, p := range j.Pipelines {
			for _, op := range []job.Operator{p.Reader, p.Writer} {
				if n := op.Node.Member("parameter"); n != nil {
					all = append(all, n.Raw())
				}
			}
		}
	}
	return all
}
