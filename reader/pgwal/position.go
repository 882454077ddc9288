package pgwal

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/plugin"
)

const version = 1

// splitID is the split of the log. Where the log was left to copy more tables,
// the next has a number after it.
const splitID = "wal"

// spec is what the Spec of the log's split holds.
type spec struct {
	V           int    `json:"v"`
	Slot        string `json:"slot"`
	Publication string `json:"publication"`
	System      string `json:"system"` // identity of the cluster
	After       string `json:"after"`  // where the stream begins
	// Within is how much was handed on before of the transaction that comes next.
	Within *within `json:"within,omitempty"`
	// Tables is what the tables are there, as a mark's state has it; nil: the log
	// tells.
	Tables json.RawMessage `json:"tables,omitempty"`
	// Copied is what was copied of the tables before: changes that these rows show
	// are left out.
	Copied []handover.Segment `json:"copied,omitempty"`
	// Ends says that nothing is read of the log any more, since tables are to be
	// copied before it goes on.
	Ends bool `json:"ends,omitempty"`
	// Anew says that the tables were copied again since a position was lost.
	Anew bool `json:"anew,omitempty"`
	handover.Lists
	Database string `json:"database,omitempty"` // of the tables in Lists
}

// brief is the spec as all chunks of a plan but the first have it.
func (sp *spec) brief() *spec {
	if sp == nil {
		return nil
	}
	b := *sp
	b.Tables = nil
	return &b
}

// chunkSpec is what the Spec of a part of a table's snapshot holds.
type chunkSpec = handover.ChunkSpec[spec]

func parseChunk(s plugin.Split) (*chunkSpec, error) {
	c := &chunkSpec{}
	err := json.Unmarshal(s.Spec, c)
	if err == nil && (c.V != version || len(c.Read) == 0 || c.Log != nil && c.Log.V != version) {
		err = errors.New("it was planned by another version")
	}
	if err != nil {
		return nil, lost("reading split %q: %w", s.ID, err)
	}
	return c, nil
}

// isLog tells the split of the log from those of the snapshot.
func isLog(s plugin.Split) bool { return s.ID == splitID || strings.HasPrefix(s.ID, splitID+"/") }

// position is the end of a transaction, or a place within the next one.
type position struct {
	V      int     `json:"v"`
	At     string  `json:"at"` // the LSN
	Within *within `json:"within,omitempty"`
	// Timeline is the one that the log was read on; 0: nobody has noted it.
	Timeline uint32 `json:"timeline,omitempty"`
}

func parseSpec(s plugin.Split) (spec, place, error) {
	var sp spec
	err := json.Unmarshal(s.Spec, &sp)
	if err == nil && sp.V != version {
		err = errors.New("it was planned by another version")
	}
	after, lsnErr := pgkit.ParseLSN(sp.After)
	if err = errors.Join(err, lsnErr); err != nil {
		return sp, place{}, lost("reading split %q: %w", s.ID, err)
	}
	return sp, placeOf(after, sp.Within), nil
}

func parsePosition(raw json.RawMessage) (place, error) {
	var p position
	err := json.Unmarshal(raw, &p)
	if err == nil && p.V != version && (p.V != versionWithin || p.Within == nil || p.Within.Skip <= 0) {
		err = errors.New("it is of another version")
	}
	at, lsnErr := pgkit.ParseLSN(p.At)
	if err = errors.Join(err, lsnErr); err != nil {
		return place{}, lost("reading the position %s: %w", raw, err)
	}
	read := placeOf(at, p.Within)
	read.timeline = p.Timeline
	return read, nil
}
