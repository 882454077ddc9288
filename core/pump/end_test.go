package pump_test

import (
	"context"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// bare is a split of one row and its mark that ends without another.
type bare struct{ from []byte }

func (r *bare) plan() []plugin.Progress {
	return []plugin.Progress{{Split: plugin.Split{ID: "s"}, Position: r.from}}
}
func (r *bare) Close() error { return nil }
func (r *bare) Open(_ context.Context, from plugin.Progress) (plugin.Source, error) {
	return &bareSource{read: from.Position != nil}, nil
}

type bareSource struct{ read bool }

func (s *bareSource) Close() error { return nil }
func (s *bareSource) Fill(_ context.Context, b *record.Batch) error {
	if s.read {
		return io.EOF
	}
	s.read = true
	b.Begin(record.NewSchema(record.Name{Table: "t"}, []record.Column{{Name: "k", Kind: record.Int64}}, 0), record.Insert)
	b.Int64(1)
	b.Mark([]byte(`{"at":1}`), time.Time{})
	return nil
}

// noter is a ledger that notes the last mark that it is given.
type noter struct {
	keeper
	last record.Mark
}

func (n *noter) Open(context.Context, plugin.Task) (plugin.Sink, error) { return noterSink{n}, nil }

type noterSink struct{ of *noter }

func (s noterSink) Close() error { return nil }
func (s noterSink) Write(_ context.Context, b *record.Batch) error {
	for _, m := range b.Marks() {
		m.Position = slices.Clone(m.Position)
		s.of.last = m
	}
	return nil
}

// TestEndKeepsThePosition ends a split without a mark, in the run that has read
// it and in one that begins at its end: where a ledger keeps the marks alone, how
// far the split was must be in the last one, for the next run goes on from there.
func TestEndKeepsThePosition(t *testing.T) {
	for _, from := range []string{"", `{"at":1}`} {
		source, to := &bare{}, &noter{keeper: keeper{&follower{}}}
		if from != "" {
			source.from = []byte(from)
		}
		if _, err := run(t.Context(), t.Context(), source, to, [2]int{1, 1}, &memoryStore{}, &bin{}); err != nil {
			t.Fatal(err)
		}
		if !to.last.Done || string(to.last.Position) != `{"at":1}` {
			t.Errorf("from %q: the split has ended with %+v", from, to.last)
		}
	}
}
