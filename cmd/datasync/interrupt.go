package main

import (
	"context"
	"os"
	"time"
)

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
		for _, cancel := range []context.CancelFunc{cancelStop, cancelNow} {
			select {
			case <-signals:
				cancel()
			case <-i.quit:
				return
			}
		}
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

// end stops listening.
func (i *interrupt) end() {
	close(i.quit)
	<-i.done
}
