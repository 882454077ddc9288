package plugintest

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// patience is how long a call that must return may take before it counts as
// hanging. It only bounds a broken plugin; nothing waits for it.
const patience = 30 * time.Second

var errHangs = errors.New("the call does not return")

// property is one sentence of the contract.
type property[S any] struct {
	name  string
	check func(s S, t testing.TB)
}

// suite is what both suites are run by.
type suite[S any] struct {
	self  S
	all   []property[S]
	waive map[string]string
	leaks []goleak.Option
}

// run checks every property as a subtest.
func (s *suite[S]) run(t *testing.T) {
	s.checkWaivers(t)
	for _, p := range s.all {
		t.Run(p.name, func(t *testing.T) { s.property(t, p) })
	}
}

// only checks the properties called names, within t.
func (s *suite[S]) only(t testing.TB, names []string) {
	s.checkWaivers(t)
	for _, name := range names {
		i := slices.IndexFunc(s.all, func(p property[S]) bool { return p.name == name })
		if i < 0 {
			t.Fatalf("no property is called %q", name)
		}
		s.property(t, s.all[i])
	}
}

func (s *suite[S]) checkWaivers(t testing.TB) {
	for _, name := range slices.Sorted(maps.Keys(s.waive)) {
		if !slices.ContainsFunc(s.all, func(p property[S]) bool { return p.name == name }) {
			t.Errorf("waiver %q names no property of the contract", name)
		}
		if s.waive[name] == "" {
			t.Errorf("waiver %q gives no reason", name)
		}
	}
}

// property checks one property, or that its waiver is needed.
func (s *suite[S]) property(t testing.TB, p property[S]) {
	reason, waived := s.waive[p.name]
	if !waived {
		guarded(t, s.self, p, s.leaks)
		return
	}
	failures, _ := Record(t, func(t testing.TB) { guarded(t, s.self, p, s.leaks) })
	if len(failures) == 0 {
		t.Errorf("the waiver is stale: the property holds or does not apply (reason given: %s)", reason)
		return
	}
	t.Skipf("waived: %s", reason)
}

// guarded checks a property and that it leaves no goroutine behind.
func guarded[S any](t testing.TB, s S, p property[S], leaks []goleak.Option) {
	options := append([]goleak.Option{goleak.IgnoreCurrent()}, leaks...)
	t.Cleanup(func() { // registered first, so it runs after the plugin's own cleanups
		if t.Failed() {
			return
		}
		if err := goleak.Find(options...); err != nil {
			t.Errorf("goroutines are left: %v", err)
		}
	})
	p.check(s, t)
}

// within calls f and gives up waiting for it after [patience].
func within(f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return errHangs
	}
}
