package launcher_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/launcher"
	"github.com/datasync-io/datasync/launcher/builtin"
)

// twoPhase is what the file writer can do.
type twoPhase interface {
	plugin.Writer
	plugin.Committer
	plugin.Hooks
	plugin.Shaper
	plugin.Prober
}

// breaking fails its last hook, before or behind doing it.
type breaking struct {
	twoPhase
	behind bool
}

func (b *breaking) After(ctx context.Context) error {
	if b.behind {
		if err := b.twoPhase.After(ctx); err != nil {
			return err
		}
	}
	return errclass.With(errclass.Permanent, errors.New("the machine died"))
}

// TestLastStepOfAnotherProcess ends a job's last step, which puts files into
// their places, in another process than the one that has written them.
func TestLastStepOfAnotherProcess(t *testing.T) {
	const rows = 5000
	whole, err := builtin.Registry()
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []string{"append", "overwrite", "truncate", "nonConflict"} {
		for _, behind := range []bool{false, true} {
			dir := t.TempDir()
			out := filepath.Join(dir, "out")
			text := fmt.Sprintf(`{"job":{"content":[{
				"reader":{"name":"streamreader","parameter":{"sliceRecordCount":[%d],"column":["id"]}},
				"writer":{"name":"filewriter","parameter":{"path":%q,"fileName":"rows.csv","format":"csv","writeMode":%q}}}]}}`, rows, out, mode)
			if r := publish(t, text, dir, breakingRegistry(t, whole, behind)); r.ExitCode != 1 {
				t.Fatalf("%s: the broken run ended with %d: %v", mode, r.ExitCode, r.Err)
			}
			if r := publish(t, text, dir, whole); r.Err != nil {
				t.Fatalf("%s, behind %v: %v", mode, behind, r.Err)
			}
			entries, err := os.ReadDir(out)
			if err != nil {
				t.Fatal(err)
			}
			if len(entries) != 1 || entries[0].Name() != "rows.csv" {
				t.Errorf("%s, behind %v: found %v, want rows.csv alone", mode, behind, entries)
			}
			if got, err := os.ReadFile(filepath.Join(out, "rows.csv")); err != nil || countLines(got) != rows {
				t.Errorf("%s, behind %v: %d rows, %v; want %d", mode, behind, countLines(got), err, rows)
			}
		}
	}
}

func countLines(text []byte) (n int) {
	for _, c := range text {
		if c == '\n' {
			n++
		}
	}
	return n
}

func breakingRegistry(t *testing.T, whole *plugin.Registry, behind bool) *plugin.Registry {
	t.Helper()
	stream, err := whole.Reader("stream")
	if err != nil {
		t.Fatal(err)
	}
	file, err := whole.Writer("file")
	if err != nil {
		t.Fatal(err)
	}
	broken := *file
	broken.New = func(env plugin.Env, d *config.Decoder) (plugin.Writer, error) {
		w, err := file.New(env, d)
		if err != nil {
			return nil, err
		}
		return &breaking{twoPhase: w.(twoPhase), behind: behind}, nil
	}
	r, err := plugin.NewRegistry([]plugin.ReaderInfo{*stream}, []plugin.WriterInfo{broken})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func publish(t *testing.T, text, dir string, registry *plugin.Registry) *launcher.Result {
	t.Helper()
	j, err := job.Parse([]byte(text), job.Options{File: "publish.json"})
	if err != nil {
		t.Fatal(err)
	}
	r, err := launcher.New(j, launcher.Options{Registry: registry, StateDir: filepath.Join(dir, "state")})
	if err != nil {
		t.Fatal(err)
	}
	return r.Run(t.Context(), t.Context())
}
