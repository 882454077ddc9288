package main

import (
	"log/slog"

	"github.com/urfave/cli/v2"

	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/launcher"
)

// metricsFlags say where the jobs of a call are shown.
func metricsFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "metrics", Category: groupRun, Usage: "serve figures for Prometheus, /healthz and /readyz on this `ADDRESS`, such as :9100"},
		&cli.BoolFlag{Name: "pprof", Category: groupRun, Usage: "with -metrics, serve profiles under /debug/pprof/ as well"},
	}
}

// serve begins to show the jobs of this call where -metrics says; the function
// it returns ends that.
func (p *process) serve(o *options) (end func(), err error) {
	switch {
	case o.metrics == "" && o.pprof:
		return nil, usagef("-pprof: profiles are served beside the figures; add -metrics :9100")
	case o.metrics == "":
		return func() {}, nil
	}
	log, closeLog, err := o.openLog(p.out, &job.Job{}, p.secrets)
	if err != nil {
		return nil, err
	}
	p.metrics = launcher.NewMetrics()
	server, err := p.metrics.Serve(o.metrics, o.pprof, log)
	if err != nil {
		_ = closeLog() // nothing is in it
		return nil, err
	}
	log.Info("serving figures", "address", server.Addr(), "profiles", o.pprof)
	return func() { endServing(server, log, closeLog) }, nil
}

func endServing(server *launcher.MetricsServer, log *slog.Logger, closeLog func() error) {
	if err := server.Close(); err != nil {
		log.Warn("ending to serve figures", "error", err)
	}
	if err := closeLog(); err != nil {
		log.Warn("closing the log", "error", err)
	}
}
