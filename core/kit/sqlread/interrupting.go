package sqlread

import "context"

// interrupting interrupts s when ctx ends, until stop is called. After that no
// interruption comes any more, so that [Session.Reusable] says whether one came:
// else it could hit whoever uses the session next.
func interrupting(ctx context.Context, s Session) (stop func()) {
	over := make(chan struct{})
	forget := context.AfterFunc(ctx, func() {
		defer close(over)
		s.Interrupt()
	})
	return func() {
		if !forget() {
			<-over
		}
	}
}
