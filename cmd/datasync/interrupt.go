package main

import (
	"context"
	"os"
	"time"
)

// echo is for how long a signal may be delivered twice.
const echo = 200 * time.Millisecond

// interrupt turns signals into contexts.
type interrupt struct {
	stop      context.Context // ends with the first signal: drain, save, end
	now       context.Context // ends with the second one: end at once
	abandoned <-chan struct{} // closed when even that took too long

	quit chan struct{}
	done chan struct{}
}

// listen begins to listen, in a goroutine that end awaits.
func listen(signals <-chan os.Signal) *interrupt {
	stop, cancelStop := context.WithCancel(context.Background())
	now, cancelNow := context.WithCancel(context.Background())
	abandoned := make(chan struct{})
	i := &interrupt{stop: stop, now: now, abandoned: abandoned, quit: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(i.done)
		defer cancelStop()
		defer cancelNow()
		first, at := i.await(signals, nil, time.Time{})
		if first == nil {
			return
		}
		cancelStop()
		if second, _ := i.await(signals, first, at); second == nil {
			return
		}
		cancelNow()
		late := time.NewTimer(abandonAfter)
		defer late.Stop()
		select {
		case <-late.C:
			close(abandoned)
			<-i.quit
		case <-i.quit:
		}
	}()
	return i
}

// await returns the next signal and when it came; nil at the end. The same one
// as first, right after it at the time at, is no other: a terminal and a wrapper
// such as timeout or make both pass it on.
func (i *interrupt) await(signals <-chan os.Signal, first os.Signal, at time.Time) (os.Signal, time.Time) {
	for {
		select {
		case s := <-signals:
			if s != first || time.Since(at) >= echo {
				return s, time.Now()
			}
		case <-i.quit:
			return nil, time.Time{}
		}
	}
}

// end stops listening.
func (i *interrupt) end() {
	close(i.quit)
	<-i.done
}
