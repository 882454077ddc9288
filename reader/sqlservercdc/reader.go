package sqlservercdc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// Info describes the plugin.
func Info() plugin.ReaderInfo {
	return plugin.ReaderInfo{
		Name:   "sqlservercdc",
		Doc:    "Follows the changes of SQL Server's tables that change data capture has: every change, in order, once.",
		Config: func() any { return defaults() },
		New: func(env plugin.Env, d *config.Decoder) (plugin.Reader, error) {
			c := defaults()
			if err := d.Decode(c); err != nil {
				return nil, err
			}
			return newReader(env, c)
		},
		Signals: signals(),
	}
}

// reader is one job's reader.
type reader struct {
	config   *Config
	log      *slog.Logger
	settings *mssqlkit.Settings
	meta     []string
	gauges   gauges

	asking   asking
	signals  handover.Signals
	told     sync.Once     // that no view stands still
	patience time.Duration // with a capture job that does not go on, between two warnings
	// How much of a piece, and of the changes around a view, is held in memory.
	pieceBytes, windowBytes int
	chunk                   int         // rows that are read at a time beside the changes
	recopies                atomic.Bool // the next plan copies the tables, since a position was lost
	paused                  func()      // of tests: see pause
}

var (
	_ plugin.Reader   = (*reader)(nil)
	_ plugin.Splitter = (*reader)(nil)
	_ plugin.Resumer  = (*reader)(nil)
	_ plugin.Prober   = (*reader)(nil)
)

// newReader dials nothing. c has been validated.
func newReader(env plugin.Env, c *Config) (*reader, error) {
	r := &reader{config: c, log: env.Log, meta: env.Meta, patience: stalled, pieceBytes: pieceBytes, windowBytes: windowBytes, chunk: besideRows}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if r.settings, _, err = c.settings(); err != nil {
		return nil, errclass.With(errclass.Config, err)
	}
	r.gauges.publish(env.Gauge)
	if env.Gauge != nil {
		env.Gauge("resnapshotRows", r.signals.Rows)
	}
	return r, nil
}

// Close implements [plugin.Reader].
func (r *reader) Close() error { return r.asking.close() }

// pause lets a test change tables before and after a view is opened.
func (r *reader) pause() {
	if r.paused != nil {
		r.paused()
	}
}

// with runs f with a session of its own.
func (r *reader) with(ctx context.Context, f func(*server) error) error {
	s, err := dial(ctx, r.settings)
	if err != nil {
		return err
	}
	return errors.Join(f(s), s.Close())
}

// Splits implements [plugin.Splitter]: one split, which never ends, and before
// it, where rows are copied, their chunks. Where the changes begin is found
// before the plan is stored and before the first row is read (I8).
func (r *reader) Splits(ctx context.Context, p plugin.Plan) (splits []plugin.Split, err error) {
	if p.Now != nil {
		return r.after(p.Now)
	}
	err = r.with(ctx, func(srv *server) error {
		c := newCatalog(r.config, r.settings.Database, r.meta, r.log)
		after, err := r.beginning(ctx, srv, c)
		if err != nil {
			return fmt.Errorf("finding where to begin: %w", err)
		}
		sp := &spec{V: version, Database: r.settings.Database, After: after.String(), State: c.state(), Anew: r.recopies.Load()}
		list := r.list()
		sp.List = &list
		switch r.mode() {
		case modeInitial:
			splits, err = r.chunks(ctx, srv, c, sp, p.Channels)
		case modeInitialOnly:
			splits, err = r.chunks(ctx, srv, c, nil, p.Channels)
		default:
			splits = make([]plugin.Split, 1)
			splits[0], err = sp.split(1)
		}
		return err
	})
	return splits, err
}

