package metric_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/metric"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var quiet = slog.New(slog.DiscardHandler)

// shown is a job with something under each figure.
func shown(t *testing.T, name string) *metric.Job {
	m := job(t)
	m.SetText("startLocation", "7")
	return &metric.Job{Name: name, ID: "id-" + name, Reader: "mysqlreader", Writer: "kafkawriter", Meter: m,
		Tables: func() map[string]metric.TableCounts {
			return map[string]metric.TableCounts{"d.x": {Read: 5, Written: 4, Errors: 1}, "d.y": {Read: 1}}
		},
		Splits: func() (int, int) { return 1, 3 }, At: func() time.Time { return time.UnixMilli(1500) }, SinkFailures: func() int64 { return 2 }}
}

func get(t *testing.T, address, path string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

func serve(t *testing.T, h *metric.Hub, profiles bool) string {
	t.Helper()
	s, err := h.Serve("127.0.0.1:0", profiles, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s.Addr()
}

func TestPageOfTwoJobs(t *testing.T) {
	h := metric.NewHub("host1")
	for _, name := range []string{"a", "b"} {
		j := shown(t, name)
		j.Gauge("lagSeconds", func() float64 { return 1 }, "plugin", "mysqlreader")
		j.Gauge("lagSeconds", func() float64 { return 2.5 }, "plugin", "mysqlreader") // published anew
		j.Gauge("9 odd-name", func() float64 { return 3 }, "odd label", "v\xff")
		h.Add(j)
	}
	code, page := get(t, serve(t, h, false), "/metrics")
	if code != http.StatusOK {
		t.Fatalf("%d: %s", code, page)
	}
	for _, line := range []string{
		`datasync_numRead{job="a"} 12`, `datasync_numRead{job="b"} 12`, `datasync_nErrors{job="a"} 2`, `datasync_endLocation{job="a"} 42`, `datasync_startLocation{job="a"} 7`,
		`datasync_numReadPerSecond{job="a"} `, `datasync_stageSeconds{channel="0",job="a",stage="read"} 1.5`, `datasync_timeShare{job="a",stage="write"} 0.25`,
		`datasync_channel_numWrite{channel="0",job="a"} 10`,
		`datasync_table_numRead{job="a",table="d.x"} 5`, `datasync_table_numWrite{job="a",table="d.x"} 4`, `datasync_table_nErrors{job="b",table="d.x"} 1`, `datasync_table_numRead{job="a",table="d.y"} 1`,
		`datasync_splits{job="a"} 3`, `datasync_splitsDone{job="a"} 1`, `datasync_dirtySinkFailures{job="a"} 2`, `datasync_positionTimestampSeconds{job="a"} 1.5`,
		`datasync_state{job="a",state="starting"} 1`, `datasync_state{job="a",state="running"} 0`, `datasync_info{job="a",reader="mysqlreader",writer="kafkawriter"} 1`,
		`datasync_lagSeconds{job="b",plugin="mysqlreader"} 2.5`, `datasync__9_odd_name{job="b",odd_label="v?"} 3`,
		`flink_taskmanager_job_task_operator_flinkx_numRead{host="host1",job_id="id-a",job_name="a",subtask_index="0"} 12`,
		`flink_taskmanager_job_task_operator_chunjun_byteWrite{host="host1",job_id="id-b",job_name="b",subtask_index="0"} 1000`,
		`flink_taskmanager_job_task_operator_chunjun_numWritePerSecond{host="host1",`, `flink_taskmanager_job_task_operator_flinkx_endlocation{host="host1",job_id="id-a",job_name="a",subtask_index="0"} 42`,
		`flink_taskmanager_job_task_operator_chunjun_DirtyData_count{host="host1",job_id="id-a",job_name="a",subtask_index="0"} 2`,
		`flink_taskmanager_job_task_operator_chunjun_DirtyData_collectFailedCount{host="host1",job_id="id-a",job_name="a",subtask_index="0"} 2`, "go_goroutines ", "process_cpu_seconds_total ",
	} {
		if !strings.Contains(page, line) {
			t.Errorf("the page lacks %s", line)
		}
	}
}

// TestFiguresAreListed compares the page with the reference.
func TestFiguresAreListed(t *testing.T) {
	h := metric.NewHub("h")
	h.Add(shown(t, "a"))
	_, page := get(t, serve(t, h, false), "/metrics")
	var names []string
	for _, f := range slices.Concat(metric.Figures(), metric.PluginFigures()) {
		names = append(names, f.Name)
	}
	for _, f := range metric.Figures() {
		if want := "# TYPE " + f.Name + " " + f.Type + "\n"; !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	for line := range strings.Lines(page) {
		name, ok := strings.CutPrefix(line, "# TYPE datasync_")
		name, _, _ = strings.Cut(name, " ")
		if ok && !slices.Contains(names, "datasync_"+name) {
			t.Errorf("datasync_%s is not in the reference", name)
		}
	}
}

func TestStates(t *testing.T) {
	h := metric.NewHub("h")
	address := serve(t, h, false)
	want := func(code int, body string) {
		t.Helper()
		if got, text := get(t, address, "/readyz"); got != code || text != body {
			t.Errorf("got %d %q, want %d %q", got, text, code, body)
		}
	}
	want(503, "no job has begun\n")
	a, b := shown(t, "a"), shown(t, "b")
	h.Add(a)
	h.Add(b)
	want(503, "a starting\nb starting\n")
	a.Begun()
	want(503, "a running\nb starting\n")
	b.Begun()
	want(200, "a running\nb running\n")
	b.Trouble(1)
	b.Trouble(1)
	b.Trouble(-1)
	want(503, "a running\nb failing\n")
	b.Trouble(-1)
	a.End(true)
	want(200, "a ended\nb running\n")
	b.End(false)
	want(503, "a ended\nb failed\n")
	again, other := shown(t, "a"), shown(t, "a")
	h.Add(again)
	h.Add(other) // the first still runs
	other.End(true)
	again.Begun()
	want(503, "a running\nb failed\n")
	if code, text := get(t, address, "/healthz"); code != 200 || text != "ok\n" {
		t.Errorf("got %d %q", code, text)
	}
}

// TestFiguresOfPluginsEnd ends what plugins have published and leaves the rest.
func TestFiguresOfPluginsEnd(t *testing.T) {
	h := metric.NewHub("h")
	j := shown(t, "a")
	h.Add(j)
	closed := false
	j.Gauge("lagSeconds", func() float64 {
		if closed {
			t.Error("read after the end")
		}
		return 1
	}, "plugin", "p")
	address := serve(t, h, false)
	if _, page := get(t, address, "/metrics"); !strings.Contains(page, "datasync_lagSeconds{") {
		t.Error("the figure is missing")
	}
	j.Release()
	closed = true
	j.Gauge("late", func() float64 { t.Error("a late figure is read"); return 0 })
	if _, page := get(t, address, "/metrics"); strings.Contains(page, "datasync_lagSeconds{") || !strings.Contains(page, `datasync_numRead{job="a"} 12`) {
		t.Error("the figure is still there, or the others are gone")
	}
}

func TestProfilesOnlyWhenAsked(t *testing.T) {
	h := metric.NewHub("h")
	if code, _ := get(t, serve(t, h, false), "/debug/pprof/"); code != http.StatusNotFound {
		t.Errorf("profiles without being asked: %d", code)
	}
	address := serve(t, h, true)
	if code, text := get(t, address, "/debug/pprof/goroutine?debug=1"); code != http.StatusOK || !strings.Contains(text, "goroutine profile") {
		t.Errorf("%d %s", code, text)
	}
	if code, _ := get(t, address, "/debug/pprof/cmdline"); code != http.StatusForbidden {
		t.Errorf("the command line is shown: %d", code)
	}
}

func TestAddressInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	h := metric.NewHub("h")
	for _, tt := range []struct{ address, want string }{
		{l.Addr().String(), "-metrics " + l.Addr().String() + ": another process has this port: choose another one, or 0 for one that is free"},
		{"127.0.0.1:port", "expected an address to listen on, such as :9100 or 127.0.0.1:9100"},
	} {
		_, err := h.Serve(tt.address, false, quiet)
		if errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.address, err, tt.want)
		}
	}
}

// BenchmarkPage is what one question of Prometheus costs, with ten jobs of eight
// channels and a hundred tables each.
func BenchmarkPage(b *testing.B) {
	h := metric.NewHub("h")
	for i := range 10 {
		tables := map[string]metric.TableCounts{}
		for n := range 100 {
			tables[fmt.Sprintf("shop.t%d", n)] = metric.TableCounts{Read: int64(n)}
		}
		h.Add(&metric.Job{Name: fmt.Sprintf("job-%d", i), Meter: metric.New(8, time.Now), Tables: func() map[string]metric.TableCounts { return tables }})
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(h)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := registry.Gather(); err != nil {
			b.Fatal(err)
		}
	}
}
