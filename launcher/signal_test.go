package launcher_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/checkpoint"
	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/record"
	"github.com/datasync-io/datasync/launcher"
)

// listening is a reader without rows whose state notes the signals that it is
// given. It breaks off at stop.
type listening struct {
	mu      sync.Mutex
	pending []plugin.Signal
	more    chan struct{}
	obeyed  []plugin.Verb
	resumed int
}

var errBroken = errclass.With(errclass.Permanent, errors.New("told to stop"))

func (l *listening) Signals(pending []plugin.Signal) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending = pending
	select {
	case l.more <- struct{}{}:
	default:
	}
}

func (l *listening) Relists() []string { return []string{"table"} }

func (l *listening) Resume(_ context.Context, _ int, stored []plugin.Progress) ([]plugin.Progress, error) {
	l.resumed++
	return stored, nil
}

func (l *listening) Splits(_ context.Context, p plugin.Plan) ([]plugin.Split, error) {
	if p.Now != nil {
		return nil, nil
	}
	return []plugin.Split{{ID: "log", Endless: true}}, nil
}

func (l *listening) Open(_ context.Context, from plugin.Progress) (plugin.Source, error) {
	noted, err := notedBy(from)
	return &listeningSource{l, noted}, err
}

func (l *listening) Close() error { return nil }

func notedBy(p plugin.Progress) (noted []string, err error) {
	if p.State != nil {
		err = json.Unmarshal(p.State, &noted)
	}
	return noted, err
}

type listeningSource struct {
	*listening
	noted []string
}

func (s *listeningSource) Fill(ctx context.Context, b *record.Batch) error {
	for {
		s.mu.Lock()
		for _, one := range s.pending {
			if slices.Contains(s.noted, one.ID) {
				continue
			}
			s.noted, s.obeyed = append(s.noted, one.ID), append(s.obeyed, one.Verb)
			s.mu.Unlock()
			state, err := json.Marshal(s.noted)
			b.MarkState([]byte(`{"at":"here"}`), state, time.Time{})
			return err
		}
		stopped := len(s.pending) == 0 && slices.Contains(s.obeyed, plugin.SignalStop)
		s.mu.Unlock()
		if stopped {
			return errBroken
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.more:
		}
	}
}

func newListening(t *testing.T) (*bench, *listening) {
	t.Helper()
	l := &listening{more: make(chan struct{}, 1)}
	info := &plugin.SignalInfo{
		Table: func(_ []plugin.Progress, name string) (record.Name, error) {
			if name == "none" {
				return record.Name{}, errclass.With(errclass.Config, errors.New("table none is not followed"))
			}
			return record.Name{Table: name}, nil
		},
		Copying: func(stored []plugin.Progress) (*plugin.Copying, error) {
			noted, err := notedBy(stored[0])
			return &plugin.Copying{Noted: noted, Tables: []plugin.TableCopy{{Table: record.Name{Table: "new"}, First: true}}}, err
		},
	}
	b := newBench(t)
	registry, err := plugin.NewRegistry(
		[]plugin.ReaderInfo{{Name: "memory", Signals: info, New: func(plugin.Env, *config.Decoder) (plugin.Reader, error) { return l, nil }}, {Name: "deaf"}},
		[]plugin.WriterInfo{{Name: "memory", New: func(plugin.Env, *config.Decoder) (plugin.Writer, error) { return b.to.Writer(), nil }}})
	if err != nil {
		t.Fatal(err)
	}
	b.registry, b.confProp = registry, `{"flink.checkpoint.interval":"20"}`
	b.text = `{"job":{"content":[{"reader":{"name":"memoryreader","parameter":{"Table":["a"]}},"writer":{"name":"memorywriter","parameter":{}}}],"setting":{"speed":{"channel":1}}}}`
	return b, l
}

// TestSignalsAreObeyedOnce sends signals before and between runs: each is
// obeyed once, in order, and is gone when the stored state names it.
func TestSignalsAreObeyedOnce(t *testing.T) {
	b, l := newListening(t)
	store := checkpoint.NewFileStore(b.state)
	for _, verb := range []plugin.Verb{plugin.SignalSnapshot, plugin.SignalStop} {
		if _, err := store.Send("memory-0", plugin.Signal{Verb: verb}); err != nil {
			t.Fatal(err)
		}
	}
	wantEnd(t, b.run(t, t.Context()), launcher.Failed, 1)
	if !slices.Equal(l.obeyed, []plugin.Verb{plugin.SignalSnapshot, plugin.SignalStop}) {
		t.Errorf("obeyed: %v", l.obeyed)
	}
	if pending, _, err := store.Signals("memory-0"); len(pending) > 0 || err != nil {
		t.Errorf("still pending: %v, %v", pending, err)
	}

	saved := launcher.NewSavedState(b.state)
	to, err := saved.Signalled(t.Context(), b.registry, "memory-0")
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		verb  plugin.Verb
		table string
		want  string
	}{
		"not followed":     {plugin.SignalSnapshot, "none", "table none is not followed"},
		"a first copy":     {plugin.SignalStop, "new", "is being copied for the first time"},
		"the same, begun ": {plugin.SignalSnapshot, "new", "is being copied for the first time"},
	} {
		if _, err := saved.Signal(to, tt.verb, []string{tt.table}); errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := saved.Signal(to, plugin.SignalPause, []string{"new", "t"}); err != nil {
		t.Fatal(err)
	}
	if to, err = saved.Signalled(t.Context(), b.registry, "memory-0"); err != nil || len(to.Pending) != 1 || !strings.Contains(to.When(), "not running") {
		t.Errorf("%+v, %v", to, err)
	}
}

// TestAnotherListOfTables resumes a job whose list is another one, and refuses
// one of which anything else is.
func TestAnotherListOfTables(t *testing.T) {
	b, l := newListening(t)
	run := func(resumed int) {
		t.Helper()
		l.obeyed, l.pending = nil, nil
		if _, err := checkpoint.NewFileStore(b.state).Send("memory-0", plugin.Signal{Verb: plugin.SignalStop}); err != nil {
			t.Fatal(err)
		}
		wantEnd(t, b.run(t, t.Context()), launcher.Failed, 1)
		if l.resumed != resumed {
			t.Errorf("resumed %d times, want %d", l.resumed, resumed)
		}
	}
	run(0)
	b.text = strings.Replace(b.text, `["a"]`, `["a","b"]`, 1)
	run(1)
	b.text = strings.Replace(b.text, `"Table"`, `"from":1,"Table"`, 1)
	wantEnd(t, b.run(t, t.Context()), launcher.Failed, 4)
}

// TestSignalsToAReaderThatObeysNone are refused by both sides.
func TestSignalsToAReaderThatObeysNone(t *testing.T) {
	b := newBench(t)
	store := checkpoint.NewFileStore(b.state)
	if _, err := store.Send("memory-0", plugin.Signal{Verb: plugin.SignalPause}); err != nil {
		t.Fatal(err)
	}
	b.readers = plugintest.FailAt(plugintest.CallFill, 3, errBroken)
	b.run(t, t.Context())
	if pending, _, err := store.Signals("memory-0"); len(pending) > 0 || err != nil || !strings.Contains(b.log.String(), "obeys no signals") {
		t.Errorf("pending: %v, %v; said: %s", pending, err, b.log.String())
	}
	if _, err := launcher.NewSavedState(b.state).Signalled(t.Context(), b.registry, "memory-0"); errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), "obeys none") && !strings.Contains(err.Error(), "has ended") {
		t.Errorf("the command says %v", err)
	}
}
