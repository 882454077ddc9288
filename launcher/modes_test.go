package launcher_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/launcher"
)

// TestRestoreGoesOnInAnotherProcess resumes without being asked to, where the
// job file says so.
func TestRestoreGoesOnInAnotherProcess(t *testing.T) {
	b := newBench(t)
	b.text = strings.Replace(b.text, `"setting":{`, `"setting":{"restore":{"isRestore":true},`, 1)
	b.interrupted(t)
	b.calls = nil
	wantEnd(t, b.run(t, t.Context()), launcher.Finished, 0)
	if got := fmt.Sprint(b.calls); got != "[probe shape after]" {
		t.Errorf("calls of the second run: %s", got)
	}
	if diff := plugintest.Same(b.want(), b.to.Rows()); diff != "" {
		t.Error(diff)
	}
	b.calls, b.to = nil, &plugintest.Store{}
	wantEnd(t, b.run(t, t.Context()), launcher.Finished, 0)
	if got := fmt.Sprint(b.calls); got != "[probe plan shape before after]" {
		t.Errorf("calls of a run after one that has finished: %s", got)
	}
}

// TestFreshSaysWhatItGivesUp names the rows and splits of an unfinished run,
// the memory of an incremental one, and state that cannot be read.
func TestFreshSaysWhatItGivesUp(t *testing.T) {
	t.Run("unfinished", func(t *testing.T) {
		b := newBench(t)
		b.interrupted(t)
		written := len(b.to.Rows())
		b.fresh, b.to, b.calls = true, &plugintest.Store{}, nil
		wantEnd(t, b.run(t, t.Context()), launcher.Finished, 0)
		want := fmt.Sprintf(`msg="starting over: the position of an unfinished run is given up; rows that it has written stay at the destination" job=memory-0 rowsWritten=%d splitsDone=0 splits=4`, written)
		if !strings.Contains(b.log.String(), want) {
			t.Errorf("the log lacks %s:\n%s", want, &b.log)
		}
		if got := fmt.Sprint(b.calls); got != "[probe plan shape before after]" {
			t.Errorf("calls %s", got)
		}
		if diff := plugintest.Same(b.want(), b.to.Rows()); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("last step", func(t *testing.T) {
		b := newBench(t)
		b.fail = "after"
		wantEnd(t, b.run(t, t.Context()), launcher.Failed, 1)
		b.fail, b.fresh, b.to = "", true, &plugintest.Store{}
		wantEnd(t, b.run(t, t.Context()), launcher.Finished, 0)
		if want := "the last step of a run that had moved all rows is given up"; !strings.Contains(b.log.String(), want) {
			t.Errorf("the log lacks %s:\n%s", want, &b.log)
		}
	})
	t.Run("memory", func(t *testing.T) {
		b := newNumbers(t, &numbers{most: 3})
		wantEnd(t, b.run(t, t.Context()), launcher.Finished, 0)
		b.fresh = true
		wantEnd(t, b.run(t, t.Context()), launcher.Finished, 0)
		if want := "where the last run has ended is forgotten, all rows are read again"; !strings.Contains(b.log.String(), want) || len(b.to.Rows()) != 6 {
			t.Errorf("%d rows, and the log is:\n%s", len(b.to.Rows()), &b.log)
		}
	})
	t.Run("unreadable", func(t *testing.T) {
		b := newBench(t)
		wantEnd(t, b.run(t, t.Context()), launcher.Finished, 0)
		files, err := filepath.Glob(filepath.Join(b.state, "*", "*.json"))
		if err != nil || len(files) == 0 {
			t.Fatalf("state files %v, %v", files, err)
		}
		for _, file := range files {
			if err := os.WriteFile(file, []byte("{torn"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		wantEnd(t, b.run(t, t.Context()), launcher.Failed, 4)
		b.fresh = true
		wantEnd(t, b.run(t, t.Context()), launcher.Finished, 0)
		if want := "saved state that cannot be read is given up"; !strings.Contains(b.log.String(), want) {
			t.Errorf("the log lacks %s:\n%s", want, &b.log)
		}
	})
	t.Run("nothing", func(t *testing.T) {
		b := newBench(t)
		b.fresh = true
		for range 2 {
			wantEnd(t, b.run(t, t.Context()), launcher.Finished, 0)
		}
		if strings.Contains(b.log.String(), "starting over") {
			t.Errorf("nothing was given up:\n%s", &b.log)
		}
	})
}
