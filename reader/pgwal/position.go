package pgwal

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/plugin"
)

const version = 1

// splitID is the job's only split.
const splitID = "wal"

// spec is what the split's Spec holds.
type spec struct {
	V           int    `json:"v"`
	Slot        string `json:"slot"`
	Publication string `json:"publication"`
	System      string `json:"system"` // identity of the cluster
	After       string `json:"after"`  // where the stream begins
}

// position is the end of a transaction.
type position struct {
	V  int    `json:"v"`
	At string `json:"at"` // the LSN
}

func parseSpec(s plugin.Split) (spec, pgkit.LSN, error) {
	var sp spec
	err := json.Unmarshal(s.Spec, &sp)
	if err == nil && sp.V != version {
		err = errors.New("it was planned by another version")
	}
	after, lsnErr := pgkit.ParseLSN(sp.After)
	if err = errors.Join(err, lsnErr); err != nil {
		return sp, 0, lost("reading split %q: %w", s.ID, err)
	}
	return sp, after, nil
}

func parsePosition(raw json.RawMessage) (pgkit.LSN, error) {
	var p position
	err := json.Unmarshal(raw, &p)
	if err == nil && p.V != version {
		err = errors.New("it is of another version")
	}
	at, lsnErr := pgkit.ParseLSN(p.At)
	if err = errors.Join(err, lsnErr); err != nil {
		return 0, lost("reading the position %s: %w", raw, err)
	}
	return at, nil
}

func appendPosition(dst []byte, at pgkit.LSN) []byte {
	return fmt.Appendf(dst, `{"v":%d,"at":%q}`, version, at)
}

// lost is an error of class PositionLost, with the way on.
func lost(format string, args ...any) error {
	return errclass.With(errclass.PositionLost, fmt.Errorf("%w: start over with -fresh", fmt.Errorf(format, args...)))
}
