package checkpoint

import (
	"context"
	"log/slog"
	"sync"

	"github.com/datasync-io/datasync/core/plugin"
)

// Acks are the open sources that want to know what is stored. It may be used
// by several goroutines.
type Acks struct {
	mu      sync.Mutex
	sources map[string]*acked // by split
}

// acked is one source; mu is held while it is told.
type acked struct {
	mu   sync.Mutex
	to   plugin.Acker
	told string // the position told last
	gone bool
}

// Add has a source told from now on of the positions of its split; the
// function it returns ends that, after the call under way.
func (a *Acks) Add(split string, to plugin.Acker) (remove func()) {
	s := &acked{to: to}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sources == nil {
		a.sources = map[string]*acked{}
	}
	a.sources[split] = s
	return func() {
		a.mu.Lock()
		if a.sources[split] == s {
			delete(a.sources, split)
		}
		a.mu.Unlock()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.gone = true
	}
}

// tell says what is stored now. (I2: it is called after the position is.)
func (a *Acks) tell(ctx context.Context, plan []plugin.Progress, log *slog.Logger) {
	for _, p := range plan {
		a.mu.Lock()
		s := a.sources[p.Split.ID]
		a.mu.Unlock()
		if s == nil || p.Position == nil {
			continue
		}
		if err := s.tell(ctx, p.Position); err != nil {
			log.Warn("telling the source how far the job is; it is told the next position instead", "split", p.Split.ID, "error", err)
		}
	}
}

func (s *acked) tell(ctx context.Context, position []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone || s.told == string(position) {
		return nil
	}
	if err := s.to.Ack(ctx, position); err != nil {
		return err
	}
	s.told = string(position)
	return nil
}
