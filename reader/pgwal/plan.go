package pgwal

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// Splits implements [plugin.Splitter]: publication and slot are there before
// the plan is stored. The log comes after the chunks that are copied, when all
// of them have ended durably.
func (r *reader) Splits(ctx context.Context, p plugin.Plan) ([]plugin.Split, error) {
	if p.Now != nil {
		return r.after(p.Now)
	}
	mode := r.mode()
	var splits []plugin.Split
	err := r.with(ctx, func(c *pgkit.Conn) (err error) {
		if mode == modeInitialOnly {
			splits, err = r.onlyRows(ctx, c, p.Channels)
			return err
		}
		sp := &spec{V: version, Slot: r.config.slot(r.env.Job), Anew: r.recopies.Load(), List: r.list(), Database: r.config.settings.Database}
		if sp.Publication, err = publish(ctx, c, r.config, sp.Slot); err != nil {
			return err
		}
		at, made, err := r.beginning(ctx, c, sp)
		if err != nil {
			return err
		}
		if made && mode != modeInitial {
			if sp.Tables, err = r.definitions(ctx, c, sp.Publication); err != nil {
				return err
			}
		}
		sp.After = at.String()
		if mode != modeInitial {
			one, err := logSplit(sp, 1)
			splits = []plugin.Split{one}
			return err
		}
		names, err := r.copied(ctx, c, sp.Publication)
		if err == nil {
			splits, err = r.chunks(ctx, c, sp, names, p.Channels, len(names) > 1)
		}
		return err
	})
	return splits, err
}

// onlyRows plans a snapshot without a log.
func (r *reader) onlyRows(ctx context.Context, c *pgkit.Conn, channels int) ([]plugin.Split, error) {
	there, err := published(ctx, c, r.config.Publication)
	if err != nil {
		return nil, err
	}
	publication := r.config.Publication
	if !there {
		publication = ""
	}
	names, err := r.copied(ctx, c, publication)
	if err != nil {
		return nil, err
	}
	return r.chunks(ctx, c, nil, names, channels, len(names) > 1)
}

// after plans the log when all chunks have ended. Changes of rows in what was
// set aside are left out of it: another run, which takes the chunk up again,
// copies these rows as they are then.
func (r *reader) after(now []plugin.Progress) ([]plugin.Split, error) {
	var log *spec
	logs, copied := 0, 0
	var segments []handover.Segment
	for _, p := range now {
		if isLog(p.Split) {
			if logs++; !p.Done {
				return nil, nil
			}
			sp, err := left(p)
			if err != nil {
				return nil, err
			}
			log = sp
			continue
		}
		c, err := parseChunk(p.Split)
		switch {
		case err != nil:
			return nil, err
		case !p.Done && p.Err == "":
			return nil, nil
		case c.Log == nil:
			continue
		}
		if log == nil || logs == 0 && log.Tables == nil {
			log = c.Log
		}
		if p.Done && p.Position == nil || !r.config.wants(c.Chunk.Table) { // it is off the list, or was
			copied++
			continue
		}
		parts := handover.Segments
		if !p.Done {
			parts = func(c handover.Chunk, p plugin.Progress) ([]handover.Segment, error) {
				return handover.Left(&views{reader: r, publication: log.Publication}, c, p)
			}
		} else {
			copied++
		}
		more, err := parts(c.Chunk, p)
		if err != nil {
			return nil, err
		}
		segments = append(segments, more...)
	}
	if log == nil || copied == 0 {
		return nil, nil
	}
	next := *log
	next.Copied, next.Ends = segments, false
	split, err := logSplit(&next, logs+1)
	return []plugin.Split{split}, err
}

// left is the spec of a log that goes on where one was left.
func left(p plugin.Progress) (*spec, error) {
	sp, _, err := parseSpec(p.Split)
	if err != nil {
		return nil, err
	}
	if p.Position != nil {
		at, err := parsePosition(p.Position)
		if err != nil {
			return nil, err
		}
		sp.After, sp.Within = at.at.String(), nil
		if at.within != (within{}) {
			sp.Within = &at.within
		}
	}
	if p.State != nil {
		sp.Tables = p.State
	}
	return &sp, nil
}

// ended is the source of a log that is left for tables to be copied: it has
// ended where it is.
type ended struct{ at json.RawMessage }

// Fill implements [plugin.Source].
func (s *ended) Fill(_ context.Context, b *record.Batch) error {
	if s.at != nil {
		b.Mark(s.at, time.Time{})
	}
	return io.EOF
}

// Close implements [plugin.Source].
func (s *ended) Close() error { return nil }

// Resume implements [plugin.Resumer]. Where rows are still to be copied though
// the log has been read, as of a table that was set aside, the log is left and
// taken up again after them. Tables that came to the list are copied beside the
// log.
func (r *reader) Resume(ctx context.Context, _ int, stored []plugin.Progress) ([]plugin.Progress, error) {
	if _, err := r.check(stored); err != nil {
		return nil, r.anew(err, false)
	}
	if err := r.relist(ctx, stored); err != nil {
		return nil, r.anew(err, false)
	}
	copying, err := r.check(stored) // what is off the list is not
	switch {
	case err != nil:
		return nil, r.anew(err, false)
	case copying:
		return leave(stored)
	}
	return stored, nil
}

// check looks at what is stored; copying: rows are still to be copied.
func (r *reader) check(stored []plugin.Progress) (copying bool, err error) {
	for _, p := range stored {
		if isLog(p.Split) {
			if err := r.resumeLog(p); err != nil {
				return false, err
			}
			continue
		}
		c, err := parseChunk(p.Split)
		if err != nil {
			return false, err
		}
		if c.Log != nil {
			if err := r.same(c.Log); err != nil {
				return false, err
			}
		}
		if p.Position != nil {
			if _, err := handover.Segments(c.Chunk, p); err != nil {
				return false, err
			}
		}
		copying = copying || !p.Done && p.Err == ""
	}
	return copying, nil
}

// leave has the log that is being read end where it is.
func leave(stored []plugin.Progress) ([]plugin.Progress, error) {
	for i := range stored {
		p := &stored[i]
		if !isLog(p.Split) || p.Done {
			continue
		}
		sp, _, err := parseSpec(p.Split)
		if err != nil {
			return nil, err
		}
		sp.Ends = true
		if p.Split.Spec, err = json.Marshal(sp); err != nil {
			return nil, fmt.Errorf("encoding the split of the log: %w", err)
		}
		p.Split.Endless, p.Split.Leads = false, true
	}
	return stored, nil
}

func (r *reader) resumeLog(p plugin.Progress) error {
	sp, _, err := parseSpec(p.Split)
	if err != nil {
		return err
	}
	if err := r.same(&sp); err != nil {
		return err
	}
	if p.Position != nil {
		_, err = parsePosition(p.Position)
	}
	return err
}

// same refuses a log that the job no longer reads.
func (r *reader) same(sp *spec) error {
	switch {
	case sp.Slot != r.config.slot(r.env.Job):
		return lost("the job has read from replication slot %s and is to go on with %s", sp.Slot, r.config.slot(r.env.Job))
	case r.config.Temporary:
		return lost("a temporary replication slot ends with its connection, and with it what was to come")
	}
	return nil
}
