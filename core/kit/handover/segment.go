package handover

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
)

const version = 1 // of positions

// Segment is a part of a chunk that shows the table as it was at one position.
type Segment struct {
	Chunk   Chunk           `json:"chunk"`
	After   Key             `json:"after,omitempty"`   // the keys after it, nil: from the chunk's first
	Through Key             `json:"through,omitempty"` // up to and with it; nil: up to the chunk's last
	High    json.RawMessage `json:"high,omitempty"`    // the system's own; nil: the segment is still to be copied
}

// position is how far a chunk is.
type position struct {
	V     int             `json:"v"`
	At    json.RawMessage `json:"at,omitempty"`
	Inner json.RawMessage `json:"inner,omitempty"` // of the view's reader; empty: no row has been read
	High  json.RawMessage `json:"high"`            // of the view that it was read in
	Done  []done          `json:"done,omitempty"`  // of views before, in order
	Ended bool            `json:"ended,omitempty"` // all rows have been read, those after Inner too
}

// done is where a view was left.
type done struct {
	Through Key             `json:"through"`
	High    json.RawMessage `json:"high"`
}

func parsePosition(raw json.RawMessage) (position, error) {
	var p position
	err := json.Unmarshal(raw, &p)
	if err == nil && (p.V != version || len(p.High) == 0) {
		err = errors.New("it is of another version")
	}
	if err != nil {
		return p, errclass.With(errclass.PositionLost, fmt.Errorf("reading the position of a snapshot's chunk: %w; start over with -fresh", err))
	}
	return p, nil
}

// Segments returns what a chunk that has ended consists of, in the order of the
// key.
func Segments(c Chunk, p plugin.Progress) ([]Segment, error) {
	at, err := parsePosition(p.Position)
	if err != nil {
		return nil, err
	}
	var segments []Segment
	var after Key
	for _, d := range at.Done {
		segments = append(segments, Segment{Chunk: c, After: after, Through: d.Through, High: d.High})
		after = d.Through
	}
	return append(segments, Segment{Chunk: c, After: after, High: at.High}), nil
}

// Left returns what a chunk that was left consists of: what was copied of it,
// and at last what is still to be.
func Left(v Views, c Chunk, p plugin.Progress) ([]Segment, error) {
	if p.Position == nil {
		return []Segment{{Chunk: c}}, nil
	}
	at, err := parsePosition(p.Position)
	if err != nil {
		return nil, err
	}
	segments, err := Segments(c, p)
	if err != nil {
		return nil, err
	}
	last := &segments[len(segments)-1]
	if at.Ended {
		return segments, nil
	}
	if len(at.Inner) == 0 {
		last.High = nil
		return segments, nil
	}
	if last.Through, err = v.Key(c, at.Inner); err != nil {
		return nil, err
	}
	return append(segments, Segment{Chunk: c, After: last.Through}), nil
}
