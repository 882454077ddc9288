package pgwal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
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
			return &reader{env: env, config: c}, nil
		},
	}
}

type reader struct {
	env    plugin.Env
	config *Config
}

var (
	_ plugin.Reader   = (*reader)(nil)
	_ plugin.Splitter = (*reader)(nil)
	_ plugin.Resumer  = (*reader)(nil)
	_ plugin.Prober   = (*reader)(nil)
)

// Close implements [plugin.Reader].
func (r *reader) Close() error { return nil }

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

// Splits implements [plugin.Splitter]: publication and slot are there before
// the plan is stored.
func (r *reader) Splits(ctx context.Context, p plugin.Plan) ([]plugin.Split, error) {
	if p.Now != nil {
		return nil, nil
	}
	sp := spec{V: version, Slot: r.config.slot(r.env.Job)}
	err := r.with(ctx, func(c *pgkit.Conn) (err error) {
		sp.Publication, err = publish(ctx, c, r.config, sp.Slot)
		if err != nil {
			return err
		}
		after, err := r.beginning(ctx, c, &sp)
		sp.After = after.String()
		return err
	})
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(sp)
	if err != nil {
		return nil, err
	}
	return []plugin.Split{{ID: splitID, Spec: raw, Endless: true, Apart: len(r.config.tables) != 1}}, nil
}

// beginning finds or makes the slot and says where the job begins.
func (r *reader) beginning(ctx context.Context, c *pgkit.Conn, sp *spec) (pgkit.LSN, error) {
	stream, err := pgkit.DialReplication(ctx, r.config.settings)
	if err != nil {
		return 0, err
	}
	defer stream.Close() //nolint:errcheck // nothing runs on it
	if sp.System, err = stream.SystemID(ctx); err != nil {
		return 0, err
	}
	s, err := findSlot(ctx, c, sp.Slot)
	switch {
	case err != nil:
		return 0, err
	case r.config.Temporary && s == nil:
		return 0, nil // made by the connection that reads from it
	case s == nil && r.config.Slot != "" && !r.config.CreateSlot:
		return 0, errclass.With(errclass.Config, fmt.Errorf("replication slot %s does not exist: set allowCreateSlot to true, or SELECT pg_create_logical_replication_slot('%s', 'pgoutput')", sp.Slot, sp.Slot))
	case s == nil:
		start, err := stream.CreateSlot(ctx, sp.Slot, false, false)
		return max(start.At, r.config.lsn), err
	}
	if err := s.usable(sp.Slot, r.config.settings.Database); err != nil {
		return 0, err
	}
	if r.config.lsn != 0 && r.config.lsn < s.confirmed {
		return 0, errclass.With(errclass.PositionLost, fmt.Errorf("lsn %s is before %s, up to which slot %s was confirmed: begin there, with lsn left out, or use a slot that is that far back", r.config.LSN, s.confirmed, sp.Slot))
	}
	return max(s.confirmed, r.config.lsn), nil
}

// Resume implements [plugin.Resumer].
func (r *reader) Resume(_ context.Context, _ int, stored []plugin.Progress) ([]plugin.Progress, error) {
	for _, p := range stored {
		sp, _, err := parseSpec(p.Split)
		switch {
		case err != nil:
			return nil, err
		case sp.Slot != r.config.slot(r.env.Job):
			return nil, lost("the job has read from replication slot %s and is to go on with %s", sp.Slot, r.config.slot(r.env.Job))
		case r.config.Temporary:
			return nil, lost("a temporary replication slot ends with its connection, and with it what was to come")
		}
		if p.Position != nil {
			if _, err := parsePosition(p.Position); err != nil {
				return nil, err
			}
		}
	}
	return stored, nil
}

// Open implements [plugin.Reader].
func (r *reader) Open(ctx context.Context, from plugin.Progress) (plugin.Source, error) {
	sp, after, err := parseSpec(from.Split)
	if err != nil {
		return nil, err
	}
	if from.Position != nil {
		if after, err = parsePosition(from.Position); err != nil {
			return nil, err
		}
	}
	s := &source{reader: r, spec: sp, tables: newTables(r.config, r.env.Meta)}
	if err := s.tables.restore(from.State); err != nil {
		return nil, err
	}
	if err := s.open(ctx, after, from.Position != nil); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}
