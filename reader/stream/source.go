package stream

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
	"golang.org/x/time/rate"
)

// source generates the rows of one split.
type source struct {
	schema     *record.Schema
	generators []generator
	spec       spec
	seed       uint64 // of the split
	next       int64  // number of the next row, from 0
	limit      *rate.Limiter
}

// burst is how long a full bucket lasts: short, so that the rate is even, and
// long enough for the clock of the operating system.
const burst = 20 * time.Millisecond

func newSource(r *reader, s spec, at int64) *source {
	src := &source{schema: r.schema, generators: r.generators, spec: s, next: at,
		seed: mix(mix(s.Seed+golden) + uint64(s.Channel)*golden)}
	if perSecond := r.config.PermitsPerSecond; perSecond > 0 {
		full := max(1, int(perSecond*burst.Seconds()))
		src.limit = rate.NewLimiter(rate.Limit(perSecond), full)
		src.limit.AllowN(time.Now(), full) // begin empty
	}
	return src
}

var _ plugin.Source = (*source)(nil)

// Fill generates rows up to a full batch, as many as the rate allows at once,
// or the end. Every row is a place to begin again.
func (s *source) Fill(ctx context.Context, b *record.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.limit != nil && !s.ended() {
		if err := s.limit.Wait(ctx); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("waiting for a permit: %w", err)
		}
	}
	for !s.ended() {
		s.row(b)
		if b.Full() || s.limit != nil && !s.limit.Allow() {
			break
		}
	}
	s.mark(b)
	if s.ended() {
		return io.EOF
	}
	return nil
}

func (s *source) ended() bool { return s.spec.Rows > 0 && s.next >= s.spec.Rows }

func (s *source) row(b *record.Batch) {
	b.Begin(s.schema, record.Insert)
	x := mix(s.seed + uint64(s.next)*golden)
	id := s.next*int64(s.spec.Of) + int64(s.spec.Channel) + 1
	for _, generate := range s.generators {
		x += golden
		generate(b, mix(x), id)
	}
	s.next++
}

func (s *source) mark(b *record.Batch) {
	p := make([]byte, 0, 64)
	p = append(p, `{"v":1,"at":"`...)
	p = strconv.AppendInt(p, s.next, 10)
	p = append(p, `","row":`...)
	p = strconv.AppendInt(p, s.next, 10)
	b.Mark(append(p, '}'), time.Time{})
}

// Close has nothing to end.
func (s *source) Close() error { return nil }
