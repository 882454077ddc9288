package checkpoint_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasync-io/datasync/core/checkpoint"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
)

func sample(job string, run uint64) *checkpoint.Checkpoint {
	return &checkpoint.Checkpoint{Version: checkpoint.Version, Job: job, Run: run, PlanRun: run, Started: true,
		Plan:   []plugin.Progress{{Split: plugin.Split{ID: "0", Spec: []byte(`{"from":1}`)}, Position: []byte(`{"at":18446744073709551615}`)}},
		Tokens: [][]byte{nil, {0, 1, 255}}, Counters: checkpoint.Counts{Read: 7, Written: 6, Others: 1}}
}

func TestFileStoreKeepsACheckpoint(t *testing.T) {
	s := checkpoint.NewFileStore(t.TempDir())
	for _, job := range []string{"orders-0", "../../etc/passwd", "..", "a/b c%2Fü"} {
		if c, err := s.Load(t.Context(), job); c != nil || err != nil {
			t.Fatalf("job %q: before the first save: %v, %v", job, c, err)
		}
		want := sample(job, 1)
		if err := s.Save(t.Context(), want); err != nil {
			t.Fatal(err)
		}
		got, err := s.Load(t.Context(), job)
		if err != nil {
			t.Fatal(err)
		}
		if string(got.Plan[0].Position) == "" || len(got.Tokens) != 2 || got.Tokens[0] != nil {
			t.Errorf("job %q: plan or tokens are lost: %+v", job, got)
		}
		got.Plan, want.Plan = nil, nil // raw JSON is indented anew
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("job %q: %s", job, diff)
		}
	}
}

func TestFileStoreRefusesAnOlderRun(t *testing.T) {
	s := checkpoint.NewFileStore(t.TempDir())
	if err := s.Save(t.Context(), sample("j", 5)); err != nil {
		t.Fatal(err)
	}
	err := s.Save(t.Context(), sample("j", 4))
	if errclass.Of(err) != errclass.Fenced {
		t.Fatalf("run 4 saved after run 5: %v", err)
	}
	if c, _ := s.Load(t.Context(), "j"); c.Run != 5 {
		t.Errorf("run %d is stored", c.Run)
	}
}

func TestFileStoreLocks(t *testing.T) {
	dir := t.TempDir()
	unlock, err := checkpoint.NewFileStore(dir).Lock(t.Context(), "j")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := checkpoint.NewFileStore(dir).Lock(t.Context(), "j"); errclass.Of(err) != errclass.Fenced || !strings.Contains(err.Error(), fmt.Sprintf("is being run by process %d on ", os.Getpid())) {
		t.Fatalf("locked twice: %v", err)
	}
	other, err := checkpoint.NewFileStore(dir).Lock(t.Context(), "k")
	if err != nil {
		t.Fatalf("another job is locked too: %v", err)
	}
	if err := errors.Join(other(), unlock()); err != nil {
		t.Fatal(err)
	}
	again, err := checkpoint.NewFileStore(dir).Lock(t.Context(), "j")
	if err != nil {
		t.Fatal(err)
	}
	if err := again(); err != nil {
		t.Fatal(err)
	}
}

func TestFileStoreUnreadable(t *testing.T) {
	for name, text := range map[string]string{"torn": `{"version":1,"jo`, "newer": `{"version":99}`} {
		s := checkpoint.NewFileStore(t.TempDir())
		if err := os.MkdirAll(s.Dir("j"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(s.Dir("j"), "checkpoint.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := s.Load(t.Context(), "j")
		if errclass.Of(err) != errclass.PositionLost || !strings.Contains(err.Error(), "-fresh") {
			t.Errorf("%s: %v", name, err)
		}
		if err := s.Forget("j"); err != nil {
			t.Fatal(err)
		}
		if c, err := s.Load(t.Context(), "j"); c != nil || err != nil {
			t.Errorf("%s: after Forget: %v, %v", name, c, err)
		}
	}
}

// TestSaveIsAtomic kills a process that saves without pause; what it leaves is
// a whole checkpoint.
func TestSaveIsAtomic(t *testing.T) {
	dir := t.TempDir()
	s := checkpoint.NewFileStore(dir)
	for range 10 {
		child := exec.Command(os.Args[0], "-test.run=^TestSaveForEver$")
		child.Env = append(os.Environ(), "DATASYNC_TEST_SAVE_DIR="+dir)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := out.Read(make([]byte, 1)); err != nil { // it has saved at least once
			t.Fatal(err)
		}
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = child.Wait() // killed
		c, err := s.Load(t.Context(), "j")
		if err != nil || c == nil || len(c.Plan) != 2000 {
			t.Fatalf("what a killed process has left: %v, %v", c != nil, err)
		}
	}
}

func TestSaveForEver(t *testing.T) {
	dir := os.Getenv("DATASYNC_TEST_SAVE_DIR")
	if dir == "" {
		return // the child's part
	}
	s := checkpoint.NewFileStore(dir)
	c := sample("j", 1)
	for len(c.Plan) < 2000 {
		c.Plan = append(c.Plan, c.Plan[0])
	}
	for ; ; c.Epoch++ {
		if err := s.Save(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if c.Epoch == 1 {
			os.Stdout.WriteString("s")
		}
	}
}
