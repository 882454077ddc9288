package checkpoint

import (
	"slices"
	"sync"
	"time"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// Tracker knows of every split which batches are durable, and so how far the
// split is: at the mark of the last batch before which all are. It may be used
// by several goroutines.
type Tracker struct {
	mu     sync.Mutex
	tracks map[string]*track
	order  []*track // in the order of the plan
	tokens [][]byte // by channel
	counts Counts   // of the rows that are durable and behind a position, or of finished splits
	tables tableTotals
	onDone func(split string)
}

// track is one split.
type track struct {
	progress plugin.Progress
	entries  []entry   // batches that are not behind the position yet
	base     uint64    // sequence number of entries[0]
	settled  int       // entries[:settled] are durable, but no mark is known after them
	at       time.Time // how far the position is in the source's time; zero: unknown
	joined   uint64    // no entry before this one is a position: it was written as one with an earlier one
}

type entry struct {
	rows   bool
	marked bool
	parts  int // that are not durable yet
	mark   record.Mark
	counts Counts
	tables Tables
}

// Ticket stands for one batch on its way.
type Ticket struct {
	track *track
	seq   uint64
}

// Later tells that k was issued after before, for the same split.
func (k Ticket) Later(before Ticket) bool { return k.track == before.track && k.seq > before.seq }

// Follows tells that k was issued right after before, for the same split.
func (k Ticket) Follows(before Ticket) bool { return k.track == before.track && k.seq == before.seq+1 }

// NewTracker returns a tracker that has counted from counts and stands at
// tokens. onDone is called, without locks held, when a split has ended durably.
func NewTracker(counts Counts, tokens [][]byte, onDone func(split string)) *Tracker {
	return &Tracker{tracks: map[string]*track{}, counts: counts, tokens: slices.Clone(tokens), onDone: onDone}
}

// Add takes splits into the plan, with how far they are.
func (t *Tracker) Add(splits []plugin.Progress) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range splits {
		tr := &track{progress: p}
		t.tracks[p.Split.ID] = tr
		t.order = append(t.order, tr)
	}
}

// Issue takes note of a batch as its Source hands it out, in order. read
// counts what came in with it. The batch goes to that many sinks in parts: the
// ticket is to be settled for each.
func (t *Tracker) Issue(b *record.Batch, read Counts, parts int) Ticket {
	e := entry{rows: b.Len() > 0, parts: parts, counts: read}
	e.tables.Read(b)
	t.mu.Lock()
	defer t.mu.Unlock()
	tr := t.tracks[b.Split()]
	if marks := b.Marks(); len(marks) > 0 {
		e.mark, e.marked = marks[0], true
	}
	tr.entries = append(tr.entries, e)
	return Ticket{track: tr, seq: tr.base + uint64(len(tr.entries)) - 1}
}

// Settlement says of one ticket, or of one part of it, that it is durable.
type Settlement struct {
	Ticket Ticket
	Counts Counts // what was counted on the way, beside reading
	Tables Tables // the same, by table
	Joined bool   // written as one with the next settlement's ticket, of the same split: there is no position between the two
}

// Settle says that all that the tickets stand for is durable. For a Sink that
// prepared, token replaces the channel's token in the same instant as the
// positions move; nil leaves it.
func (t *Tracker) Settle(channel int, token []byte, settled []Settlement) {
	var done []string
	t.mu.Lock()
	if token != nil {
		for len(t.tokens) <= channel {
			t.tokens = append(t.tokens, nil)
		}
		t.tokens[channel] = token
	}
	for i, s := range settled {
		k := s.Ticket
		e := &k.track.entries[k.seq-k.track.base]
		e.parts--
		e.counts.Add(s.Counts)
		e.tables.addAll(s.Tables)
		if s.Joined {
			k.track.joined = max(k.track.joined, settled[i+1].Ticket.seq)
		}
	}
	for _, s := range settled {
		if t.advance(s.Ticket.track) {
			done = append(done, s.Ticket.track.progress.Split.ID)
		}
	}
	t.mu.Unlock()
	for _, id := range done {
		t.onDone(id)
	}
}

