package launcher

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/checkpoint"
	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
)

// begin decides what this run is, from what an earlier one has left: fresh,
// the rest of an unfinished one, or only the last hook of a finished one. The
// checkpoint it returns is stored but for a resumed one.
func (r *Runner) begin(ctx context.Context) (*checkpoint.Checkpoint, error) {
	old, err := r.store.Load(ctx, r.id)
	if err != nil {
		if !r.o.Fresh {
			return nil, err
		}
		r.o.Log.Warn("starting over: saved state that cannot be read is given up", "job", r.id, "error", err)
		if err := r.store.Forget(r.id); err != nil {
			return nil, err
		}
	}
	switch {
	case old == nil:
	case r.o.Fresh:
		r.givesUp(old)
	case endedInPart(old): // what was set aside is a part of the next plan
	case old.Finished && !old.AfterDone:
		if err := r.same(old); err != nil {
			return nil, err
		}
		old.Run++
		return old, r.adopt(ctx, old)
	case old.Unfinished() && (r.o.Resume || r.job.Setting.Restore.IsRestore || goesOn(old.Plan)):
		c, err := r.resume(ctx, old)
		if !errors.Is(err, plugin.ErrReplan) {
			return c, err
		}
		r.o.Log.Warn("starting over: what is left of an unfinished run does not apply any longer", "job", r.id, "reason", err)
	case old.Unfinished():
		r.o.Log.Warn("starting over; an unfinished run of this job is left behind: -resume would go on with it",
			"job", r.id, "rowsWritten", old.Counters.Written, "splitsDone", ended(old.Plan), "splits", len(old.Plan))
	}
	return r.fresh(ctx, old)
}

// givesUp says what -fresh forgets.
func (r *Runner) givesUp(old *checkpoint.Checkpoint) {
	said := []any{"job", r.id, "rowsWritten", old.Counters.Written, "splitsDone", ended(old.Plan), "splits", len(old.Plan)}
	switch {
	case old.Unfinished():
		r.o.Log.Warn("starting over: the position of an unfinished run is given up; rows that it has written stay at the destination", said...)
	case old.Finished && !old.AfterDone:
		r.o.Log.Warn("starting over: the last step of a run that had moved all rows is given up", said...)
	case len(remembered(old.Plan)) > 0:
		r.o.Log.Warn("starting over: where the last run has ended is forgotten, all rows are read again", said...)
	}
}

// ended counts the splits that have ended.
func ended(plan []plugin.Progress) (n int) {
	for _, p := range plan {
		if p.Done {
			n++
		}
	}
	return n
}

// fresh makes and stores a new plan (I9).
func (r *Runner) fresh(ctx context.Context, old *checkpoint.Checkpoint) (*checkpoint.Checkpoint, error) {
	c := &checkpoint.Checkpoint{Version: checkpoint.Version, Job: r.id, Fingerprint: r.fingerprint(), Title: r.title(), Reader: r.pipe.Reader.Plugin, Run: 1}
	if old != nil {
		c.Run, c.Epoch = old.Run+1, old.Epoch
		switch {
		case r.o.Fresh: // what was remembered is forgotten
		case old.Finished || endedInPart(old):
			c.Last = remembered(old.Plan)
		default:
			c.Last = old.Last
		}
	}
	if w, ok := r.writer.(plugin.Committer); ok {
		if err := w.Discard(ctx, c.Epoch, nil); err != nil {
			return nil, fmt.Errorf("removing what an earlier run has left: %w", err)
		}
	}
	splits := []plugin.Split{{ID: "0"}}
	if s, ok := r.reader.(plugin.Splitter); ok {
		var err error
		if splits, err = s.Splits(ctx, plugin.Plan{Channels: r.job.Setting.Speed.Readers(), Last: c.Last}); err != nil {
			return nil, fmt.Errorf("planning: %w", err)
		}
	}
	c.Plan, c.PlanRun = starts(splits), c.Run
	// Marks of another plan are known by its run's number, which only the
	// stored state keeps from being used again.
	if old == nil {
		if err := r.forget(ctx); err != nil {
			return nil, err
		}
		return c, r.store.Save(ctx, c)
	}
	if err := r.store.Save(ctx, c); err != nil {
		return nil, err
	}
	return c, r.forget(ctx)
}

// forget removes the marks of earlier runs from the destination.
func (r *Runner) forget(ctx context.Context) error {
	w, ok := r.writer.(plugin.Ledger)
	if !ok {
		return nil
	}
	if err := w.Forget(ctx, r.id); err != nil {
		return fmt.Errorf("removing what an earlier run has left: %w", err)
	}
	return nil
}

