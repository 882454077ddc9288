package binlog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/plugin"
)

var (
	_ plugin.Splitter = (*reader)(nil)
	_ plugin.Resumer  = (*reader)(nil)
	_ plugin.Relister = (*reader)(nil)
	_ plugin.Signaler = (*reader)(nil)
	_ plugin.Prober   = (*reader)(nil)
)

// Info describes the plugin.
func Info() plugin.ReaderInfo {
	return plugin.ReaderInfo{
		Name:    "binlog",
		Doc:     "Follows the binary log of MySQL or MariaDB: every change, in order, once.",
		Config:  func() any { return defaults() },
		Signals: signals(),
		New: func(env plugin.Env, d *config.Decoder) (plugin.Reader, error) {
			cfg := defaults()
			if err := d.Decode(cfg); err != nil {
				return nil, err
			}
			return New(env, cfg)
		},
	}
}

// reader is one job's reader.
type reader struct {
	config    *Config
	log       *slog.Logger
	settings  *mysqlkit.Settings
	selection *selection
	ops       ops
	meta      []string
	uuid      string
	gauges    gauges
	heartbeat time.Duration // of an idle server
	asking    asking
	signals   handover.Signals
	recopies  atomic.Bool // the next plan copies the tables, since a position was lost
	paused    func()      // of tests: see pause
	chunk     int         // rows that are copied at once beside the log; 0: as usual
}

// New returns a reader; it dials nothing. cfg has been validated.
func New(env plugin.Env, cfg *Config) (plugin.Reader, error) {
	r := &reader{config: cfg, log: env.Log, meta: env.Meta, uuid: newUUID(), heartbeat: heartbeatPeriod}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if r.settings, _, err = cfg.settings(); err != nil {
		return nil, errclass.With(errclass.Config, err)
	}
	if r.selection, err = cfg.selection(r.settings.Database); err != nil {
		return nil, errclass.With(errclass.Config, err)
	}
	if r.ops, err = cfg.ops(); err != nil {
		return nil, errclass.With(errclass.Config, err)
	}
	r.gauges.Publish(env.Gauge, "oldestFile")
	if env.Gauge != nil {
		env.Gauge("resnapshotRows", r.signals.Rows)
	}
	return r, nil
}

func newUUID() string { return uuid.NewString() }

// serverID returns the number that a connection registers under.
func (r *reader) serverID() uint32 {
	if r.config.SlaveID != 0 {
		return r.config.SlaveID
	}
	return 1<<30 + rand.Uint32N(1<<31) // away from those that people choose
}

// Splits plans one split, the log, that never ends; before it, where rows are
// copied, their chunks.
func (r *reader) Splits(ctx context.Context, p plugin.Plan) ([]plugin.Split, error) {
	if p.Now != nil {
		splits, err := r.after(p.Now)
		for i := range splits {
			splits[i].Apart = !r.selection.single()
		}
		return splits, err
	}
	spec, err := r.start(ctx)
	if err != nil {
		return nil, fmt.Errorf("finding where to begin: %w", err)
	}
	if mode := r.mode(); mode == modeInitial || mode == modeInitialOnly {
		return r.chunks(ctx, spec, p.Channels)
	}
	s, err := spec.split()
	s.Apart = !r.selection.single()
	return []plugin.Split{s}, err
}

// Resume takes stored positions as they are; whether the server still has them
// is found when they are opened. Where rows are still to be copied though the
// log has been read, the log is left and taken up again after them. Tables that
// came to the list are copied beside the log.
func (r *reader) Resume(ctx context.Context, _ int, stored []plugin.Progress) ([]plugin.Progress, error) {
	stored, err := r.plan().Resume(stored, func(stored []plugin.Progress) ([]plugin.Progress, error) { return r.relist(ctx, stored) })
	if err != nil {
		return nil, r.anew(err, false)
	}
	return stored, nil
}

// Open begins to read a chunk, or the log at a position.
func (r *reader) Open(ctx context.Context, from plugin.Progress) (plugin.Source, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if isLog(from.Split) {
		return r.openLog(ctx, from)
	}
	c, err := parseChunk(from.Split)
	if err == nil {
		var s plugin.Source
		if s, err = handover.Open(ctx, &views{reader: r}, c.Chunk, from); err == nil {
			return s, nil
		}
	}
	return nil, r.anew(err, false)
}

func (r *reader) openLog(ctx context.Context, from plugin.Progress) (plugin.Source, error) {
	spec, err := parseLogSpec(from.Split)
	if err != nil {
		return nil, r.anew(err, false)
	}
	if spec.Ends {
		return &handover.Ended{At: from.Position}, nil
	}
	unread := spec.Anew && from.Position == nil
	at, state := spec.Start, from.State
	if from.Position != nil {
		if at, err = decodePosition(from.Position); err != nil {
			return nil, r.anew(err, false)
		}
	}
	if state == nil {
		state = spec.History
	}
	s, err := r.openAny(ctx, at, state)
	if err != nil {
		return nil, r.anew(err, unread)
	}
	s.recopied = unread
	if err := errors.Join(s.leaveOut(spec.Copied), s.besides(spec, state)); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if spec.Create && from.Position == nil {
		s.describeAll()
	}
	return s, nil
}

// openAny opens the log of the first server that can go on from a place. Where
// none can, an error that may pass counts more than one that will not.
func (r *reader) openAny(ctx context.Context, at *Position, state []byte) (*source, error) {
	var first error
	for _, host := range r.settings.Hosts {
		settings := *r.settings
		settings.Hosts = []string{host}
		srv, err := connect(ctx, &settings)
		if err == nil {
			var s *source
			if s, err = r.open(ctx, srv, at, state); err == nil {
				return s, nil
			}
			err = errors.Join(err, srv.close())
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if first == nil || errclass.Of(err) == errclass.Transient && errclass.Of(first) != errclass.Transient {
			first = err
		}
	}
	return nil, first
}

// Close ends the connection for questions.
func (r *reader) Close() error { return r.asking.close() }
