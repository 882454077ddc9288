package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/datasync-io/datasync/launcher"
)

// leastWrong is how many wrong job files there are at least.
const leastWrong = 120

// TestWrongJobs runs the jobs of testdata/wrong, none of which can run: each ends
// with exit code 2 before anything is dialled, and says all that is wrong with it
// and nothing else. With -update what they say is written instead, to be read.
func TestWrongJobs(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "wrong", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	cases := 0
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		contents := map[string]*txtar.File{}
		for i := range archive.Files {
			contents[archive.Files[i].Name] = &archive.Files[i]
		}
		for i := range archive.Files {
			name, is := strings.CutSuffix(archive.Files[i].Name, ".json")
			if !is {
				continue
			}
			cases++
			want := contents[name+".want"]
			if want == nil {
				t.Fatalf("%s: no %s.want", file, name)
			}
			group := strings.TrimSuffix(filepath.Base(file), ".txtar")
			t.Run(group+"/"+name, func(t *testing.T) {
				var flags []byte
				if f := contents[name+".flags"]; f != nil {
					flags = f.Data
				}
				got := runWrong(t, name+".json", archive.Files[i].Data, strings.FieldsFunc(string(flags), isNewline))
				if *update {
					want.Data = []byte(got)
				} else if got != string(want.Data) {
					t.Errorf("got\n%s\nwant\n%s", got, want.Data)
				}
			})
		}
		if *update {
			if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if cases < leastWrong {
		t.Errorf("%d wrong job files, want %d at least", cases, leastWrong)
	}
}

// runWrong checks a job file in a folder of its own and, if it is wrong, runs it
// and returns what is said.
func runWrong(t *testing.T, file string, text []byte, flags []string) string {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	var said string
	for _, command := range []string{"check", "run"} {
		var stdout, stderr bytes.Buffer
		p := &process{
			args: append([]string{command, "-job", file, "-state-dir", "state"}, flags...), stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr,
			env: func(string) (string, bool) { return "", false }, signals: make(chan os.Signal),
		}
		if code := p.run(); code != launcher.ExitConfig {
			t.Errorf("%s: exit code %d, want %d", command, code, launcher.ExitConfig)
			return ""
		}
		if command == "run" && stdout.Len() > 0 {
			t.Errorf("stdout: %s", stdout.String())
		}
		said = stderr.String()
		if strings.Contains(said+stdout.String(), "hush") {
			t.Errorf("%s: a secret is shown: %s%s", command, said, stdout.String())
		}
	}
	if _, err := os.Stat("state"); err == nil {
		t.Error("state was written")
	}
	return said
}
