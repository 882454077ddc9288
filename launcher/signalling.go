package launcher

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/checkpoint"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// What a job is told by a signal.
const (
	Snapshot = plugin.SignalSnapshot
	Pause    = plugin.SignalPause
	Resume   = plugin.SignalResume
	Stop     = plugin.SignalStop
)

// Verb is one of them.
type Verb = plugin.Verb

// Signalled is a job that takes signals, and what is under way.
type Signalled struct {
	Job     string          `json:"job"`
	Holder  string          `json:"holder,omitempty"` // who runs it; "": nobody
	Copying *plugin.Copying `json:"copying"`          // as of the last checkpoint
	Pending []plugin.Signal `json:"pending"`          // that it has not noted yet
	LeftOut []leftOutTable  `json:"leftOut"`          // tables whose changes are left out, until they are copied again

	plan []plugin.Progress
	info *plugin.SignalInfo
}

// Signalled looks at a job that signals are meant for. The error of one whose
// reader obeys none is of class Config.
func (s SavedState) Signalled(ctx context.Context, plugins *plugin.Registry, job string) (*Signalled, error) {
	c, err := s.store.Load(ctx, job)
	if err == nil && c == nil {
		err = errclass.With(errclass.Config, fmt.Errorf("no state of job %q is kept", job))
	}
	if err != nil {
		return nil, err
	}
	info, err := signalInfo(plugins, c)
	if err != nil {
		return nil, errclass.With(errclass.Config, fmt.Errorf("job %q takes no signals: %w", job, err))
	}
	one := &Signalled{Job: job, Holder: s.store.Holder(job), LeftOut: []leftOutTable{}, plan: c.Plan, info: info}
	for _, p := range c.Plan {
		one.LeftOut = append(one.LeftOut, leftOutOf(p)...)
	}
	if one.Copying, err = info.Copying(c.Plan); err != nil {
		return nil, err
	}
	if one.Pending, _, err = s.store.Signals(job); err != nil {
		return nil, err
	}
	one.Pending = slices.DeleteFunc(one.Pending, func(p plugin.Signal) bool { return slices.Contains(one.Copying.Noted, p.ID) })
	return one, nil
}

func signalInfo(plugins *plugin.Registry, c *checkpoint.Checkpoint) (*plugin.SignalInfo, error) {
	switch {
	case c.Finished:
		return nil, errors.New("it has ended")
	case c.Reader == "":
		return nil, errors.New("its state was written by an earlier version: run it once with this one")
	}
	info, err := plugins.Reader(c.Reader)
	if err != nil {
		return nil, err
	}
	if info.Signals == nil {
		return nil, fmt.Errorf("reader %s obeys none; those that follow a log and copy rows do", info.Name)
	}
	return info.Signals, nil
}

// Signal leaves a signal for a job that [SavedState.Signalled] has looked at. The
// error of one that the job would refuse is of class Config.
func (s SavedState) Signal(to *Signalled, verb plugin.Verb, tables []string) (plugin.Signal, error) {
	signal := plugin.Signal{Verb: verb, Sent: time.Now()}
	var errs []error
	for _, name := range tables {
		table, err := to.info.Table(to.plan, name)
		if err == nil {
			err = to.refuses(verb, table)
		}
		errs = append(errs, err)
		signal.Tables = append(signal.Tables, table)
	}
	if err := errors.Join(errs...); err != nil {
		return signal, errclass.With(errclass.Config, fmt.Errorf("%s of job %q: %w", verb, to.Job, err))
	}
	return s.store.Send(to.Job, signal)
}

// refuses tells why a table's copy cannot be told what a verb says.
func (to *Signalled) refuses(verb plugin.Verb, table record.Name) error {
	for _, one := range to.Copying.Tables {
		if one.Table == table && one.First && (verb == plugin.SignalStop || verb == plugin.SignalSnapshot) {
			return fmt.Errorf("table %s was added to the list and is being copied for the first time: pause and resume it, or take it off the list", table)
		}
	}
	return nil
}

// When says when a signal is going to be obeyed.
func (to *Signalled) When() string {
	if to.Holder == "" {
		return "the job is not running: its next run obeys"
	}
	return "the job (" + to.Holder + ") obeys within about a second"
}

// Said spells a signal.
func Said(s plugin.Signal) string {
	names := make([]string, len(s.Tables))
	for i, t := range s.Tables {
		names[i] = t.String()
	}
	if len(names) == 0 {
		return string(s.Verb) + " of all tables that are being copied"
	}
	return string(s.Verb) + " of " + strings.Join(names, ", ")
}
