package metric

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/push"
)

// PushSettings say where a job's figures are pushed, and how often.
type PushSettings struct {
	URL      string // of a Prometheus Pushgateway
	Group    string // the group's label job
	Suffix   bool   // append a random text to Group
	Labels   map[string]string
	Interval time.Duration
	Delete   bool // the group, at the end
	Log      *slog.Logger
}

// pushTimeout bounds one push: a job does not end later than that for it.
const pushTimeout = 5 * time.Second

// Pusher pushes a job's figures to a Pushgateway until it is closed. A gateway
// that cannot be reached is logged, once, and tried again.
type Pusher struct {
	s       PushSettings
	gateway *push.Pusher
	cancel  context.CancelFunc
	done    chan struct{}
	down    bool // the gateway could not be reached the last time
}

// Push begins to push, at once and then every interval, in a goroutine that
// Close awaits.
func Push(j *Job, host string, s PushSettings) *Pusher {
	if s.Suffix {
		s.Group += rand.Text()
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(newCollector(j, host, nil)) // the group's own labels name the job
	var user *url.Userinfo
	if u, err := url.Parse(s.URL); err == nil && u.User != nil { // errors name the address
		user, u.User = u.User, nil
		s.URL = u.String()
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := &Pusher{s: s, cancel: cancel, done: make(chan struct{}),
		gateway: push.New(s.URL, s.Group).Gatherer(registry).Client(&http.Client{Timeout: pushTimeout, Transport: &http.Transport{DisableKeepAlives: true, Proxy: http.ProxyFromEnvironment}})}
	if user != nil {
		password, _ := user.Password()
		p.gateway.BasicAuth(user.Username(), password)
	}
	for name, value := range s.Labels {
		p.gateway.Grouping(name, value)
	}
	go p.run(ctx)
	return p
}

func (p *Pusher) run(ctx context.Context) {
	defer close(p.done)
	tick := time.NewTicker(p.s.Interval)
	defer tick.Stop()
	for {
		p.try(ctx, "pushing figures", p.gateway.PushContext)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Close pushes the last figures, or removes the group, and ends.
func (p *Pusher) Close() {
	p.cancel()
	<-p.done
	ctx, cancel := context.WithTimeout(context.Background(), pushTimeout)
	defer cancel()
	if p.s.Delete {
		p.try(ctx, "removing the figures", func(context.Context) error { return p.gateway.Delete() })
		return
	}
	p.try(ctx, "pushing figures", p.gateway.PushContext)
}

// try logs a failure and what follows from it: nothing, for the job.
func (p *Pusher) try(ctx context.Context, what string, do func(context.Context) error) {
	err := do(ctx)
	switch {
	case err != nil && ctx.Err() == nil && !p.down:
		p.down = true
		p.s.Log.Warn(what+": the Pushgateway does not take them, the job goes on", "gateway", p.s.URL, "error", err)
	case err == nil && p.down:
		p.down = false
		p.s.Log.Info("the Pushgateway takes figures again", "gateway", p.s.URL)
	}
}