// goesOn tells that an unfinished run is gone on with though nobody asks for it:
// its reader remembers where it was, or has no end.
func goesOn(plan []plugin.Progress) bool {
	return slices.ContainsFunc(plan, func(p plugin.Progress) bool { return p.Split.Endless || p.Split.Leads || p.Split.Remembers })
}

// endedInPart tells that an unfinished run of a reader that remembers where it
// was has nothing left but what was set aside: the next run reads all of it, and
// of the others what is new.
func endedInPart(c *checkpoint.Checkpoint) bool {
	if !c.Unfinished() || len(aside(c.Plan)) == 0 {
		return false
	}
	return !slices.ContainsFunc(c.Plan, func(p plugin.Progress) bool {
		return !p.Split.Remembers || p.Split.Endless || !p.Done && p.Err == ""
	})
}

// remembered is what of a finished plan the next one begins with.
func remembered(plan []plugin.Progress) []plugin.Progress {
	var last []plugin.Progress
	for _, p := range plan {
		if p.Split.Remembers {
			last = append(last, p)
		}
	}
	return last
}

func starts(splits []plugin.Split) []plugin.Progress {
	plan := make([]plugin.Progress, len(splits))
	for i, s := range splits {
		plan[i].Split = s
	}
	return plan
}

// resume takes up an unfinished run.
func (r *Runner) resume(ctx context.Context, c *checkpoint.Checkpoint) (*checkpoint.Checkpoint, error) {
	if err := r.same(c); err != nil {
		return nil, err
	}
	c.Fingerprint, c.Reader = r.fingerprint(), r.pipe.Reader.Plugin
	c.Run++
	if err := r.adopt(ctx, c); err != nil {
		return nil, err
	}
	if err := r.overtake(ctx, c); err != nil {
		return nil, err
	}
	r.again(c.Plan)
	if s, ok := r.reader.(plugin.Resumer); ok {
		plan, err := s.Resume(ctx, r.job.Setting.Speed.Readers(), c.Plan)
		if err != nil {
			return nil, fmt.Errorf("going on with the last run: %w", err)
		}
		c.Plan = plan
	} else {
		for i := range c.Plan {
			if !c.Plan[i].Done {
				c.Plan[i].Begun = c.Plan[i].Begun || c.Plan[i].Position != nil
				c.Plan[i].Position = nil
			}
		}
	}
	if err := r.repeatable(c.Plan); err != nil {
		return nil, err
	}
	if g := r.Guarantee(); g != exactlyOnce {
		r.o.Log.Warn("rows that were written after the last stored position are written again", "job", r.id, "guarantee", g)
	}
	return c, nil
}

// overtake asks a ledger how far endless splits are, before their reader may
// regroup them: what it knows of a split means nothing to those that follow it.
func (r *Runner) overtake(ctx context.Context, c *checkpoint.Checkpoint) error {
	w, ok := r.writer.(plugin.Ledger)
	if !ok || !endless(c.Plan) {
		return nil
	}
	run, stored, err := w.Claim(ctx, r.id, c.Run)
	if errors.Is(err, plugin.ErrNoLedger) {
		return nil // said by the attempt, which asks again
	}
	if err != nil {
		return fmt.Errorf("claiming the job at the destination: %w", err)
	}
	c.Run = run
	for _, p := range stored {
		if i := slices.IndexFunc(c.Plan, func(q plugin.Progress) bool { return q.Split.ID == p.Split.ID }); i >= 0 && p.Plan == c.PlanRun {
			c.Plan[i].Position, c.Plan[i].State, c.Plan[i].Done, c.Plan[i].Begun = p.Position, p.State, p.Done, false
		}
	}
	return nil
}

// again takes splits up that were set aside, save those whose rows would be
// doubled.
func (r *Runner) again(plan []plugin.Progress) {
	_, undoes := r.writer.(plugin.Committer)
	_, keeps := r.writer.(plugin.Ledger)
	for i := range plan {
		p := &plan[i]
		switch {
		case p.Err == "" || p.Done:
		case p.Begun && !undoes && !keeps && !r.idempotent():
			r.o.Log.Warn("a split stays set aside: its reader gives no position to go on from, and rows of it are written already", "split", p.Split.ID, "error", p.Err)
		default:
			p.Err = ""
		}
	}
}

