package launcher_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/datasync-io/datasync/core/checkpoint"
	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/record"
	"github.com/datasync-io/datasync/launcher"
)

func TestMain(m *testing.M) {
	// The reader of topics counts figures; the process's one clock for them never ends.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/rcrowley/go-metrics.(*meterArbiter).tick"))
}

const rows = 5000

// bench is a pair of plugins in memory, an observer of their hooks, and a place for state.
type bench struct {
	state    string
	text     string // the job file
	from     plugintest.Memory
	to       *plugintest.Store
	readers  plugintest.Fault
	writers  plugintest.Fault
	resume   bool
	fresh    bool
	confProp string
	metrics  *launcher.Metrics
	before   func() // is called by the writer's hook; may be nil
	registry *plugin.Registry

	mu    sync.Mutex
	calls []string // hooks and plans, in order
	fail  string   // the hook that fails
	log   bytes.Buffer
}

func newBench(t *testing.T) *bench {
	b := &bench{state: t.TempDir(), to: &plugintest.Store{},
		from: plugintest.Memory{Table: plugintest.Rows(plugintest.Kinds("t", record.Int64, record.String), 0, rows), Splits: 4},
		text: `{"job":{"content":[{"reader":{"name":"memoryreader","parameter":{}},"writer":{"name":"memorywriter","parameter":{}}}],"setting":{"speed":{"channel":2}}}}`}
	registry, err := plugin.NewRegistry(
		[]plugin.ReaderInfo{{Name: "memory", New: func(_ plugin.Env, d *config.Decoder) (plugin.Reader, error) {
			return &observedReader{MemoryReader: b.from.Reader(), b: b}, d.Decode(&struct {
				Table string `json:"table"`
			}{})
		}}},
		[]plugin.WriterInfo{{Name: "memory", New: func(_ plugin.Env, d *config.Decoder) (plugin.Writer, error) {
			w := b.to.Writer()
			if b.writers != nil {
				w = plugintest.FaultyWriter(w, b.writers)
			}
			return &observedWriter{Writer: w, b: b}, d.Decode(&struct{}{})
		}}})
	if err != nil {
		t.Fatal(err)
	}
	b.registry = registry
	return b
}

func (b *bench) note(call string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls = append(b.calls, call)
	if b.fail == call {
		return errclass.With(errclass.Permanent, errors.New(call+" is impossible"))
	}
	return nil
}

type observedReader struct {
	*plugintest.MemoryReader
	b *bench
}

func (r *observedReader) Splits(ctx context.Context, p plugin.Plan) ([]plugin.Split, error) {
	if p.Now == nil {
		if err := r.b.note("plan"); err != nil {
			return nil, err
		}
	}
	return r.MemoryReader.Splits(ctx, p)
}

func (r *observedReader) Open(ctx context.Context, from plugin.Progress) (plugin.Source, error) {
	s, err := r.MemoryReader.Open(ctx, from)
	if err != nil || r.b.readers == nil {
		return s, err
	}
	return &faultySource{Source: s, fault: r.b.readers}, nil
}

// faultySource fails as it is told; a fault may also wait for the end of ctx.
type faultySource struct {
	plugin.Source
	fault plugintest.Fault
	n     int
}

func (s *faultySource) Fill(ctx context.Context, b *record.Batch) error {
	s.n++
	if err := s.fault(plugintest.CallFill, s.n, false); err != nil {
		if errors.Is(err, errWait) {
			<-ctx.Done()
			return ctx.Err()
		}
		return err
	}
	return s.Source.Fill(ctx, b)
}

var errWait = errors.New("no more input for now")

type observedWriter struct {
	plugin.Writer
	b *bench
}

func (w *observedWriter) Probe(context.Context) error                   { return w.b.note("probe") }
func (w *observedWriter) Shape(context.Context, []*record.Schema) error { return w.b.note("shape") }
func (w *observedWriter) Before(context.Context) error {
	if w.b.before != nil {
		w.b.before()
	}
	return w.b.note("before")
}
func (w *observedWriter) After(context.Context) error { return w.b.note("after") }

