package kafka

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/kafkakit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// ledgerWriter keeps positions in a compacted topic, in the transactions that
// the rows are in.
//
// The ledger's keys are JSON lists: ["job","run"] the newest run and how many
// transactional ids the job has ever used, ["job","split","0/range/3"] how far a
// split is, and ["job","state","log"] what its reader keeps beside that.
type ledgerWriter struct{ *writer }

var _ plugin.Ledger = (*ledgerWriter)(nil)

// claimed is the text of a job's run.
type claimed struct {
	Run uint64 `json:"run"`
	IDs int    `json:"ids"`
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

// Claim implements [plugin.Ledger]: every transactional id that the job has
// used is begun anew, which fences earlier runs and ends what they had under
// way; then the ledger says what they have committed.
func (w *ledgerWriter) Claim(ctx context.Context, job string, least uint64) (run uint64, stored []plugin.Progress, err error) {
	ledger, err := w.ledger(ctx)
	if err != nil {
		return 0, nil, unkept(err)
	}
	c, err := w.run(ctx, ledger, job)
	if err != nil {
		return 0, nil, err
	}
	client, err := w.connection()
	if err != nil {
		return 0, nil, err
	}
	for channel := range max(1, c.IDs) {
		if err := client.Fence(ctx, w.config.Producer.Producer, transactionalID(job, channel)); err != nil {
			return 0, nil, unkept(err)
		}
	}
	texts, err := ledger.Read(ctx, jobPrefix(job))
	if err != nil {
		return 0, nil, err
	}
	if stored, err = progress(texts); err != nil {
		return 0, nil, err
	}
	c.Run, c.IDs = max(least, c.Run+1), max(1, c.IDs)
	return c.Run, stored, w.note(ctx, ledger, job, c)
}

// unkept tells lack of rights, with which a job can go on without a ledger.
func unkept(err error) error {
	if errclass.Of(err) == errclass.Permanent {
		return fmt.Errorf("%w: %w", plugin.ErrNoLedger, err)
	}
	return err
}

func (w *writer) run(ctx context.Context, ledger *kafkakit.Ledger, job string) (c claimed, err error) {
	key := ledgerKey(job, "run")
	texts, err := ledger.Read(ctx, key)
	if err != nil || texts[string(key)] == nil {
		return c, err
	}
	if err := json.Unmarshal(texts[string(key)], &c); err != nil {
		return c, fmt.Errorf("reading topic %s: the run of job %q: %w", w.config.LedgerTopic, job, err)
	}
	return c, nil
}

func (w *writer) note(ctx context.Context, ledger *kafkakit.Ledger, job string, c claimed) error {
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return ledger.Put(ctx, w.config.Producer.Producer, ledgerKey(job, "run"), text)
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
	ledger, err := w.ledger(ctx)
	if err != nil {
		if errors.Is(unkept(err), plugin.ErrNoLedger) {
			return nil
		}
		return err
	}
	c, err := w.run(ctx, ledger, job)
	if err != nil || c.IDs == 0 {
		return err
	}
	client, err := w.connection()
	if err != nil {
		return err
	}
	for channel := range c.IDs { // a killed run's transaction may hold some of what is read next
		if err := client.Fence(ctx, w.config.Producer.Producer, transactionalID(job, channel)); err != nil {
			return err
		}
	}
	texts, err := ledger.Read(ctx, jobPrefix(job))
	if err != nil {
		return err
	}
	var pairs [][]byte
	for key := range texts {
		if key != string(ledgerKey(job, "run")) {
			pairs = append(pairs, []byte(key), nil)
		}
	}
	if len(pairs) == 0 {
		return nil
	}
	return ledger.Put(ctx, w.config.Producer.Producer, pairs...)
}

// register notes, before it is used, that the job has a channel's id.
func (w *writer) register(ctx context.Context, ledger *kafkakit.Ledger, t plugin.Task) error {
	w.naming.Lock()
	defer w.naming.Unlock()
	if t.Channel < w.named {
		return nil
	}
	c, err := w.run(ctx, ledger, t.Job)
	if err != nil {
		return err
	}
	if c.Run != t.Run {
		return errclass.With(errclass.Fenced, fmt.Errorf("run %d of job %q was taken over by run %d", t.Run, t.Job, c.Run))
	}
	c.IDs = max(c.IDs, t.Of)
	if err := w.note(ctx, ledger, t.Job, c); err != nil {
		return err
	}
	w.named = c.IDs
	return nil
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
