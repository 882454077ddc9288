package sqlservercdc

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
)

const version = 1

// splitID is the job's only split.
const splitID = "cdc"

// spec is what the split's Spec holds: where the job begins, and what the
// tables are there.
type spec struct {
	V        int    `json:"v"`
	Database string `json:"database"`
	After    string `json:"after"` // the first commit read is the next one
	State    state  `json:"state"`
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

// lost is an error of class PositionLost, with the two ways on.
func lost(format string, args ...any) error {
	return errclass.With(errclass.PositionLost, fmt.Errorf("%w: start over with -fresh, either with start.mode earliest at the oldest change that is left, "+
		"or at the end, and then copy the tables again with the sqlserver reader", fmt.Errorf(format, args...)))
}
