package limit_test

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/datasync-io/datasync/core/limit"
)

// TestRate lets channels of different appetite run for eleven seconds of
// virtual time and measures the ten after the first.
func TestRate(t *testing.T) {
	for _, tt := range []struct {
		name          string
		rows, bytes   int64 // per second
		batch, width  int   // rows of a batch, bytes of a row
		channels      int
		wantRows      float64 // per second
		startAtMost   int64   // rows in the first 50 ms
		pauseEvery    int     // batches
		pauseDuration time.Duration
	}{
		{"rows", 10000, 0, 1024, 100, 4, 10000, 600, 0, 0},
		{"bytes", 0, 1 << 20, 1024, 100, 3, (1 << 20) / 100.0, 600, 0, 0},
		{"both, rows bind", 1000, 1 << 30, 100, 100, 2, 1000, 100, 0, 0},
		{"a row larger than the bucket", 0, 100000, 1, 50000, 2, 2, 0, 0, 0},
		{"few rows", 5, 0, 1, 10, 3, 5, 0, 0, 0},
		{"negative is none", 10000, -1, 100, 10, 1, 10000, 600, 0, 0},
		{"short stalls are made up", 10000, 0, 100, 10, 1, 10000, 600, 20, 50 * time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := limit.New(tt.rows, tt.bytes)
				ctx, cancel := context.WithCancel(t.Context())
				var passed atomic.Int64
				var wg sync.WaitGroup
				for range tt.channels {
					wg.Go(func() {
						for i := 1; ; i++ {
							if err := l.Wait(ctx, tt.batch, tt.batch*tt.width); err != nil {
								return
							}
							passed.Add(int64(tt.batch))
							if tt.pauseEvery > 0 && i%tt.pauseEvery == 0 {
								time.Sleep(tt.pauseDuration) // virtual: the source stalls
							}
						}
					})
				}
				time.Sleep(50 * time.Millisecond) // virtual, as all that follow
				if n := passed.Load(); n > tt.startAtMost {
					t.Errorf("%d rows passed in the first 50 ms", n)
				}
				time.Sleep(950 * time.Millisecond)
				before := passed.Load()
				time.Sleep(10 * time.Second)
				got := float64(passed.Load()-before) / 10
				cancel()
				wg.Wait()
				slack := float64(tt.batch*tt.channels) / 10 // batches under way at either end
				if off := math.Abs(got - tt.wantRows); off > 0.05*tt.wantRows && off > slack {
					t.Errorf("%.1f rows/s, want %.1f", got, tt.wantRows)
				}
			})
		})
	}
}

func TestUnlimited(t *testing.T) {
	l := limit.New(0, -5)
	if err := l.Wait(t.Context(), math.MaxInt, math.MaxInt); err != nil {
		t.Error(err)
	}
	if rows, bytes := l.Target(); rows != 0 || bytes != 0 {
		t.Errorf("target %d rows, %d bytes", rows, bytes)
	}
}

func TestTarget(t *testing.T) {
	if rows, bytes := limit.New(5000, 3).Target(); rows != 500 || bytes != 1 {
		t.Errorf("target %d rows, %d bytes", rows, bytes)
	}
	if rows, _ := limit.New(math.MaxInt64, 0).Target(); rows != math.MaxInt32 {
		t.Errorf("target %d rows", rows)
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limit.New(1, 0)
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			time.Sleep(time.Second) // virtual
			cancel()
		}()
		begin := time.Now()
		if err := l.Wait(ctx, 1000, 0); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if d := time.Since(begin); d != time.Second {
			t.Errorf("returned after %v", d)
		}
	})
}

func BenchmarkWaitUnbound(b *testing.B) {
	l := limit.New(math.MaxInt64, 0)
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if err := l.Wait(ctx, 1024, 100000); err != nil {
			b.Fatal(err)
		}
	}
}