// beginning says where the job begins, and fills the catalog with what the
// tables are there.
func (r *reader) beginning(ctx context.Context, srv *server, c *catalog) (after lsn, err error) {
	list, err := srv.instances(ctx)
	if err != nil {
		return after, err
	}
	names, of := c.wanted(list)
	if err := errors.Join(captured(ctx, srv, r.config, names)...); err != nil {
		return after, err
	}
	st, err := srv.status(ctx)
	if err != nil {
		return after, err
	}
	switch {
	case r.config.LSN != "" && !r.recopies.Load():
		after, err = r.chosen(names, of, st)
	case r.mode() == modeEarliest:
		after = oldest(names, of).previous()
	default:
		after = st.max
	}
	if err != nil {
		return after, err
	}
	turns, err := c.reconcile(ctx, srv, list, after)
	for _, t := range turns {
		t.apply()
	}
	return after, err
}

// chosen is the place that lsn names.
func (r *reader) chosen(names []record.Name, of map[record.Name][]instance, st status) (lsn, error) {
	at := r.config.lsn
	if st.max.before(at) {
		return at, errclass.With(errclass.Config, config.Fieldf("lsn", "%s is beyond %s, up to which changes are captured", at, st.max))
	}
	if first := oldest(names, of); at.next().before(first) {
		return at, lost("lsn %s is before %s, the oldest change that there is", at, first)
	}
	for _, name := range names {
		if first := of[name][0].start; at.next().before(first) {
			r.log.Warn("a table has no changes as old as lsn", "table", name.String(), "lsn", at.String(), "from", first.String())
		}
	}
	return at, nil
}

// oldest is the oldest change that some table has.
func oldest(names []record.Name, of map[record.Name][]instance) (first lsn) {
	for _, name := range names {
		for _, in := range of[name] {
			if first.isZero() || in.start.before(first) {
				first = in.start
			}
		}
	}
	return first
}

// Resume implements [plugin.Resumer]. Tables that came to the list are copied
// beside the changes.
func (r *reader) Resume(ctx context.Context, _ int, stored []plugin.Progress) ([]plugin.Progress, error) {
	stored, err := r.plan().Resume(stored, func(stored []plugin.Progress) ([]plugin.Progress, error) {
		return stored, r.relister().Relist(ctx, stored)
	})
	if err != nil {
		return nil, r.anew(err, false)
	}
	return stored, nil
}

func (r *reader) resumeLog(p plugin.Progress) error {
	sp, _, err := parseSpec(p.Split)
	if err == nil {
		err = r.same(&sp)
	}
	if err == nil && p.Position != nil {
		_, err = parsePosition(p.Position)
	}
	return err
}

// Open implements [plugin.Reader].
func (r *reader) Open(ctx context.Context, from plugin.Progress) (plugin.Source, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if isLog(from.Split) {
		return r.openLog(ctx, from)
	}
	c, err := parseChunk(from.Split)
	if err != nil {
		return nil, r.anew(err, false)
	}
	recopied := c.Log != nil && c.Log.Anew
	src, err := handover.Open(ctx, &views{r}, c.Chunk, from)
	if err != nil {
		return nil, r.anew(err, recopied)
	}
	return &chunkSource{src, r, recopied}, nil
}

func (r *reader) openLog(ctx context.Context, from plugin.Progress) (plugin.Source, error) {
	sp, at, err := parseSpec(from.Split)
	if err != nil {
		return nil, r.anew(err, false)
	}
	if sp.Ends {
		return &handover.Ended{At: from.Position}, nil
	}
	if from.Position != nil {
		if at, err = parsePosition(from.Position); err != nil {
			return nil, r.anew(err, false)
		}
	}
	known := sp.State
	if len(from.State) > 0 {
		if known, err = parseState(from.State); err != nil {
			return nil, r.anew(err, false)
		}
	}
	s := &source{reader: r, at: at, recopied: sp.Anew && from.Position == nil, catalog: newCatalog(r.config, r.settings.Database, r.meta, r.log)}
	s.pool.settings = r.settings
	s.scratch = record.NewBatch(0, 0)
	s.emit = emitter{cat: r.config.cat, scratch: record.NewBatch(0, 0)}
	s.catalog.lists = sp.From(known.Lists)
	if err := s.catalog.restore(known); err != nil {
		return nil, r.anew(err, false)
	}
	s.besides()
	if err := errors.Join(s.leaveOut(sp.Copied), s.open(ctx)); err != nil {
		return nil, r.anew(errors.Join(err, s.Close()), s.recopied)
	}
	return s, nil
}