// advance moves the position over durable batches, to the last mark among
// them, and tells whether the split has ended by that. (I1, I3: a position
// moves only over batches that are all settled.)
func (t *Tracker) advance(tr *track) (ended bool) {
	behind := 0 // entries that are behind the last mark found
	for ; tr.settled < len(tr.entries) && tr.entries[tr.settled].parts == 0; tr.settled++ {
		e := &tr.entries[tr.settled]
		if e.rows && tr.progress.Position == nil {
			tr.progress.Begun = true
		}
		if !e.marked {
			continue
		}
		if tr.base+uint64(tr.settled) < tr.joined {
			tr.passOn(e.mark.State)
			continue
		}
		behind = tr.settled + 1
		if e.mark.Position != nil {
			tr.progress.Position, tr.progress.Begun = e.mark.Position, false
		}
		if !e.mark.At.IsZero() {
			tr.at = e.mark.At
		}
		if e.mark.State != nil {
			tr.progress.State = e.mark.State
		}
		if e.mark.Done && !tr.progress.Done {
			tr.progress.Done, tr.progress.Begun, ended = true, false, true
		}
	}
	if behind == 0 {
		return ended
	}
	for i := range behind {
		t.counts.Add(tr.entries[i].counts)
		t.tables.add(tr.entries[i].tables)
	}
	tr.base += uint64(behind)
	tr.entries = append(tr.entries[:0], tr.entries[behind:]...)
	tr.settled -= behind
	return ended
}

// Begin notes, before the first row goes out, that rows of the split may be
// at the destination though no position is known.
func (t *Tracker) Begin(split string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p := &t.tracks[split].progress; p.Position == nil {
		p.Begun = true
	}
}

// Rewind forgets the batches of a split that are not behind its position:
// they will be read again. It returns what they had counted; no ticket of
// theirs may be used afterwards.
func (t *Tracker) Rewind(split string) (undone Counts) {
	t.mu.Lock()
	defer t.mu.Unlock()
	tr := t.tracks[split]
	for i := range tr.entries {
		undone.Add(tr.entries[i].counts)
	}
	tr.base += uint64(len(tr.entries))
	tr.entries, tr.settled = nil, 0
	return undone
}

// SetAside notes that a split is given up with an error. Its batches on the way
// are settled as ever, and its position holds.
func (t *Tracker) SetAside(split string, why error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tracks[split].progress.Err = why.Error()
}

// passOn gives the state of a mark that is no position to the next one, unless
// that has one of its own: nil there means that it is as before.
func (tr *track) passOn(state []byte) {
	if state == nil {
		return
	}
	for i := tr.settled + 1; i < len(tr.entries); i++ {
		if next := &tr.entries[i]; next.marked {
			if next.mark.State == nil {
				next.mark.State = state
			}
			return
		}
	}
}

// SetTableAside notes that the changes of a table are left out from the split's
// position on.
func (t *Tracker) SetTableAside(split string, table record.Name, why error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := &t.tracks[split].progress
	p.Aside = append(slices.Clone(p.Aside), plugin.TableAside{Table: table, Position: p.Position, Err: why.Error()})
}

// TakeTableBack notes that the changes of a table are no longer left out of any
// split; false: they were not.
func (t *Tracker) TakeTableBack(table record.Name) (was bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, tr := range t.order {
		rest := slices.DeleteFunc(slices.Clone(tr.progress.Aside), func(a plugin.TableAside) bool { return a.Table == table })
		if len(rest) < len(tr.progress.Aside) {
			tr.progress.Aside, was = rest, true
		}
	}
	return was
}

// Reset replaces what is known of splits by what a ledger says.
func (t *Tracker) Reset(stored []plugin.Progress) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range stored {
		if tr := t.tracks[p.Split.ID]; tr != nil {
			tr.progress.Position, tr.progress.State, tr.progress.Done, tr.progress.Begun = p.Position, p.State, p.Done, false
		}
	}
}

// Progress returns how far a split durably is.
func (t *Tracker) Progress(split string) plugin.Progress {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.tracks[split].progress
}

// At returns how far the job durably is in the source's time: the split that is
// farthest behind counts, of those that have not ended and say so. Zero: unknown.
func (t *Tracker) At() (at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, tr := range t.order {
		if !tr.at.IsZero() && !tr.progress.Done && tr.progress.Err == "" && (at.IsZero() || tr.at.Before(at)) {
			at = tr.at
		}
	}
	return at
}

// Snapshot returns how far all splits are, the tokens that belong to these
// positions, and the counts of the rows behind them, as of one instant.
func (t *Tracker) Snapshot() (plan []plugin.Progress, tokens [][]byte, counts Counts) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.snapshot()
}

func (t *Tracker) snapshot() (plan []plugin.Progress, tokens [][]byte, counts Counts) {
	plan = make([]plugin.Progress, len(t.order))
	for i, tr := range t.order {
		plan[i] = tr.progress
	}
	return plan, slices.Clone(t.tokens), t.counts
}
