package pgwal

import (
	"context"
	"errors"

	"github.com/datasync-io/datasync/core/errclass"
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
		if err := r.foresee(ctx, c); err != nil {
			return err
		}
		sp := &spec{V: version, Slot: r.config.slot(r.env.Job), Anew: r.recopies.Load(), Database: r.config.settings.Database}
		list := r.list()
		sp.List = &list
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

// plan is what the splits of the job have in common with those of other logs.
// Of the logs that chunks name, the one with the tables' definitions is whole.
func (r *reader) plan() *handover.Plan[spec] {
	return &handover.Plan[spec]{
		Views: func(sp *spec) handover.Views { return &views{reader: r, publication: sp.Publication} },
		IsLog: isLog, Parse: parseChunk, Left: left, Check: r.resumeLog, Same: r.same,
		Spec: func(s plugin.Split) (*spec, error) {
			sp, _, err := parseSpec(s)
			return &sp, err
		},
		Ends:  func(sp *spec) { sp.Ends = true },
		Whole: func(sp *spec) bool { return sp.Tables != nil },
		Off:   func(n record.Name) bool { return !r.config.wants(n) },
	}
}

// after plans the log when all chunks have ended.
func (r *reader) after(now []plugin.Progress) ([]plugin.Split, error) {
	log, copied, nth, err := r.plan().Next(now)
	if err != nil || log == nil {
		return nil, err
	}
	next := *log
	next.Copied, next.Ends = copied, false
	split, err := logSplit(&next, nth)
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

// Resume implements [plugin.Resumer]. Tables that came to the list are copied
// beside the log.
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
		return errclass.With(errclass.PositionLost, errors.New("a temporary replication slot ends with its connection, and with it what was to come: start over with -fresh, and take temporary out if later runs are to go on"))
	}
	return nil
}
