package launcher_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/launcher"
)

// page is what one address shows of a process's jobs.
type page struct {
	t    *testing.T
	addr string
}

func showing(t *testing.T, b *bench) page {
	t.Helper()
	if b.metrics == nil {
		b.metrics = launcher.NewMetrics()
	}
	s, err := b.metrics.Serve("127.0.0.1:0", false, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return page{t, s.Addr()}
}

func (p page) get(path string) (int, string) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.addr+path, nil)
	if err != nil {
		p.t.Error(err)
		return 0, ""
	}
	answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		p.t.Error(err)
		return 0, ""
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		p.t.Error(err)
	}
	return answer.StatusCode, string(body)
}

func (p page) wants(when string, lines ...string) {
	p.t.Helper()
	_, text := p.get("/metrics")
	for _, line := range lines {
		if !strings.Contains(text, "\n"+line) {
			p.t.Errorf("%s: the page lacks %s", when, line)
		}
	}
}

// TestFiguresSurviveAResume counts over two runs in two processes.
func TestFiguresSurviveAResume(t *testing.T) {
	b := newBench(t)
	b.text = strings.Replace(b.text, `"setting":{`, `"setting":{"errorLimit":{},`, 1)
	b.to.Refuse = every(7)
	b.interrupted(t)
	c := b.stored(t)
	if c.Tables["t"].Written != c.Counters.Written || c.Tables["t"].Errors != c.Counters.Errors() || c.Counters.Errors() == 0 {
		t.Errorf("stored %+v by table and %+v in all", c.Tables, c.Counters)
	}
	b.resume = true
	p := showing(t, b)
	wantEnd(t, b.run(t, t.Context()), launcher.Finished, 0)
	bad := rows/7 + 1
	p.wants("at the end", fmt.Sprintf("datasync_numRead{job=\"memory-0\"} %d", rows), fmt.Sprintf("datasync_numWrite{job=\"memory-0\"} %d", rows-bad),
		fmt.Sprintf("datasync_nErrors{job=\"memory-0\"} %d", bad), fmt.Sprintf("datasync_table_numRead{job=\"memory-0\",table=\"t\"} %d", rows),
		fmt.Sprintf("datasync_table_numWrite{job=\"memory-0\",table=\"t\"} %d", rows-bad), fmt.Sprintf("datasync_table_nErrors{job=\"memory-0\",table=\"t\"} %d", bad),
		`datasync_splitsDone{job="memory-0"} 4`, `datasync_state{job="memory-0",state="ended"} 1`, `datasync_checkpointTimestampSeconds{job="memory-0"} `,
		`datasync_channel_numRead{channel="1",job="memory-0"} `, `datasync_info{job="memory-0",reader="memoryreader",writer="memorywriter"} 1`)
}

// TestRetriedRowsCountOnce takes back, by table too, what is read again.
func TestRetriedRowsCountOnce(t *testing.T) {
	b := newBench(t)
	var once sync.Once
	b.readers = func(_ plugintest.Call, n int, _ bool) (err error) {
		if n == 2 {
			once.Do(func() { err = errclass.With(errclass.Transient, fmt.Errorf("reset")) })
		}
		return err
	}
	p := showing(t, b)
	wantEnd(t, b.run(t, t.Context()), launcher.Finished, 0)
	p.wants("at the end", fmt.Sprintf("datasync_numRead{job=\"memory-0\"} %d", rows), fmt.Sprintf("datasync_table_numRead{job=\"memory-0\",table=\"t\"} %d", rows),
		fmt.Sprintf("datasync_table_numWrite{job=\"memory-0\",table=\"t\"} %d", rows))
}

// TestPluginsPublish shows what a plugin publishes while its job runs.
func TestPluginsPublish(t *testing.T) {
	b := newBench(t)
	reader, err := b.registry.Reader("memory")
	if err != nil {
		t.Fatal(err)
	}
	writer, err := b.registry.Writer("memory")
	if err != nil {
		t.Fatal(err)
	}
	publishing := *reader
	publishing.New = func(env plugin.Env, d *config.Decoder) (plugin.Reader, error) {
		env.Gauge("lagSeconds", func() float64 { return 42 }, "partition", "3")
		return reader.New(env, d)
	}
	if b.registry, err = plugin.NewRegistry([]plugin.ReaderInfo{publishing}, []plugin.WriterInfo{*writer}); err != nil {
		t.Fatal(err)
	}
	p := showing(t, b)
	const line = `datasync_lagSeconds{job="memory-0",partition="3",plugin="memoryreader"} 42`
	var once sync.Once
	b.writers = func(plugintest.Call, int, bool) error {
		once.Do(func() { p.wants("amid the run", line, `datasync_state{job="memory-0",state="running"} 1`) })
		return nil
	}
	wantEnd(t, b.run(t, t.Context()), launcher.Finished, 0)
	if _, text := p.get("/metrics"); strings.Contains(text, "datasync_lagSeconds{") {
		t.Error("the figure of a reader that is closed is still there")
	}
}

// TestReady says no before the first row can move and while an error is being
// tried again.
func TestReady(t *testing.T) {
	b := newBench(t)
	p := showing(t, b)
	b.text = strings.Replace(b.text, `"channel":2`, `"channel":1`, 1)
	want := func(when string, code int, text string) {
		t.Helper()
		if got, body := p.get("/readyz"); got != code || body != text {
			t.Errorf("%s: %d %q, want %d %q", when, got, body, code, text)
		}
	}
	b.before = func() { want("before the first row", 503, "memory-0 starting\n") }
	writes := 0
	b.writers = func(call plugintest.Call, _ int, after bool) error {
		if call != plugintest.CallWrite || after {
			return nil
		}
		switch writes++; writes {
		case 1:
			want("at the first row", 200, "memory-0 running\n")
			return errclass.With(errclass.Transient, fmt.Errorf("reset"))
		case 2:
			want("when it is tried again", 503, "memory-0 failing\n")
		case 3:
			want("when that has worked", 200, "memory-0 running\n")
		}
		return nil
	}
	wantEnd(t, b.run(t, t.Context()), launcher.Finished, 0)
	want("at the end", 200, "memory-0 ended\n")
	b.before, b.fail = nil, "probe"
	wantEnd(t, b.run(t, t.Context()), launcher.Failed, 1)
	want("after a failure", 503, "memory-0 failed\n")
}

// TestPushingJob pushes to a gateway, and is not hurt by one that is not there.
func TestPushingJob(t *testing.T) {
	var mu sync.Mutex
	var calls []string
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		calls = append(calls, r.Method+" "+r.URL.Path)
	}))
	b := newBench(t)
	b.text = strings.Replace(b.text, `"setting":{`, `"setting":{"metricPluginConf":{"pluginName":"prometheus","pluginProp":{"hostUrl":"`+gateway.URL+`","deleteOnShutdown":false,"groupingKey":"team=etl"}},`, 1)
	wantEnd(t, b.run(t, t.Context()), launcher.Finished, 0)
	gateway.Close()
	if len(calls) < 1 || calls[len(calls)-1] != "PUT /metrics/job/memory-0/team/etl" {
		t.Errorf("calls %v", calls)
	}
	b.to = &plugintest.Store{}
	b.log = bytes.Buffer{}
	wantEnd(t, b.run(t, t.Context()), launcher.Finished, 0)
	if n := strings.Count(b.log.String(), "the Pushgateway does not take them, the job goes on"); n != 1 {
		t.Errorf("said %d times:\n%s", n, &b.log)
	}
}
