package pgkit

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// System is what a server says of itself: IDENTIFY_SYSTEM.
type System struct {
	ID       string // of the cluster of databases, the same on all of its standbys
	Timeline uint32 // another one after each promotion
	End      LSN    // of the log that is written, or on a standby replayed
}

// Identify asks the server what it is.
func (r *Replication) Identify(ctx context.Context) (s System, err error) {
	res, err := r.Query(ctx, "IDENTIFY_SYSTEM")
	if err != nil {
		return s, fmt.Errorf("asking for the server's identity: %w", err)
	}
	s.ID, s.Timeline = res.Text(0, 0), uint32(res.Int(0, 1)) //nolint:gosec // a number of 32 bits
	if s.End, err = ParseLSN(res.Text(0, 2)); err != nil {
		return s, fmt.Errorf("asking for the server's identity: %w", err)
	}
	return s, nil
}

// SystemID is the identity of the server's cluster.
func (r *Replication) SystemID(ctx context.Context) (string, error) {
	s, err := r.Identify(ctx)
	return s.ID, err
}

// Branch is a timeline that another one has come from.
type Branch struct {
	Timeline uint32
	Until    LSN // where it was left
}

// Branches asks which timelines one has come from, the oldest first; the first
// has come from none.
func (r *Replication) Branches(ctx context.Context, timeline uint32) ([]Branch, error) {
	if timeline <= 1 {
		return nil, nil
	}
	res, err := r.Query(ctx, fmt.Sprintf("TIMELINE_HISTORY %d", timeline))
	if err != nil {
		return nil, fmt.Errorf("asking for the history of timeline %d: %w", timeline, err)
	}
	branches, err := parseBranches(res.Text(0, 1))
	if err != nil {
		return nil, fmt.Errorf("reading the history of timeline %d: %w", timeline, Classify(err))
	}
	return branches, nil
}

// parseBranches reads a history file: lines of a timeline, the place where it was
// left, and why, parted by white space, and comments.
// https://www.postgresql.org/docs/current/continuous-archiving.html#BACKUP-TIMELINES
func parseBranches(text string) (branches []Branch, err error) {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if len(fields) < 2 {
			return nil, fmt.Errorf("%q is no branch", line)
		}
		id, err := strconv.ParseUint(fields[0], 10, 32)
		if err != nil {
			return nil, fmt.Errorf("%q is no branch", line)
		}
		until, err := ParseLSN(fields[1])
		if err != nil {
			return nil, fmt.Errorf("%q is no branch", line)
		}
		branches = append(branches, Branch{Timeline: uint32(id), Until: until})
	}
	return branches, nil
}