func (b *bench) run(t *testing.T, stop context.Context) *launcher.Result {
	t.Helper()
	j, err := job.Parse([]byte(b.text), job.Options{File: "memory.json", ConfProp: b.confProp})
	if err != nil {
		t.Fatal(err)
	}
	r, err := launcher.New(j, launcher.Options{Registry: b.registry, StateDir: b.state, Resume: b.resume, Fresh: b.fresh, Metrics: b.metrics,
		Log: slog.New(slog.NewTextHandler(&b.log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return r.Run(t.Context(), stop)
}

func (b *bench) stored(t *testing.T) *checkpoint.Checkpoint {
	t.Helper()
	c, err := checkpoint.NewFileStore(b.state).Load(t.Context(), "memory-0")
	if err != nil || c == nil {
		t.Fatalf("the stored state: %v, %v", c, err)
	}
	return c
}

func (b *bench) want() [][]string {
	var all [][]string
	for i := range b.from.Table.Len() {
		all = append(all, plugintest.Cells(b.from.Table.Row(i)))
	}
	return all
}

func wantEnd(t *testing.T, r *launcher.Result, state string, code int) {
	t.Helper()
	if r.State != state || r.ExitCode != code {
		t.Fatalf("the job ended as %s with %d (%v), want %s with %d", r.State, r.ExitCode, r.Err, state, code)
	}
}

func TestFreshRun(t *testing.T) {
	b := newBench(t)
	for run := uint64(1); run <= 2; run++ {
		wantEnd(t, b.run(t, t.Context()), launcher.Finished, 0)
		if got := fmt.Sprint(b.calls); got != "[probe plan shape before after]" {
			t.Errorf("run %d: calls %s", run, got)
		}
		if c := b.stored(t); c.Run != run || !c.Finished || !c.AfterDone || c.Counters.Written != rows || len(c.Plan) != 4 {
			t.Errorf("run %d stored %+v", run, c)
		}
		if diff := plugintest.Same(b.want(), b.to.Rows()); diff != "" {
			t.Errorf("run %d: %s", run, diff)
		}
		b.calls, b.to = nil, &plugintest.Store{}
	}
}

// interrupted leaves a run behind that has written about half of its rows.
func (b *bench) interrupted(t *testing.T) {
	t.Helper()
	stop, cancel := context.WithCancel(t.Context())
	defer cancel()
	b.readers = func(_ plugintest.Call, n int, _ bool) error {
		if n < 2 {
			return nil
		}
		cancel()
		return errWait
	}
	r := b.run(t, stop)
	wantEnd(t, r, launcher.Interrupted, 130)
	var report bytes.Buffer
	if err := r.WriteText(&report); err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("snapshotWrite          |  %d\n", len(b.to.Rows())); !strings.Contains(report.String(), want) {
		t.Errorf("the report lacks %q:\n%s", want, &report)
	}
	b.readers = nil
	if n := len(b.to.Rows()); n == 0 || n == rows {
		t.Fatalf("the interrupted run has written %d rows of %d", n, rows)
	}
}

func TestResume(t *testing.T) {
	b := newBench(t)
	b.interrupted(t)
	plan := b.stored(t).Plan
	b.calls, b.resume = nil, true
	b.from.Splits = 3 // a plan made anew would differ
	r := b.run(t, t.Context())
	wantEnd(t, r, launcher.Finished, 0)
	if got := fmt.Sprint(b.calls); got != "[probe shape after]" {
		t.Errorf("calls of the resumed run: %s", got)
	}
	if diff := plugintest.Same(b.want(), b.to.Rows()); diff != "" {
		t.Error(diff)
	}
	c := b.stored(t)
	if len(c.Plan) != len(plan) || c.Counters.Read != rows || c.Counters.Written != rows {
		t.Errorf("stored at the end: %d splits, %+v", len(c.Plan), c.Counters)
	}
	var text bytes.Buffer
	if err := r.WriteJSON(&text); err != nil {
		t.Fatal(err)
	}
	var report struct {
		State        string
		Accumulators map[string]int64
		Plan         []plugin.Split
	}
	if err := json.Unmarshal(text.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	if report.State != "finished" || report.Accumulators["numRead"] != rows || report.Accumulators["numWrite"] != rows || len(report.Plan) != 4 {
		t.Errorf("report %s", &text)
	}
}

func TestWithoutResumeAFreshRunSaysWhatItLeaves(t *testing.T) {
	b := newBench(t)
	b.interrupted(t)
	b.to, b.calls = &plugintest.Store{}, nil
	wantEnd(t, b.run(t, t.Context()), launcher.Finished, 0)
	if !strings.Contains(b.log.String(), "-resume would go on with it") {
		t.Errorf("the log does not say that a run is left behind: %s", &b.log)
	}
	if diff := plugintest.Same(b.want(), b.to.Rows()); diff != "" {
		t.Error(diff)
	}
}

func TestAnotherJobIsNotResumed(t *testing.T) {
	b := newBench(t)
	b.interrupted(t)
	b.resume = true
	b.text = strings.Replace(b.text, `"parameter":{}`, `"parameter":{"table":"other"}`, 1)
	r := b.run(t, t.Context())
	wantEnd(t, r, launcher.Failed, 4)
	if !strings.Contains(r.Err.Error(), "-fresh") {
		t.Errorf("the error names no way on: %v", r.Err)
	}
	b.fresh, b.to = true, &plugintest.Store{}
	wantEnd(t, b.run(t, t.Context()), launcher.Finished, 0)
}

func TestFinishedRunOnlyCatchesUpItsLastHook(t *testing.T) {
	b := newBench(t)
	b.fail = "after"
	wantEnd(t, b.run(t, t.Context()), launcher.Failed, 1)
	if c := b.stored(t); !c.Finished || c.AfterDone {
		t.Fatalf("stored %+v", c)
	}
	b.fail, b.calls = "", nil
	wantEnd(t, b.run(t, t.Context()), launcher.Finished, 0)
	if got := fmt.Sprint(b.calls); got != "[probe after]" {
		t.Errorf("calls %s", got)
	}
	if n := len(b.to.Rows()); n != rows {
		t.Errorf("%d rows are written, want %d", n, rows)
	}
}

func TestAnotherJobDoesNotCatchUp(t *testing.T) {
	b := newBench(t)
	b.fail = "after"
	wantEnd(t, b.run(t, t.Context()), launcher.Failed, 1)
	b.fail, b.text = "", strings.Replace(b.text, `"parameter":{}`, `"parameter":{"table":"other"}`, 1)
	wantEnd(t, b.run(t, t.Context()), launcher.Failed, 4)
}

func TestFailedBeforeRunsAgain(t *testing.T) {
	b := newBench(t)
	b.fail = "before"
	wantEnd(t, b.run(t, t.Context()), launcher.Failed, 1)
	b.fail, b.calls, b.resume = "", nil, true
	wantEnd(t, b.run(t, t.Context()), launcher.Finished, 0)
	if got := fmt.Sprint(b.calls); got != "[probe shape before after]" {
		t.Errorf("calls %s", got)
	}
}

func TestTransientErrorsAreTriedAgain(t *testing.T) {
	b := newBench(t)
	b.writers = plugintest.FailAt(plugintest.CallWrite, 2, errclass.With(errclass.Transient, errors.New("connection reset")))
	r := b.run(t, t.Context())
	wantEnd(t, r, launcher.Finished, 0)
	if diff := plugintest.Same(b.want(), b.to.Rows()); diff != "" {
		t.Error(diff)
	}
}

// TestSetAside loses one of four splits for good: the others arrive, the report
// names it, and a resumed run brings the rest.
func TestSetAside(t *testing.T) {
	b := newBench(t)
	b.from.Apart = true
	var failed sync.Map
	b.readers = func(call plugintest.Call, n int, _ bool) error {
		if _, once := failed.LoadOrStore("one", true); !once {
			return errors.New("table t2 is gone")
		}
		return nil
	}
	r := b.run(t, t.Context())
	wantEnd(t, r, launcher.Partial, launcher.ExitSetAside)
	var text bytes.Buffer
	if err := r.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text.String(), "set aside: table t2 is gone\n") || !strings.Contains(r.Err.Error(), "1 of 4 splits") {
		t.Errorf("the end: %v\n%s", r.Err, &text)
	}
	if got := fmt.Sprint(b.calls); got != "[probe plan shape before]" {
		t.Errorf("calls of the first run: %s", got)
	}
	if n := len(b.to.Rows()); n >= rows || n < rows/2 {
		t.Errorf("%d rows of %d without one split", n, rows)
	}
	b.calls, b.resume = nil, true
	wantEnd(t, b.run(t, t.Context()), launcher.Finished, 0)
	if diff := plugintest.Same(b.want(), b.to.Rows()); diff != "" {
		t.Error(diff)
	}
	if got := fmt.Sprint(b.calls); got != "[probe shape after]" {
		t.Errorf("calls of the second run: %s", got)
	}
}

func TestDirtyLimit(t *testing.T) {
	bad := func(r record.Row) error {
		if string(r.AppendText(nil, 0)) == "7" {
			return errclass.BadValue("id", errclass.Constraint, "seven is not wanted")
		}
		return nil
	}
	b := newBench(t)
	b.to = &plugintest.Store{Refuse: bad, Whole: true}
	r := b.run(t, t.Context())
	wantEnd(t, r, launcher.Failed, 3)
	if slices.ContainsFunc(b.to.Rows(), func(cells []string) bool { return slices.Contains(cells, "int64 11") }) {
		t.Error("the batch that passes the limit was written: row 11 stands in it, beside row 7")
	}
	b = newBench(t)
	b.to = &plugintest.Store{Refuse: bad, Whole: true}
	b.text = strings.Replace(b.text, `"setting":{`, `"setting":{"errorLimit":{"record":1},"dirty":{"path":"`+filepath.ToSlash(b.state)+`/dirty.jsonl"},`, 1)
	wantEnd(t, b.run(t, t.Context()), launcher.Finished, 0)
	if c := b.stored(t).Counters; c.Read != rows || c.Written != rows-1 || c.Errors() != 1 {
		t.Errorf("counted %+v", c)
	}
}

func TestOneRunAtATime(t *testing.T) {
	b := newBench(t)
	unlock, err := checkpoint.NewFileStore(b.state).Lock(t.Context(), "memory-0")
	if err != nil {
		t.Fatal(err)
	}
	wantEnd(t, b.run(t, t.Context()), launcher.Failed, 4)
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	wantEnd(t, b.run(t, t.Context()), launcher.Finished, 0)
}

func TestPreviewWritesNothing(t *testing.T) {
	b := newBench(t)
	j, err := job.Parse([]byte(b.text), job.Options{File: "memory.json"})
	if err != nil {
		t.Fatal(err)
	}
	r, err := launcher.New(j, launcher.Options{Registry: b.registry, StateDir: b.state})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := r.Preview(t.Context(), launcher.PreviewOptions{Rows: 3}, &out); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(out.String(), "\n|"); got != 5 { // two lines of header and three rows
		t.Errorf("preview:\n%s", &out)
	}
	if len(b.to.Rows()) != 0 || slices.Contains(b.calls, "before") {
		t.Error("the preview has written")
	}
}

func TestUnknownPluginAndUnsupportedParts(t *testing.T) {
	b := newBench(t)
	text := strings.Replace(b.text, `"memoryreader"`, `"oraclereader"`, 1)
	text = strings.Replace(text, `"writer":`, `"transformer":{"transformSql":"select 1"},"writer":`, 1)
	j, err := job.Parse([]byte(text), job.Options{File: "memory.json"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = launcher.New(j, launcher.Options{Registry: b.registry})
	for _, want := range []string{"oracle", "memoryreader", "job.content[0].transformer"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
	if errclass.Of(err) != errclass.Config {
		t.Errorf("class %v", errclass.Of(err))
	}
}
