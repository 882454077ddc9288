package checkpoint_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/checkpoint"
	"github.com/datasync-io/datasync/core/plugin"
)

func TestJobsThatAreSaved(t *testing.T) {
	dir := t.TempDir()
	s := checkpoint.NewFileStore(dir)
	if jobs, err := checkpoint.NewFileStore(filepath.Join(dir, "none")).Jobs(); err != nil || len(jobs) != 0 {
		t.Errorf("a folder that is not there: %q, %v", jobs, err)
	}
	for _, job := range []string{"b/c-0", "a-0"} {
		if err := s.Save(t.Context(), &checkpoint.Checkpoint{Job: job, Run: 1}); err != nil {
			t.Fatal(err)
		}
	}
	unlock, err := s.Lock(t.Context(), "locked-0") // has no checkpoint
	if err != nil {
		t.Fatal(err)
	}
	jobs, err := s.Jobs()
	if err != nil || !slices.Equal(jobs, []string{"a-0", "b/c-0"}) {
		t.Errorf("jobs %q, %v", jobs, err)
	}
	if at, err := s.Saved("a-0"); err != nil || at.IsZero() {
		t.Errorf("saved %v, %v", at, err)
	}
	if at, err := s.Saved("locked-0"); err != nil || !at.IsZero() {
		t.Errorf("saved %v, %v", at, err)
	}
	if who := s.Holder("locked-0"); !strings.HasPrefix(who, "process ") {
		t.Errorf("held by %q", who)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	if who := s.Holder("locked-0"); who != "" {
		t.Errorf("still held by %q", who)
	}
}

func TestHolderThatIsGone(t *testing.T) {
	s := checkpoint.NewFileStore(t.TempDir())
	if err := s.Save(t.Context(), &checkpoint.Checkpoint{Job: "a-0", Run: 1}); err != nil {
		t.Fatal(err)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	const nobody = "999999999" // above the largest process id
	for note, held := range map[string]bool{
		"process " + nobody + " on " + host + " since then": false, "process " + nobody + " on far." + host + " since then": true, "somebody": true,
	} {
		if err := os.WriteFile(filepath.Join(s.Dir("a-0"), "holder"), []byte(note), 0o600); err != nil {
			t.Fatal(err)
		}
		if who := s.Holder("a-0"); (who != "") != held {
			t.Errorf("%s: held by %q", note, who)
		}
	}
}

func TestErrorsAreKeptMasked(t *testing.T) {
	s := checkpoint.NewFileStore(t.TempDir()).Masked(func(text string) string { return strings.ReplaceAll(text, "hush", "******") })
	c := &checkpoint.Checkpoint{Job: "a-0", Run: 1, Plan: []plugin.Progress{{Split: plugin.Split{ID: "0"}, Err: "denied: hush"}, {Split: plugin.Split{ID: "1"}}}}
	if err := s.Save(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	kept, err := s.Load(t.Context(), "a-0")
	if err != nil || kept.Plan[0].Err != "denied: ******" || c.Plan[0].Err != "denied: hush" {
		t.Errorf("kept %+v, %v; given %+v", kept, err, c)
	}
}