// adopt commits what an earlier run has prepared and removes the rest.
func (r *Runner) adopt(ctx context.Context, c *checkpoint.Checkpoint) error {
	w, ok := r.writer.(plugin.Committer)
	if !ok {
		return nil
	}
	if err := w.Commit(ctx, c.Epoch, c.Tokens); err != nil {
		return fmt.Errorf("committing what the last run has prepared: %w", err)
	}
	if err := w.Discard(ctx, c.Epoch, c.Tokens); err != nil {
		return fmt.Errorf("removing what the last run has not committed: %w", err)
	}
	return nil
}

// same refuses what a run of another job has left.
func (r *Runner) same(c *checkpoint.Checkpoint) error {
	if c.Fingerprint == r.fingerprint() || slices.Contains(r.fingerprintsBefore(), c.Fingerprint) {
		return nil
	}
	return errclass.With(errclass.PositionLost, fmt.Errorf(
		"the unfinished run of job %q (%s) was of another job file: what it reads or writes differs from this one (%s); -fresh starts over, another -jobName keeps both", r.id, c.Title, r.title()))
}

// repeatable refuses to read splits again whose rows would be doubled.
func (r *Runner) repeatable(plan []plugin.Progress) error {
	_, undoes := r.writer.(plugin.Committer)
	_, keeps := r.writer.(plugin.Ledger)
	if undoes || keeps || r.idempotent() {
		return nil
	}
	for _, p := range plan {
		if p.Begun && !p.Done && p.Err == "" {
			return errclass.With(errclass.PositionLost, fmt.Errorf(
				"split %s cannot be taken up again: its reader gives no position to go on from, and rows of it are written already; empty the destination and start over with -fresh", p.Split.ID))
		}
	}
	return nil
}

func (r *Runner) idempotent() bool {
	w, ok := r.writer.(plugin.Idempotent)
	return ok && w.Idempotent()
}

// tuning are parameters that do not change what is read or written.
var tuning = []string{"username", "password", "fetchSize", "queryTimeOut", "connectTimeOut", "startLocation", "pollingInterval", "pollingLag", "snapshot", "batchSize", "flushIntervalMills", "properties",
	"print", "permitsPerSecond", "preSql", "postSql", "producerSettings", "consumerSettings", "boundedMode", "session", "onPositionLost", "onEventFailure",
	"statusInterval", "maxTransactionRows", "streaming", "heartbeat"}

// routing are parameters that say where rows of a stream of changes go from now
// on: a table that comes needs a topic, and a registry moves.
var routing = []string{"tableIdToTopicMapping", "createTopics", "topicPartitions", "topicReplication", "topicConfig", "schemaRegistry"}

// fingerprint tells jobs apart: it covers what is read, what becomes of it and
// what is written, not how fast or as whom, nor a list of tables that the reader
// can do with another one of.
func (r *Runner) fingerprint() string {
	if !r.readsChanges() {
		return r.fingerprintOf(r.lists(), nil)
	}
	return r.fingerprintOf(r.lists(), routing)
}

// fingerprintsBefore are those of versions that could not do with another list,
// or with other routes.
func (r *Runner) fingerprintsBefore() []string {
	return []string{r.fingerprintOf(nil, nil), r.fingerprintOf(r.lists(), nil)}
}

// lists are the parameters of the reader that may be others.
func (r *Runner) lists() []string {
	if l, ok := r.reader.(plugin.Relister); ok {
		return l.Relists()
	}
	return nil
}

// fingerprintOf leaves these parameters of the reader, and of the writer, out.
func (r *Runner) fingerprintOf(lists, routes []string) string {
	h := sha256.New()
	for _, op := range []struct {
		name      string
		parameter *config.Decoder
		others    []string
	}{{r.pipe.Reader.Plugin, r.pipe.Reader.Parameter, lists}, {r.pipe.Writer.Plugin, r.pipe.Writer.Parameter, routes}} {
		var keys map[string]json.RawMessage
		d := json.NewDecoder(bytes.NewReader(config.Masked(op.parameter.Node())))
		_ = d.Decode(&keys) // it was read before
		for _, k := range tuning {
			delete(keys, k)
		}
		maps.DeleteFunc(keys, func(k string, _ json.RawMessage) bool {
			return slices.ContainsFunc(op.others, func(l string) bool { return strings.EqualFold(k, l) })
		})
		text, _ := json.Marshal(keys) // in the order of the keys
		fmt.Fprintf(h, "%s %s\n", op.name, text)
	}
	for _, n := range []*config.Node{r.pipe.Transformer, r.pipe.NameMapping} {
		if n != nil {
			h.Write(config.Masked(n))
		}
	}
	if n := r.pipe.TableColumns; n != nil && !r.readsChanges() { // a stream goes on under new rules
		h.Write(config.Masked(n))
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}
