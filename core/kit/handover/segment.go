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
	High    json.RawMessage `json:"high"`              // the system's own
}

// position is how far a chunk is.
type position struct {
	V     int             `json:"v"`
	At    json.RawMessage `json:"at,omitempty"`
	Inner json.RawMessage `json:"inner,omitempty"` // of the view's reader; empty: no row has been read
	High  json.RawMessage `json:"high"`            // of the view that it was read in
	Done  []done          `json:"done,omitempty"`  // of views before, in order
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
