package main

import (
	"os"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

// TestEndings leaves a SIGHUP that is ignored alone.
func TestEndings(t *testing.T) {
	for _, ignored := range []bool{false, true} {
		all := endings(func(s os.Signal) bool { return ignored && s == syscall.SIGHUP })
		if slices.Contains(all, os.Signal(syscall.SIGHUP)) == ignored || !slices.Contains(all, os.Signal(syscall.SIGTERM)) {
			t.Errorf("ignored is %t: %v", ignored, all)
		}
	}
}

func TestListen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // time is virtual within
		signals := make(chan os.Signal, 2)
		i := listen(signals)
		defer i.end()
		synctest.Wait()
		if i.stop.Err() != nil || i.now.Err() != nil {
			t.Fatal("ended before a signal")
		}
		signals <- syscall.SIGTERM
		<-i.stop.Done()
		synctest.Wait()
		if i.now.Err() != nil {
			t.Fatal("the first signal ended the job at once")
		}
		signals <- syscall.SIGTERM
		synctest.Wait()
		if i.now.Err() != nil {
			t.Fatal("the echo of the first signal ended the job at once")
		}
		time.Sleep(echo) //nolint:forbidigo // virtual
		signals <- syscall.SIGTERM
		<-i.now.Done()
		begin := time.Now()
		<-i.abandoned
		if waited := time.Since(begin); waited != abandonAfter {
			t.Errorf("given up after %v, want %v", waited, abandonAfter)
		}
	})
}

func TestListenEnds(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	for n := range 3 {
		signals := make(chan os.Signal, 2)
		for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM}[:n] {
			signals <- s
		}
		i := listen(signals)
		if n > 0 {
			<-i.stop.Done()
		}
		if n > 1 {
			<-i.now.Done()
		}
		i.end()
		if i.stop.Err() == nil || i.now.Err() == nil {
			t.Errorf("%d signals: contexts live on after end", n)
		}
	}
}
