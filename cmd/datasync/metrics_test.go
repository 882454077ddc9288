package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/datasync-io/datasync/launcher"
)

// watched is what a process writes, read while it runs.
type watched struct {
	mu   sync.Mutex
	text bytes.Buffer
	news chan struct{} // holds one element after a write
}

func newWatched() *watched { return &watched{news: make(chan struct{}, 1)} }

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case w.news <- struct{}{}:
	default:
	}
	return w.text.Write(p)
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

// await waits for a match and returns its first group.
func (w *watched) await(t *testing.T, expression string) string {
	t.Helper()
	re := regexp.MustCompile(expression)
	over := time.After(patience)
	for {
		if m := re.FindStringSubmatch(w.String()); m != nil {
			return m[1]
		}
		select {
		case <-w.news:
		case <-over:
			t.Fatalf("no match of %s in:\n%s", expression, w)
		}
	}
}

// endlessJob writes the file of a job that never ends.
func endlessJob(t *testing.T, dir, name string) string {
	t.Helper()
	file := filepath.Join(dir, name+".json")
	const text = `{"job":{"content":[{"reader":{"name":"streamreader","parameter":{"column":["id"],"sliceRecordCount":[0],"permitsPerSecond":1000}},
		"writer":{"name":"streamwriter","parameter":{"print":false}}}]}}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func fetch(t *testing.T, url string) (int, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
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

// TestTwoJobsOnOneAddress runs two endless jobs in one process: one address
// shows both, and answers no longer when they have ended.
func TestTwoJobsOnOneAddress(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	dir := t.TempDir()
	out, signals := newWatched(), make(chan os.Signal, 2)
	p := &process{stdin: strings.NewReader(""), stdout: io.Discard, stderr: out, env: func(string) (string, bool) { return "", false }, signals: signals,
		args: []string{"run", "-parallel", "2", "-metrics", "127.0.0.1:0", "-pprof", "-report", "none", "-state-dir", dir, endlessJob(t, dir, "one"), endlessJob(t, dir, "two")}}
	code := make(chan int, 1)
	go func() { code <- p.run() }()
	base := "http://" + out.await(t, `msg="serving figures" address=(\S+) profiles=true`)
	ready := time.NewTicker(10 * time.Millisecond)
	defer ready.Stop()
	for {
		if status, text := fetch(t, base+"/readyz"); status == http.StatusOK && text == "one-0 running\ntwo-0 running\n" {
			break
		}
		<-ready.C
	}
	for _, want := range []string{`datasync_numRead{job="one-0"} `, `datasync_numRead{job="two-0"} `, `flink_taskmanager_job_task_operator_chunjun_numWrite{host=`} {
		if _, page := fetch(t, base+"/metrics"); !strings.Contains(page, "\n"+want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if status, _ := fetch(t, base+"/debug/pprof/"); status != http.StatusOK {
		t.Errorf("profiles: %d", status)
	}
	signals <- syscall.SIGTERM
	if got := <-code; got != launcher.ExitOK {
		t.Errorf("exit code %d:\n%s", got, out)
	}
	if c, err := net.Dial("tcp", strings.TrimPrefix(base, "http://")); err == nil {
		_ = c.Close()
		t.Error("the address still answers")
	}
}

// TestMetricsFlags refuses an address that is taken, before any job runs.
func TestMetricsFlags(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"-metrics", l.Addr().String()}, "-metrics " + l.Addr().String() + ": another process has this port: choose another one, or 0 for one that is free"},
		{[]string{"-metrics", "nowhere"}, "-metrics nowhere: expected an address to listen on, such as :9100"},
		{[]string{"-pprof"}, "-pprof: profiles are served beside the figures; add -metrics :9100"},
	} {
		dir, out := t.TempDir(), newWatched()
		p := &process{stdin: strings.NewReader(""), stdout: io.Discard, stderr: out, env: func(string) (string, bool) { return "", false }, signals: make(chan os.Signal),
			args: append(tt.args, "-state-dir", dir, endlessJob(t, dir, "one"))}
		if code := p.run(); code != launcher.ExitConfig || !strings.Contains(out.String(), "datasync: "+tt.want) {
			t.Errorf("%v: exit code %d, want %s:\n%s", tt.args, code, tt.want, out)
		}
	}
}
