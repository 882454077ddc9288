package handover

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// ChunkSpec is what the Spec of a chunk's split holds; L is what that of the
// log's split does.
type ChunkSpec[L any] struct {
	V     int             `json:"v"`
	Log   *L              `json:"log,omitempty"` // that is read after all chunks; nil: none
	Chunk Chunk           `json:"chunk"`
	Read  json.RawMessage `json:"read"` // the Spec of package sqlkit
	// List is the list of tables that the job had, where Log does not say it: the
	// system's own; nil: it was none that may change.
	List json.RawMessage `json:"list,omitempty"`
}

// Plan is the splits of a job that copies rows and then reads a log.
type Plan[L any] struct {
	Views func(*L) Views // to read keys with, of tables of a log
	IsLog func(plugin.Split) bool
	Parse func(plugin.Split) (*ChunkSpec[L], error) // of a chunk's split
	Spec  func(plugin.Split) (*L, error)            // of a log's split
	Left  func(plugin.Progress) (*L, error)         // the log that goes on where one was left
	Ends  func(*L)                                  // has a log say that it ends where it is
	Check func(plugin.Progress) error               // refuses a log that is stored
	Same  func(*L) error                            // refuses one that the job does not read, which chunks name
	Whole func(*L) bool                             // of the logs that chunks name one alone is whole; nil: the first
	Off   func(table record.Name) bool              // a table is off the job's list, and what was copied of it does not count; nil: none is
}

// Resume looks at what is stored before relist, which may make another list of
// it, and after. Where rows are still to be copied though the log has been read,
// the log is left and taken up again after them.
func (p *Plan[L]) Resume(stored []plugin.Progress, relist func([]plugin.Progress) ([]plugin.Progress, error)) ([]plugin.Progress, error) {
	_, err := p.check(stored)
	if err == nil {
		stored, err = relist(stored)
	}
	copying := false
	if err == nil {
		copying, err = p.check(stored) // what is off the list is not copied
	}
	if err == nil && copying {
		err = p.leave(stored)
	}
	return stored, err
}

// check looks at what is stored; copying: rows are still to be copied.
func (p *Plan[L]) check(stored []plugin.Progress) (copying bool, err error) {
	for _, one := range stored {
		if p.IsLog(one.Split) {
			if err := p.Check(one); err != nil {
				return false, err
			}
			continue
		}
		c, err := p.Parse(one.Split)
		if err == nil && c.Log != nil && p.Same != nil {
			err = p.Same(c.Log)
		}
		if err == nil && one.Position != nil {
			_, err = Segments(c.Chunk, one)
		}
		if err != nil {
			return false, err
		}
		copying = copying || !one.Done && one.Err == ""
	}
	return copying, nil
}

// leave has the log that is being read end where it is, so that chunks can be
// copied before it goes on.
func (p *Plan[L]) leave(stored []plugin.Progress) error {
	for i := range stored {
		one := &stored[i]
		if !p.IsLog(one.Split) || one.Done {
			continue
		}
		log, err := p.Spec(one.Split)
		if err != nil {
			return err
		}
		p.Ends(log)
		if one.Split.Spec, err = json.Marshal(log); err != nil {
			return fmt.Errorf("encoding the split of the log: %w", err)
		}
		one.Split.Endless, one.Split.Leads = false, true
	}
	return nil
}

// Next returns the log that is to be read next, and what was copied of the
// tables before; nil unless all chunks have ended. nth counts the logs of the
// job. Changes of rows in what was set aside are left out of it: another run,
// which takes the chunk up again, copies these rows as they are then.
func (p *Plan[L]) Next(now []plugin.Progress) (log *L, copied []Segment, nth int, err error) {
	done := 0
	for _, one := range now {
		if p.IsLog(one.Split) {
			if nth++; !one.Done {
				return nil, nil, 0, nil
			}
			if log, err = p.Left(one); err != nil {
				return nil, nil, 0, err
			}
			continue
		}
		c, err := p.Parse(one.Split)
		switch {
		case err != nil:
			return nil, nil, 0, err
		case !one.Done && one.Err == "":
			return nil, nil, 0, nil
		case c.Log == nil:
			continue
		}
		if log == nil || nth == 0 && p.Whole != nil && !p.Whole(log) {
			log = c.Log
		}
		if one.Done && one.Position == nil || p.Off != nil && p.Off(c.Chunk.Table) { // it ended when the table went off the list
			done++
			continue
		}
		var parts []Segment
		if one.Done {
			done++
			parts, err = Segments(c.Chunk, one)
		} else {
			parts, err = Left(p.Views(log), c.Chunk, one)
		}
		if err != nil {
			return nil, nil, 0, err
		}
		copied = append(copied, parts...)
	}
	if log == nil || done == 0 {
		return nil, nil, 0, nil
	}
	return log, copied, nth + 1, nil
}

// Ended is the source of a log that is left for tables to be copied: it has
// ended where it is. At is the log's position, nil: it was not read.
type Ended struct{ At json.RawMessage }

var _ plugin.Source = (*Ended)(nil)

// Fill implements [plugin.Source].
func (s *Ended) Fill(_ context.Context, b *record.Batch) error {
	if s.At != nil {
		b.Mark(s.At, time.Time{})
	}
	return io.EOF
}

// Close implements [plugin.Source].
func (s *Ended) Close() error { return nil }
