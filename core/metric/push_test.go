package metric_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/metric"
)

// gateway is a Pushgateway that notes what it is sent and fails while it is broken.
type gateway struct {
	mu             sync.Mutex
	broken         bool
	calls          []string
	last           string
	user, password string
	news           chan struct{}
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	g.mu.Lock()
	g.calls = append(g.calls, r.Method+" "+r.URL.Path)
	g.user, g.password, _ = r.BasicAuth()
	g.last = string(body)
	broken := g.broken
	g.mu.Unlock()
	if broken {
		http.Error(w, "no", http.StatusInternalServerError)
	} else if r.Method == http.MethodDelete {
		w.WriteHeader(http.StatusAccepted)
	}
	g.news <- struct{}{}
}

func (g *gateway) set(broken bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.broken = broken
}

func newGateway(t *testing.T) (*gateway, string) {
	g := &gateway{news: make(chan struct{}, 1000)}
	s := httptest.NewServer(g)
	t.Cleanup(s.Close)
	return g, s.URL
}

func settings(url string, out *bytes.Buffer) metric.PushSettings {
	return metric.PushSettings{URL: url, Group: "nightly", Labels: map[string]string{"zone": "eu"}, Interval: time.Millisecond,
		Log: slog.New(slog.NewTextHandler(out, nil))}
}

func TestPush(t *testing.T) {
	for _, remove := range []bool{false, true} {
		g, url := newGateway(t)
		var out bytes.Buffer
		s := settings(url, &out)
		s.Delete = remove
		p := metric.Push(shown(t, "a"), "host1", s)
		for range 3 {
			<-g.news
		}
		p.Close()
		want := "PUT /metrics/job/nightly/zone/eu"
		if g.calls[0] != want {
			t.Errorf("got %s, want %s", g.calls[0], want)
		}
		if remove {
			want = "DELETE /metrics/job/nightly/zone/eu"
		}
		if got := g.calls[len(g.calls)-1]; got != want {
			t.Errorf("the last call is %s, want %s", got, want)
		}
		if !remove && (!strings.Contains(g.last, "datasync_numRead") || !strings.Contains(g.last, "flink_taskmanager_job_task_operator_chunjun_numRead")) {
			t.Errorf("pushed %q", g.last)
		}
		if out.Len() > 0 {
			t.Errorf("logged %s", &out)
		}
	}
}

func TestPushSuffix(t *testing.T) {
	g, url := newGateway(t)
	s := settings(url, &bytes.Buffer{})
	s.Suffix = true
	for range 2 {
		metric.Push(shown(t, "a"), "h", s).Close()
	}
	first, last := g.calls[0], g.calls[len(g.calls)-1]
	if first == last || !strings.HasPrefix(first, "PUT /metrics/job/nightly") {
		t.Errorf("got %s and %s", first, last)
	}
}

// TestGatewayGoesAway logs that once, and once that it is back.
func TestGatewayGoesAway(t *testing.T) {
	g, url := newGateway(t)
	g.set(true)
	var out bytes.Buffer
	p := metric.Push(shown(t, "a"), "h", settings(strings.Replace(url, "://", "://user:hush@", 1), &out))
	for range 5 {
		<-g.news
	}
	g.set(false)
	for range 5 {
		<-g.news
	}
	p.Close()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], "the Pushgateway does not take them, the job goes on") || !strings.Contains(lines[1], "takes figures again") {
		t.Errorf("logged %s", &out)
	}
	if g.user != "user" || g.password != "hush" {
		t.Errorf("signed in as %q with %q", g.user, g.password)
	}
	if strings.Contains(out.String(), "hush") {
		t.Errorf("the password is shown: %s", &out)
	}
}

func TestNoGateway(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	url := s.URL
	s.Close()
	var out bytes.Buffer
	metric.Push(shown(t, "a"), "h", settings(url, &out)).Close()
	if strings.Count(out.String(), "level=WARN") != 1 || !strings.Contains(out.String(), fmt.Sprintf("gateway=%s", url)) {
		t.Errorf("logged %s", &out)
	}
}
