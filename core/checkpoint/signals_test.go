package checkpoint_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/datasync-io/datasync/core/checkpoint"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

func TestSignalsWaitInTheOrderTheyWereSent(t *testing.T) {
	s := checkpoint.NewFileStore(t.TempDir())
	if pending, bad, err := s.Signals("j"); len(pending) > 0 || len(bad) > 0 || err != nil {
		t.Fatalf("before the first: %v, %v, %v", pending, bad, err)
	}
	var sent []plugin.Signal
	for _, verb := range []plugin.Verb{plugin.SignalSnapshot, plugin.SignalPause, plugin.SignalResume} {
		one, err := s.Send("j", plugin.Signal{Verb: verb, Tables: []record.Name{{Database: "d", Table: "t"}}})
		if err != nil {
			t.Fatal(err)
		}
		sent = append(sent, one)
	}
	if _, err := s.Send("other", plugin.Signal{Verb: plugin.SignalStop}); err != nil {
		t.Fatal(err)
	}
	pending, _, err := s.Signals("j")
	if diff := cmp.Diff(sent, pending); diff != "" || err != nil {
		t.Errorf("%v, %s", err, diff)
	}
	for range 2 { // it may have been removed before a crash
		if err := s.Noted("j", sent[1].ID); err != nil {
			t.Fatal(err)
		}
	}
	pending, _, err = s.Signals("j")
	if diff := cmp.Diff([]plugin.Signal{sent[0], sent[2]}, pending); diff != "" || err != nil {
		t.Errorf("%v, %s", err, diff)
	}
}

func TestWhatIsNoSignalIsNamed(t *testing.T) {
	s := checkpoint.NewFileStore(t.TempDir())
	one, err := s.Send("j", plugin.Signal{Verb: plugin.SignalPause})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(s.Dir("j"), "signals")
	for name, text := range map[string]string{"torn.json": `{"id":"tor`, "renamed.json": `{"id":"` + one.ID + `"}`, "half.json.new": `{`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pending, bad, err := s.Signals("j")
	if len(pending) != 1 || len(bad) != 2 || bad[0].ID != "renamed" || bad[1].ID != "torn" || err != nil {
		t.Errorf("%v, %v, %v", pending, bad, err)
	}
}
