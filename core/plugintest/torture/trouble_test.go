package torture

import (
	"context"
	"math"
	"math/rand/v2"
	"syscall"
	"time"
)

// trouble is what happens to jobs, servers and networks while the writers write
// and while the jobs catch up.
type trouble struct {
	*trial
	random  *rand.Rand
	tally   *tally
	writing context.Context // ends with the writers
}

// run makes trouble, spread over the transactions, and then kills each job some
// times more while it catches up.
func (x *trouble) run(ctx context.Context) {
	if x.mode != "" {
		x.copying(ctx)
	}
	part := int64(writers*x.load.transactions) / int64(x.load.troubles+1)
	for i := range int64(x.load.troubles) {
		x.tally.allow((i + 2) * part) // the writers go on meanwhile
		if !x.tally.reach(ctx, (i+1)*part) {
			return
		}
		x.moment(ctx, 200)
		if to := x.targets[0].disturbed(); x.broken && to != nil && i == int64(x.load.troubles/2) {
			x.kill(ctx, to, x.targets[0].label())
			continue
		}
		x.one(ctx)
	}
	x.tally.allow(math.MaxInt64)
	<-x.writing.Done()
	for range 2 {
		for _, c := range x.jobs {
			x.moment(ctx, 400)
			x.events.note("kill -9 of job %s, which catches up", c.name)
			x.check(c.again())
		}
	}
}

// copying kills jobs that copy, and those that go on with the log already.
func (x *trouble) copying(ctx context.Context) {
	if x.past {
		return
	}
	x.tally.allow(int64(writers * x.load.transactions / 3))
	for range 1 + x.load.troubles/3 {
		for _, c := range x.jobs {
			x.moment(ctx, 1500)
			x.events.note("kill -9 of job %s", c.name)
			x.check(c.again())
		}
	}
}

// moment lets a random time pass.
func (x *trouble) moment(ctx context.Context, ms int) {
	t := time.NewTimer(time.Duration(x.random.IntN(ms)) * time.Millisecond)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

func (x *trouble) check(err error) {
	if err != nil {
		x.fail(err)
	}
}

// one makes one trouble.
func (x *trouble) one(ctx context.Context) {
	r := x.random
	n := r.IntN(len(x.targets))
	victim, name := x.source.victim(), "the source"
	if to := x.targets[n].disturbed(); to != nil && r.IntN(2) == 0 {
		victim, name = to, x.targets[n].label()
	}
	what := r.IntN(8)
	if what == 4 && x.load.brief && victim.slow {
		what = 3
	}
	switch what {
	case 0, 1, 2:
		x.events.note("kill -9 of job %s", x.jobs[n].name)
		x.check(x.jobs[n].again())
	case 3:
		x.kill(ctx, victim, name)
	case 4:
		x.events.note("restart of %s", name)
		victim.gate.shut()
		victim.server.Restart()
		victim.gate.unlock()
	case 5:
		x.events.note("the network to %s is cut", name)
		victim.server.Cut()
		x.moment(ctx, 500)
		victim.server.Restore()
	case 6:
		x.events.note("the network to %s stalls", name)
		victim.server.Stall()
		x.moment(ctx, 800)
		if r.IntN(2) == 0 {
			x.events.note("kill -9 of job %s meanwhile", x.jobs[n].name)
			x.check(x.jobs[n].again())
		}
		victim.server.Restore()
	case 7:
		x.events.note("another log")
		if _, err := x.source.ask(x.rotate); err != nil {
			x.events.note("rotating: %v", err)
		}
	}
}

// kill kills a server and starts it again.
func (x *trouble) kill(ctx context.Context, v *victim, name string) {
	x.events.note("kill -9 of %s", name)
	v.gate.shut()
	v.server.Kill()
	x.moment(ctx, 300)
	v.server.Restart()
	v.gate.unlock()
}

// kill ends the job, whatever it does.
func (c *child) kill() {
	c.mu.Lock()
	l := c.life
	c.mu.Unlock()
	if l == nil {
		return
	}
	select {
	case <-l.ended:
	default:
		_, _ = c.end(syscall.SIGKILL)
	}
}
