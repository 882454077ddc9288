package launcher

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/checkpoint"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
)

// SavedState is the folder that positions of jobs are kept in, for people who
// look after them.
type SavedState struct{ store *checkpoint.FileStore }

// NewSavedState returns the state kept in dir.
func NewSavedState(dir string) SavedState { return SavedState{checkpoint.NewFileStore(dir)} }

// Saved is what is kept of a job.
type Saved struct {
	Job        string            `json:"job"`
	Title      string            `json:"title"` // the job's two ends
	State      string            `json:"state"` // running, finished, unfinished, or unreadable
	Holder     string            `json:"holder,omitempty"`
	Run        uint64            `json:"run"`
	Saved      time.Time         `json:"saved"`
	Splits     int               `json:"splits"`
	SplitsDone int               `json:"splitsDone"`
	Next       string            `json:"next"` // what the next run would do
	Counters   checkpoint.Counts `json:"accumulators"`
	Positions  []SavedPosition   `json:"positions"`
	Error      string            `json:"error,omitempty"` // why it cannot be read
}

// SavedPosition is how far a split is.
type SavedPosition struct {
	position
	Standing string       `json:"standing"` // in a few words
	Plan     plugin.Split `json:"plan"`
}

// Jobs lists the jobs that something is kept of.
func (s SavedState) Jobs() ([]string, error) { return s.store.Jobs() }

// Look returns what is kept of a job; nil if nothing is.
func (s SavedState) Look(ctx context.Context, job string) (*Saved, error) {
	saved, err := s.look(ctx, job)
	if saved != nil {
		if saved.Holder = s.store.Holder(job); saved.Holder != "" {
			saved.State = "running"
		}
	}
	return saved, err
}

func (s SavedState) look(ctx context.Context, job string) (*Saved, error) {
	at, err := s.store.Saved(job)
	if err != nil || at.IsZero() {
		return nil, err
	}
	saved := &Saved{Job: job, Saved: at, Positions: []SavedPosition{}}
	c, err := s.store.Load(ctx, job)
	switch {
	case errclass.Of(err) == errclass.PositionLost:
		saved.State, saved.Error, saved.Next = "unreadable", err.Error(), "ends with an error, but for -fresh, which starts over"
		return saved, nil
	case err != nil || c == nil: // it has just been removed
		return nil, err
	}
	saved.Title, saved.Run, saved.Counters, saved.Splits, saved.Next = c.Title, c.Run, c.Counters, len(c.Plan), outlook(c)
	for _, p := range c.Plan {
		if p.Done {
			saved.SplitsDone++
		}
		saved.Positions = append(saved.Positions, SavedPosition{position: positionOf(p), Standing: standing(p), Plan: p.Split})
	}
	saved.State = Finished
	if c.Unfinished() {
		saved.State = "unfinished"
	}
	return saved, nil
}

// outlook says what the next run of the job does with a checkpoint; see begin.
func outlook(c *checkpoint.Checkpoint) string {
	left := 0
	for _, p := range c.Plan {
		if !p.Done {
			left++
		}
	}
	positions := "the position"
	if left != 1 {
		positions = fmt.Sprintf("the positions of %d splits", left)
	}
	switch {
	case c.Finished && !c.AfterDone:
		return "runs only the last step (postSql and the like): all rows are written"
	case c.Finished && len(remembered(c.Plan)) > 0:
		return "begins where this one has ended; -fresh begins at the start"
	case c.Finished:
		return "begins at the start: this one has finished"
	case goesOn(c.Plan):
		return "goes on from " + positions + "; -fresh starts over"
	}
	return "with -resume (or restore.isRestore) goes on from " + positions + "; else it starts over and leaves this behind"
}

// Remove removes what is kept of a job and returns what was given up by that;
// nil if nothing was kept. The error is of class Fenced while the job runs.
func (s SavedState) Remove(ctx context.Context, job string) (gone *Saved, err error) {
	if at, err := s.store.Saved(job); err != nil || at.IsZero() {
		return nil, err
	}
	unlock, err := s.store.Lock(ctx, job)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if gone, err = s.look(ctx, job); err != nil || gone == nil {
		return nil, err
	}
	signals, _, err := s.store.Signals(job)
	for _, one := range signals {
		err = errors.Join(err, s.store.Noted(job, one.ID))
	}
	return gone, errors.Join(err, s.store.Forget(job))
}

// Lacks says, to stand behind other words, that tables are left out; "" where
// none is.
func (s *Saved) Lacks() string {
	n := 0
	for _, p := range s.Positions {
		n += len(p.LeftOut)
	}
	switch n {
	case 0:
		return ""
	case 1:
		return "  1 table left out"
	}
	return fmt.Sprintf("  %d tables left out", n)
}

// GivenUp says what is lost with the state, and what the next run does without it.
func (s *Saved) GivenUp() string {
	var b strings.Builder
	switch {
	case s.Error != "":
		b.WriteString("a state that could not be read")
	case s.SplitsDone == s.Splits:
		fmt.Fprintf(&b, "a finished run, %d rows written", s.Counters.Written)
	default:
		fmt.Fprintf(&b, "an unfinished run, %d rows written, %d of %d splits done", s.Counters.Written, s.SplitsDone, s.Splits)
	}
	return b.String() + "; the next run begins at the start, as with -fresh"
}
