package plugintest

import (
	"context"
	"testing"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// session is one process of a job that writes: it calls a writer in the order
// in which the engine does.
type session struct {
	t      testing.TB
	w      plugin.Writer
	sinks  []plugin.Sink
	closed bool
}

// begin starts a process with that many sinks. A fresh one shapes and runs
// Before; one that resumes commits the tokens of epoch and discards the rest.
func (s *WriterSuite) begin(t testing.TB, d Destination, sinks int, fresh bool, epoch uint64, tokens [][]byte) *session {
	t.Helper()
	p := &session{t: t, w: d.New(t)}
	t.Cleanup(p.crash)
	ctx := t.Context()
	if c, ok := p.w.(plugin.Committer); ok {
		if len(tokens) > 0 {
			p.must("committing stored tokens", c.Commit(ctx, epoch, tokens))
		}
		p.must("discarding leftovers", c.Discard(ctx, epoch, tokens))
	}
	if shaper, ok := p.w.(plugin.Shaper); ok {
		p.must("shaping", shaper.Shape(ctx, s.Schemas))
	}
	if hooks, ok := p.w.(plugin.Hooks); ok && fresh {
		p.must("running Before", hooks.Before(ctx))
	}
	run := uint64(1)
	if !fresh {
		run = 2
	}
	for i := range sinks {
		sink, err := p.w.Open(ctx, plugin.Task{Job: "contract", Run: run, Channel: i, Of: sinks})
		p.must("opening a sink", err)
		p.sinks = append(p.sinks, sink)
	}
	return p
}

func (p *session) must(what string, err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatalf("%s: %v", what, err)
	}
}

// write gives a batch to the first sink.
func (p *session) write(ctx context.Context, b *record.Batch) error {
	return within(func() error { return p.sinks[0].Write(ctx, b) })
}

// prepare does what a checkpoint does before it is stored.
func (p *session) prepare(epoch uint64) (tokens [][]byte) {
	p.t.Helper()
	for _, sink := range p.sinks {
		if f, ok := sink.(plugin.Flusher); ok {
			p.must("flushing", f.Flush(p.t.Context()))
		}
		if pre, ok := sink.(plugin.Preparer); ok {
			token, err := pre.Prepare(p.t.Context(), epoch)
			p.must("preparing", err)
			if token != nil {
				tokens = append(tokens, append([]byte(nil), token...))
			}
		}
	}
	return tokens
}

// commit does what a checkpoint does after it is stored.
func (p *session) commit(epoch uint64, tokens [][]byte) {
	p.t.Helper()
	if c, ok := p.w.(plugin.Committer); ok {
		p.must("committing", c.Commit(p.t.Context(), epoch, tokens))
	}
}

// checkpoint is prepare and commit.
func (p *session) checkpoint(epoch uint64) [][]byte {
	p.t.Helper()
	tokens := p.prepare(epoch)
	p.commit(epoch, tokens)
	return tokens
}

// finish ends the run as one that succeeded, with a last checkpoint.
func (p *session) finish(epoch uint64) {
	p.t.Helper()
	p.checkpoint(epoch)
	for _, sink := range p.sinks {
		p.must("closing a sink", within(sink.Close))
	}
	p.sinks = nil
	if hooks, ok := p.w.(plugin.Hooks); ok {
		p.must("running After", hooks.After(p.t.Context()))
	}
	p.closed = true
	p.must("closing the writer", within(p.w.Close))
}

// crash closes everything and nothing more. A session that has ended ignores it.
func (p *session) crash() {
	if p.closed {
		return
	}
	p.closed = true
	for _, sink := range p.sinks {
		if err := within(sink.Close); err != nil {
			p.t.Logf("closing a sink: %v", err)
		}
	}
	if err := within(p.w.Close); err != nil {
		p.t.Errorf("closing the writer: %v", err)
	}
}

// twoPhase tells whether sinks are Preparers.
func (p *session) twoPhase() bool {
	_, ok := p.sinks[0].(plugin.Preparer)
	return ok
}
