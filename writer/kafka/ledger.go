package kafka

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/kafkakit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// ledgerWriter keeps positions in a compacted topic, in the transactions that
// the rows are in.
//
// The ledger's keys are JSON lists: ["job","run"] the newest run, ["job","id","3"]
// that the job has ever used this channel's transactional id,
// ["job","split","0/range/3"] how far a split is, and ["job","state","log"] what
// its reader keeps beside that.
//
// Of two runs at once one writes (I10). A run is taken, in a transaction of the
// first id, before the ids are begun anew; a sink looks for a newer run after it
// has begun its own. So a sink has begun either before its id was begun anew, and
// is fenced, or after that, and finds the newer run.
type ledgerWriter struct{ *writer }

var _ plugin.Ledger = (*ledgerWriter)(nil)

// claimed is the text of a job's run.
type claimed struct {
	Run uint64 `json:"run"`
}

// settled is the text of a split.
type settled struct {
	Plan     uint64          `json:"plan"`
	Position json.RawMessage `json:"position,omitempty"`
	Done     bool            `json:"done,omitempty"`
}

// kept is the text of a split's state.
type kept struct {
	Plan  uint64          `json:"plan"`
	State json.RawMessage `json:"state"`
}

func ledgerKey(parts ...string) []byte {
	key, err := json.Marshal(parts)
	if err != nil {
		panic(err) // texts always can be encoded
	}
	return key
}

// jobPrefix begins all keys of a job.
func jobPrefix(job string) []byte { return append(bytes.TrimSuffix(ledgerKey(job), []byte("]")), ',') }

// transactionalID names one channel of a job at the brokers.
func transactionalID(job string, channel int) string {
	return fmt.Sprintf("datasync-%s-%d", job, channel)
}

// ledger returns the ledger's topic.
func (w *writer) ledger(ctx context.Context) (*kafkakit.Ledger, error) {
	client, err := w.connection()
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.keeps == nil {
		w.keeps, err = client.Ledger(ctx, w.config.LedgerTopic)
	}
	return w.keeps, err
}

// Claim implements [plugin.Ledger]: the run is taken, every transactional id
// that the job has used is begun anew, which fences earlier runs and ends what
// they had under way; then the ledger says what they have committed.
func (w *ledgerWriter) Claim(ctx context.Context, job string, least uint64) (run uint64, stored []plugin.Progress, err error) {
	run, stored, err = w.claim(ctx, job, least)
	if kafkakit.Denied(err) { // with what rights there are the job can go on without a ledger
		err = fmt.Errorf("%w: %w", plugin.ErrNoLedger, err)
	}
	return run, stored, err
}

func (w *ledgerWriter) claim(ctx context.Context, job string, least uint64) (run uint64, stored []plugin.Progress, err error) {
	ledger, err := w.ledger(ctx)
	if err != nil {
		return 0, nil, err
	}
	if run, err = w.takeRun(ctx, ledger, job, least); err != nil {
		return 0, nil, err
	}
	if err := w.fence(ctx, ledger, job); err != nil {
		return 0, nil, err
	}
	texts, end, err := ledger.Read(ctx, jobPrefix(job), 0)
	if err != nil {
		return 0, nil, err
	}
	w.naming.Lock()
	w.seen = end
	w.naming.Unlock()
	stored, err = progress(texts)
	return run, stored, err
}

// takeRun notes the next run. Of two that do this at once one is fenced.
func (w *writer) takeRun(ctx context.Context, ledger *kafkakit.Ledger, job string, least uint64) (run uint64, err error) {
	client, err := w.connection()
	if err != nil {
		return 0, err
	}
	p, err := client.NewTransactional(ctx, w.config.Producer.Producer, nil, transactionalID(job, 0))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	newest, err := w.newest(ctx, ledger, job, 0)
	if err != nil {
		return 0, err
	}
	run = max(least, newest+1)
	text, err := json.Marshal(claimed{run})
	if err != nil {
		return 0, err
	}
	if err := p.Put(ctx, ledger.Lane(p), ledgerKey(job, "run"), text); err != nil {
		return 0, err
	}
	return run, p.Commit(ctx)
}

// fence begins the job's transactional ids anew. What was committed with them
// can be read then, which it need not be when a commit is answered.
func (w *writer) fence(ctx context.Context, ledger *kafkakit.Ledger, job string) error {
	client, err := w.connection()
	if err != nil {
		return err
	}
	ids, _, err := ledger.Read(ctx, append(bytes.TrimSuffix(ledgerKey(job, "id"), []byte("]")), ','), 0)
	if err != nil {
		return err
	}
	for channel := 0; channel == 0 || ids[string(idKey(job, channel))] != nil; channel++ {
		if err := client.Fence(ctx, w.config.Producer.Producer, transactionalID(job, channel)); err != nil {
			return err
		}
	}
	return nil
}

