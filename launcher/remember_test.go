package launcher_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
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

// numbers is an input that grows: 1, 2, 3 ...; each run reads on from where the
// last one ended.
type numbers struct {
	most   int
	fail   int  // the number that cannot be read; 0: none
	replan bool // an unfinished run is not to be gone on with
}

var numberSchema = record.NewSchema(record.Name{Table: "numbers"}, []record.Column{{Name: "n", Kind: record.Int64}}, 0)

type numberSpec struct {
	Start int `json:"startLocation"`
	End   int `json:"endLocation"`
}

// Splits implements [plugin.Splitter].
func (n *numbers) Splits(_ context.Context, p plugin.Plan) ([]plugin.Split, error) {
	if p.Now != nil {
		return nil, nil
	}
	var spec numberSpec
	for _, last := range p.Last {
		var at struct{ EndLocation string }
		if err := json.Unmarshal(last.Position, &at); err != nil {
			return nil, err
		}
		if _, err := fmt.Sscan(at.EndLocation, &spec.Start); err != nil {
			return nil, err
		}
	}
	spec.End = n.most
	raw, err := json.Marshal(spec)
	return []plugin.Split{{ID: "0", Spec: raw, Remembers: true}}, err
}

// Resume implements [plugin.Resumer].
func (n *numbers) Resume(_ context.Context, _ int, stored []plugin.Progress) ([]plugin.Progress, error) {
	if n.replan {
		return nil, fmt.Errorf("the numbers begin elsewhere: %w", plugin.ErrReplan)
	}
	return stored, nil
}

func (n *numbers) Open(_ context.Context, from plugin.Progress) (plugin.Source, error) {
	s := &numberSource{numbers: n}
	if err := json.Unmarshal(from.Split.Spec, &s.spec); err != nil {
		return nil, err
	}
	s.at = s.spec.Start
	if from.Position == nil {
		return s, nil
	}
	var at struct{ EndLocation string }
	if err := json.Unmarshal(from.Position, &at); err != nil {
		return nil, err
	}
	_, err := fmt.Sscan(at.EndLocation, &s.at)
	return s, err
}

func (n *numbers) Close() error { return nil }

type numberSource struct {
	*numbers
	spec numberSpec
	at   int
}

func (s *numberSource) Fill(_ context.Context, b *record.Batch) error {
	if s.at+1 == s.fail {
		return errclass.With(errclass.Permanent, errors.New("the number is torn"))
	}
	if s.at < s.spec.End {
		s.at++
		b.Begin(numberSchema, record.Insert)
		b.Int64(int64(s.at))
	}
	b.Mark(fmt.Appendf(nil, `{"startLocation":"%d","endLocation":"%d"}`, s.spec.Start, s.at), time.Time{})
	if s.at == s.spec.End {
		return io.EOF
	}
	return nil
}

func (s *numberSource) Close() error { return nil }

// newNumbers is a bench whose job reads numbers.
func newNumbers(t *testing.T, n *numbers) *bench {
	b := newBench(t)
	registry, err := plugin.NewRegistry(
		[]plugin.ReaderInfo{{Name: "memory", New: func(plugin.Env, *config.Decoder) (plugin.Reader, error) { return n, nil }}},
		[]plugin.WriterInfo{{Name: "memory", New: func(plugin.Env, *config.Decoder) (plugin.Writer, error) { return b.to.Writer(), nil }}})
	if err != nil {
		t.Fatal(err)
	}
	b.registry = registry
	return b
}

// arrived spells what has arrived since the last call, and the locations of the report.
func (b *bench) arrived(r *launcher.Result) string {
	var all []string
	for _, row := range b.to.Rows() {
		all = append(all, strings.TrimPrefix(row[0], "int64 "))
	}
	b.to = &plugintest.Store{}
	for _, e := range r.Report.Accumulators {
		if e.Name == "startLocation" || e.Name == "endLocation" {
			all = append(all, fmt.Sprint(e.Name[:1], "=", e.Value))
		}
	}
	return strings.Join(all, " ")
}

func TestRunsBeginWhereTheLastEnded(t *testing.T) {
	n := &numbers{most: 3}
	b := newNumbers(t, n)
	step := func(state string, code int, want string) {
		t.Helper()
		r := b.run(t, t.Context())
		wantEnd(t, r, state, code)
		if got := b.arrived(r); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	step(launcher.Finished, 0, "1 2 3 e=3 s=0")
	step(launcher.Finished, 0, "e=3 s=3")
	n.most, n.fail = 7, 6
	step(launcher.Failed, 1, "")
	n.most, n.fail = 9, 0 // the plan goes to 7; nobody asks for a resume
	step(launcher.Finished, 0, "4 5 6 7 e=7 s=3")
	n.fail = 9
	step(launcher.Failed, 1, "")
	n.fail, n.replan = 0, true
	step(launcher.Finished, 0, "8 9 e=9 s=7")
	if !strings.Contains(b.log.String(), "the numbers begin elsewhere") {
		t.Errorf("that the run started over was not said: %s", b.log.String())
	}
	b.fresh = true
	step(launcher.Finished, 0, "1 2 3 4 5 6 7 8 9 e=9 s=0")
}

func TestWhoHoldsTheJobIsSaid(t *testing.T) {
	b := newBench(t)
	unlock, err := checkpoint.NewFileStore(b.state).Lock(t.Context(), "memory-0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := unlock(); err != nil {
			t.Error(err)
		}
	}()
	r := b.run(t, t.Context())
	wantEnd(t, r, launcher.Failed, 4)
	if !strings.Contains(r.Err.Error(), "is being run by process ") {
		t.Errorf("the error says %v", r.Err)
	}
}
