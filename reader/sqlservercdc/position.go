package sqlservercdc

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/plugin"
)

const version = 1

// splitID is the split of the changes. Where they were left to copy more tables,
// the next has a number after it.
const splitID = "cdc"

// isLog tells the split of the changes from those of a snapshot.
func isLog(s plugin.Split) bool { return s.ID == splitID || strings.HasPrefix(s.ID, splitID+"/") }

// spec is what the Spec of the split of the changes holds: where they begin,
// and what the tables are there.
type spec struct {
	V        int    `json:"v"`
	Database string `json:"database"`
	After    string `json:"after"` // the first commit read is the next one
	State    state  `json:"state"`
	// Copied is what was copied of the tables before: changes that these rows show
	// are left out.
	Copied []handover.Segment `json:"copied,omitempty"`
	// Ends says that no changes are read any more, since tables are to be copied
	// before that goes on.
	Ends bool `json:"ends,omitempty"`
	// Anew says that the tables were copied again since a position was lost.
	Anew bool `json:"anew,omitempty"`
	handover.Lists
}

// split is the one of the changes; nth counts those of the job.
func (s *spec) split(nth int) (plugin.Split, error) {
	raw, err := json.Marshal(s)
	if err != nil {
		return plugin.Split{}, fmt.Errorf("encoding the split of the changes: %w", err)
	}
	id := splitID
	if nth > 1 {
		id = fmt.Sprintf("%s/%d", splitID, nth)
	}
	return plugin.Split{ID: id, Spec: raw, Endless: true}, nil
}

// chunkSpec is what the Spec of a part of a table's snapshot holds.
type chunkSpec = handover.ChunkSpec[spec]

func parseChunk(s plugin.Split) (*chunkSpec, error) {
	c := &chunkSpec{}
	if err := json.Unmarshal(s.Spec, c); err != nil || c.V != version || len(c.Read) == 0 {
		return nil, lost("split %q is none of the sqlservercdc reader", s.ID)
	}
	return c, nil
}

// parseHigh reads a place of the log up to which rows were copied.
func parseHigh(raw json.RawMessage) (high lsn, err error) {
	var text string
	if err = json.Unmarshal(raw, &text); err == nil {
		high, err = parseLSN(text)
	}
	if err != nil {
		return high, lost("reading up to where a snapshot was made: %w", err)
	}
	return high, nil
}

// position is a commit that was read whole, with all before it.
type position struct {
	V  int    `json:"v"`
	At string `json:"at"` // the commit's LSN
}

func parseSpec(s plugin.Split) (spec, lsn, error) {
	var sp spec
	err := json.Unmarshal(s.Spec, &sp)
	if err == nil && (sp.V != version || sp.State.V != version) {
		err = errors.New("it was planned by another version")
	}
	after, lsnErr := parseLSN(sp.After)
	if err = errors.Join(err, lsnErr); err != nil {
		return sp, lsn{}, lost("reading split %q: %w", s.ID, err)
	}
	return sp, after, nil
}

func parsePosition(raw json.RawMessage) (lsn, error) {
	var p position
	err := json.Unmarshal(raw, &p)
	if err == nil && p.V != version {
		err = errors.New("it is of another version")
	}
	at, lsnErr := parseLSN(p.At)
	if err = errors.Join(err, lsnErr); err != nil {
		return lsn{}, lost("reading the position %s: %w", raw, err)
	}
	return at, nil
}

func appendPosition(dst []byte, at lsn) []byte {
	return fmt.Appendf(dst, `{"v":%d,"at":%q}`, version, at.String())
}