func idKey(job string, channel int) []byte { return ledgerKey(job, "id", strconv.Itoa(channel)) }

// newest returns the newest run that the ledger has from an offset on; 0: none.
func (w *writer) newest(ctx context.Context, ledger *kafkakit.Ledger, job string, from int64) (run uint64, err error) {
	key := ledgerKey(job, "run")
	texts, _, err := ledger.Read(ctx, key, from)
	if err != nil || texts[string(key)] == nil {
		return 0, err
	}
	var c claimed
	if err := json.Unmarshal(texts[string(key)], &c); err != nil {
		return 0, fmt.Errorf("reading topic %s: the run of job %q: %w", w.config.LedgerTopic, job, err)
	}
	return c.Run, nil
}

// progress reads the splits of a job.
func progress(texts map[string][]byte) ([]plugin.Progress, error) {
	var stored []plugin.Progress
	for key, text := range texts {
		var parts []string
		if err := json.Unmarshal([]byte(key), &parts); err != nil || len(parts) != 3 || parts[1] != "split" {
			continue
		}
		var s settled
		if err := json.Unmarshal(text, &s); err != nil {
			return nil, fmt.Errorf("reading the ledger: split %s: %w", parts[2], err)
		}
		p := plugin.Progress{Split: plugin.Split{ID: parts[2]}, Position: s.Position, Done: s.Done, Plan: s.Plan}
		var k kept
		if text := texts[string(ledgerKey(parts[0], "state", parts[2]))]; text != nil {
			if err := json.Unmarshal(text, &k); err != nil {
				return nil, fmt.Errorf("reading the ledger: state of split %s: %w", parts[2], err)
			}
			if k.Plan == s.Plan {
				p.State = k.State
			}
		}
		stored = append(stored, p)
	}
	return stored, nil
}

// Forget implements [plugin.Ledger]. The run and the ids stay: what they name
// must be fenced by whoever comes next.
func (w *ledgerWriter) Forget(ctx context.Context, job string) error {
	err := w.forget(ctx, job)
	if kafkakit.Denied(err) {
		return nil // nor does Claim take positions where they cannot be removed
	}
	return err
}

func (w *writer) forget(ctx context.Context, job string) error {
	ledger, err := w.ledger(ctx)
	if err != nil {
		return err
	}
	if newest, err := w.newest(ctx, ledger, job, 0); err != nil || newest == 0 {
		return err
	}
	if err := w.fence(ctx, ledger, job); err != nil { // a killed run's transaction may hold some of what is read next
		return err
	}
	texts, _, err := ledger.Read(ctx, jobPrefix(job), 0)
	if err != nil {
		return err
	}
	var pairs [][]byte
	for key := range texts {
		var parts []string
		if err := json.Unmarshal([]byte(key), &parts); err == nil && len(parts) == 3 && parts[1] != "id" {
			pairs = append(pairs, []byte(key), nil)
		}
	}
	if len(pairs) == 0 {
		return nil
	}
	return ledger.Put(ctx, w.config.Producer.Producer, pairs...)
}

// register notes, before they are used, that the job has its channels' ids.
func (w *writer) register(ctx context.Context, ledger *kafkakit.Ledger, t plugin.Task) error {
	w.naming.Lock()
	defer w.naming.Unlock()
	if t.Channel < w.named {
		return nil
	}
	var pairs [][]byte
	for channel := w.named; channel < t.Of; channel++ {
		pairs = append(pairs, idKey(t.Job, channel), []byte("{}"))
	}
	if err := ledger.Put(ctx, w.config.Producer.Producer, pairs...); err != nil {
		return err
	}
	w.named = t.Of
	return nil
}

// current refuses a sink, whose producer has begun, if a newer run has taken the
// job over meanwhile.
func (w *writer) current(ctx context.Context, ledger *kafkakit.Ledger, t plugin.Task) error {
	w.naming.Lock()
	seen := w.seen
	w.naming.Unlock()
	newest, err := w.newest(ctx, ledger, t.Job, seen)
	if err == nil && newest > t.Run {
		err = errclass.With(errclass.Fenced, fmt.Errorf("run %d of job %q was taken over by run %d", t.Run, t.Job, newest))
	}
	return err
}

// entry appends what a mark is in the ledger: pairs of key and text.
func entry(job string, plan uint64, m *record.Mark) (pairs [][]byte, err error) {
	text, err := json.Marshal(settled{Plan: plan, Position: m.Position, Done: m.Done})
	if err != nil {
		return nil, err
	}
	pairs = [][]byte{ledgerKey(job, "split", m.Split), text}
	if m.State != nil {
		if text, err = json.Marshal(kept{Plan: plan, State: m.State}); err != nil {
			return nil, err
		}
		pairs = append(pairs, ledgerKey(job, "state", m.Split), text)
	}
	return pairs, nil
}
