package metric

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/pprof"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/datasync-io/datasync/core/errclass"
)

// Server answers on one address, for all jobs of a process:
//
//	/metrics      figures, for Prometheus
//	/healthz      200 while the process lives
//	/readyz       200 while every job has begun and none is failing, else 503
//	/debug/pprof  profiles, if asked for
type Server struct {
	http *http.Server
	addr net.Addr
	done chan struct{}
}

const (
	headerTimeout = 10 * time.Second
	closeTimeout  = 2 * time.Second
)

// Serve begins to answer on an address such as :9100, a port alone included.
// The error, of class Config, says what is wrong with the address.
func (h *Hub) Serve(address string, profiles bool, log *slog.Logger) (*Server, error) {
	if address != "" && strings.Trim(address, "0123456789") == "" {
		address = ":" + address
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, errclass.With(errclass.Config, fmt.Errorf("-metrics %s: %w", address, listenError(err)))
	}
	s := &Server{addr: listener.Addr(), done: make(chan struct{}),
		http: &http.Server{Handler: h.handler(profiles, log), ReadHeaderTimeout: headerTimeout, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}}
	go func() {
		defer close(s.done)
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Warn("figures are no longer served, the job goes on", "address", s.addr.String(), "error", err)
		}
	}()
	return s, nil
}

func listenError(err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return errors.New("another process has this port: choose another one, or 0 for one that is free")
	case errors.Is(err, syscall.EACCES):
		return errors.New("this port needs privileges: choose one above 1023")
	}
	return fmt.Errorf("expected an address to listen on, such as :9100 or 127.0.0.1:9100: %w", err)
}

// Addr is the address that the server answers on.
func (s *Server) Addr() string { return s.addr.String() }

// Close answers what has been asked and ends.
func (s *Server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if err != nil { // somebody takes a long profile
		err = s.http.Close()
	}
	<-s.done
	return err
}

func (h *Hub) handler(profiles bool, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(h.registry, promhttp.HandlerOpts{
		ErrorHandling: promhttp.ContinueOnError, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", h.ready)
	if profiles {
		mux.HandleFunc("/debug/pprof/", pprof.Index)
		mux.HandleFunc("/debug/pprof/cmdline", noCommandLine)
		mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	}
	return mux
}

// noCommandLine refuses what may hold passwords: -p and -confProp.
func noCommandLine(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "the command line is not shown: it may hold passwords", http.StatusForbidden)
}

// ready answers with a line for each job.
func (h *Hub) ready(w http.ResponseWriter, _ *http.Request) {
	all := h.states()
	code := http.StatusOK
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(all)) {
		state := all[name]
		if state != Running && state != Ended {
			code = http.StatusServiceUnavailable
		}
		fmt.Fprintf(&text, "%s %s\n", name, state)
	}
	if len(all) == 0 {
		code = http.StatusServiceUnavailable
		text.WriteString("no job has begun\n")
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	fmt.Fprint(w, text.String())
}
