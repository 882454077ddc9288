package pgwal

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/plugin"
)

// Info describes the plugin.
func Info() plugin.ReaderInfo {
	return plugin.ReaderInfo{
		Name:   "pgwal",
		Doc:    "Reads the changes of PostgreSQL's tables from its write-ahead log, through a replication slot.",
		Config: func() any { return defaults() },
		New: func(env plugin.Env, d *config.Decoder) (plugin.Reader, error) {
			c := defaults()
			if err := d.Decode(c); err != nil {
				return nil, err
			}
			r := &reader{env: env, config: c}
			r.gauges.Publish(env.Gauge, "oldestLsn")
			if env.Gauge != nil {
				env.Gauge("resnapshotRows", r.signals.Rows)
			}
			return r, nil
		},
		Signals: signals(),
	}
}

type reader struct {
	env      plugin.Env
	config   *Config
	seen     seen
	early    early
	signals  handover.Signals
	gauges   gauges
	chunk    int         // rows that are copied at once beside the log; 0: as usual
	viewed   func()      // of tests: a view was opened beside the log; nil: nothing
	recopies atomic.Bool // the next plan copies the tables, since a position was lost
	gone     atomic.Bool // a temporary slot was made: there is no other like it
}

var (
	_ plugin.Reader   = (*reader)(nil)
	_ plugin.Splitter = (*reader)(nil)
	_ plugin.Resumer  = (*reader)(nil)
	_ plugin.Signaler = (*reader)(nil)
	_ plugin.Prober   = (*reader)(nil)
)

// Close implements [plugin.Reader].
func (r *reader) Close() error { return r.seen.close() }

// with runs f with a connection of its own.
func (r *reader) with(ctx context.Context, f func(*pgkit.Conn) error) error {
	c, err := pgkit.Dial(ctx, r.config.settings)
	if err != nil {
		return err
	}
	return errors.Join(f(c), c.Close())
}

// Probe implements [plugin.Prober].
func (r *reader) Probe(ctx context.Context) error {
	return r.with(ctx, func(c *pgkit.Conn) error { return check(ctx, c, r.config) })
}

// beginning finds or makes the slot and says where the job begins; made tells
// that the tables are there as they are now. Before rows
// are copied, all that the log has from before there is visible to everybody.
// made tells that the tables are there as they are now.
func (r *reader) beginning(ctx context.Context, c *pgkit.Conn, sp *spec) (at pgkit.LSN, made bool, err error) {
	stream, err := pgkit.DialReplication(ctx, r.config.settings)
	if err != nil {
		return 0, false, err
	}
	defer stream.Close() //nolint:errcheck // nothing runs on it
	if sp.System, err = stream.SystemID(ctx); err != nil {
		return 0, false, err
	}
	s, err := findSlot(ctx, c, sp.Slot)
	if err == nil {
		s, err = r.withoutLost(ctx, c, sp.Slot, s)
	}
	copies := r.mode() == modeInitial
	switch {
	case err != nil:
		return 0, false, err
	case r.config.Temporary && s == nil:
		return 0, false, nil // made by the connection that reads from it
	case s == nil:
		start, err := stream.CreateSlot(ctx, sp.Slot, false, copies)
		if err == nil && copies {
			err = settle(ctx, c, start.Snapshot)
		}
		return max(start.At, r.begins()), r.begins() == 0, err
	}
	if err := s.usable(sp.Slot, r.config.settings.Database); err != nil {
		return 0, false, err
	}
	if r.begins() != 0 && r.begins() < s.confirmed {
		return 0, false, errclass.With(errclass.PositionLost, fmt.Errorf("lsn %s is before %s, up to which slot %s was confirmed: begin there, with lsn left out, or use a slot that is that far back", r.config.LSN, s.confirmed, sp.Slot))
	}
	switch r.mode() {
	case modeInitial:
		_, err := r.settleNow(ctx, c, sp.Slot)
		return s.confirmed, false, err
	case modeLatest:
		end, err := logEnd(ctx, c)
		return max(s.confirmed, end), false, err
	}
	return max(s.confirmed, r.begins()), false, nil
}

// Open implements [plugin.Reader].
func (r *reader) Open(ctx context.Context, from plugin.Progress) (plugin.Source, error) {
	if isLog(from.Split) {
		return r.openLog(ctx, from)
	}
	c, err := parseChunk(from.Split)
	if err == nil {
		v := &views{reader: r}
		if c.Log != nil {
			v.publication = c.Log.Publication
		}
		var s plugin.Source
		if s, err = handover.Open(ctx, v, c.Chunk, from); err == nil {
			return s, nil
		}
	}
	return nil, r.anew(err, false)
}

func (r *reader) openLog(ctx context.Context, from plugin.Progress) (plugin.Source, error) {
	sp, after, err := parseSpec(from.Split)
	if err != nil {
		return nil, r.anew(err, false)
	}
	if sp.Ends {
		return &handover.Ended{At: from.Position}, nil
	}
	if from.Position != nil {
		if after, err = parsePosition(from.Position); err != nil {
			return nil, r.anew(err, false)
		}
	}
	s := &source{reader: r, spec: sp, tables: newTables(r.config, r.env.Meta), recopied: sp.Anew && from.Position == nil}
	state := from.State
	if state == nil {
		state = sp.Tables
	}
	if err := s.tables.restore(state); err != nil {
		return nil, r.anew(err, false)
	}
	if err := s.open(ctx, after, from.Position != nil); err != nil {
		return nil, r.anew(errors.Join(err, s.Close()), s.recopied)
	}
	return s, nil
}
