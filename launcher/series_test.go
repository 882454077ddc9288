package launcher_test

import (
	"context"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/launcher"
)

// series runs all contents of the bench's job, of which there are n.
func (b *bench) series(t *testing.T, n int, stop context.Context) *launcher.Result {
	t.Helper()
	begin, end := strings.Index(b.text, "[")+1, strings.LastIndex(b.text, "]")
	text := b.text[:begin] + strings.Repeat(b.text[begin:end]+",", n) + b.text[end:]
	j, err := job.Parse([]byte(text), job.Options{File: "memory.json", AllContents: true})
	if err != nil {
		t.Fatal(err)
	}
	s, err := launcher.NewSeries(j, launcher.Options{Registry: b.registry, StateDir: b.state, Resume: b.resume})
	if err != nil {
		t.Fatal(err)
	}
	return s.Run(t.Context(), stop)
}

func TestSeries(t *testing.T) {
	b := newBench(t)
	r := b.series(t, 3, t.Context())
	wantEnd(t, r, launcher.Finished, 0)
	if r.Job != "memory" || len(r.Plan) != 12 || r.Plan[4].Split.ID[:11] != "content[1]/" || !strings.Contains(r.Guarantee, "content[2]: ") {
		t.Errorf("result %+v", r)
	}
	if n := r.Report.Accumulators[0]; n.Name != "numRead" || n.Value != int64(3*rows) {
		t.Errorf("%s is %v", n.Name, n.Value)
	}
}

func TestSeriesGoesOnBehindAFailure(t *testing.T) {
	b := newBench(t)
	b.fail = "after"
	r := b.series(t, 2, t.Context())
	wantEnd(t, r, launcher.Failed, 1)
	if r.Err == nil || !strings.Contains(r.Err.Error(), "job.content[0]: ") || !strings.Contains(r.Err.Error(), "job.content[1]: ") {
		t.Errorf("error %v", r.Err)
	}
}

func TestSeriesLeavesOutWhatHasFinished(t *testing.T) {
	b := newBench(t)
	begun := 0
	b.before = func() {
		if begun++; begun == 2 { // the first has ended
			b.fail = "after"
		}
	}
	if r := b.series(t, 2, t.Context()); r.ExitCode != 1 || strings.Contains(r.Err.Error(), "job.content[0]") {
		t.Fatalf("exit code %d, %v", r.ExitCode, r.Err)
	}
	b.fail, b.calls, b.resume = "", nil, true
	r := b.series(t, 2, t.Context())
	wantEnd(t, r, launcher.Finished, 0)
	if got := strings.Join(b.calls, " "); strings.Contains(got, "plan") || strings.Count(got, "after") != 1 {
		t.Errorf("the resumed run did: %s", got)
	}
}

func TestInterruptedSeriesBeginsNothing(t *testing.T) {
	b := newBench(t)
	stop, cancel := context.WithCancel(t.Context())
	b.before = cancel
	r := b.series(t, 2, stop)
	if r.ExitCode != launcher.ExitInterrupted || r.Err == nil || !strings.Contains(r.Err.Error(), "job.content[1]: not begun: the job was interrupted before") {
		t.Errorf("exit code %d, %v", r.ExitCode, r.Err)
	}
}
