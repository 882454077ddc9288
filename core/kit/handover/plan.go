package handover

import (
	"context"
	"encoding/json"
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
	Views Views
	IsLog func(plugin.Split) bool
	Parse func(plugin.Split) (*ChunkSpec[L], error) // of a chunk's split
	Left  func(plugin.Progress) (*L, error)         // the log that goes on where one was left
	Off   func(table record.Name) bool              // a table is off the job's list, and what was copied of it does not count; nil: none is
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
		if log == nil {
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
			parts, err = Left(p.Views, c.Chunk, one)
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
