package pump_test

import (
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/pump"
)

func TestFailureRate(t *testing.T) {
	gone := errclass.With(errclass.Transient, errors.New("refused"))
	for name, tt := range map[string]struct {
		rate     *pump.Rate
		failures int // before it works
		takes    time.Duration
		err      string
	}{
		"three within a minute":       {pump.NewRate(3, time.Minute), 100, 20 * time.Second, "giving up after 3 errors within 1m0s: refused"},
		"two, and then it works":      {pump.NewRate(3, time.Minute), 2, 20 * time.Second, ""},
		"never three in 15 seconds":   {pump.NewRate(3, 15*time.Second), 50, 500 * time.Second, ""},
		"three in exactly 20 seconds": {pump.NewRate(3, 20*time.Second), 50, 20 * time.Second, "giving up after 3 errors within 20s: refused"},
		"none is too many":            {pump.NewRate(0, time.Minute), 1, 0, "giving up after 1 errors within 1m0s: refused"},
	} {
		synctest.Test(t, func(t *testing.T) {
			start, failures := time.Now(), 0
			err := pump.Retry{Delay: 10 * time.Second, Rate: tt.rate}.Do(t.Context(), slog.New(slog.DiscardHandler), "testing", func() error {
				if failures++; failures <= tt.failures {
					return gone
				}
				return nil
			})
			if took := time.Since(start); took != tt.takes || tt.err == "" && err != nil || tt.err != "" && (err == nil || err.Error() != tt.err) {
				t.Errorf("%s: %v after %v, want %q after %v", name, err, took, tt.err, tt.takes)
			}
		})
	}
}

func TestChannelsSeeOneTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rate := pump.NewRate(3, time.Minute)
		errs := make([]error, 8)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() {
				<-time.After(time.Duration(i) * time.Second) // in the bubble's time: each sees it a little later
				failures := 0
				errs[i] = pump.Retry{Delay: 10 * time.Second, Rate: rate}.Do(t.Context(), slog.New(slog.DiscardHandler), "testing", func() error {
					if failures++; failures <= 2 {
						return errclass.With(errclass.Transient, errors.New("refused"))
					}
					return nil
				})
			})
		}
		all.Wait()
		for i, err := range errs {
			if err != nil {
				t.Errorf("channel %d: %v; two outages that eight channels saw count as sixteen", i, err)
			}
		}
		err := pump.Retry{Delay: time.Second, Rate: rate}.Do(t.Context(), slog.New(slog.DiscardHandler), "testing", func() error {
			return errclass.With(errclass.Transient, errors.New("refused"))
		})
		if err == nil || !strings.HasPrefix(err.Error(), "giving up after 3 errors") {
			t.Errorf("the third outage: %v", err)
		}
	})
}
