package job

import (
	"cmp"
	"time"

	"github.com/datasync-io/datasync/core/config"
)

// RestartProperties are [Restart] as Flink's configuration spells it; they win
// over job.setting.restart.
type RestartProperties struct {
	// What is tried after an error that may pass.
	Strategy string `json:"restart-strategy" alias:"restart-strategy.type" enum:"none,off,disable,fixed-delay,fixeddelay,failure-rate,failurerate,exponential-delay,exponentialdelay"`
	// How often fixed-delay tries again; absent, once.
	Attempts *int `json:"restart-strategy.fixed-delay.attempts" alias:"restart-strategy.fixeddelay.attempts" min:"0"`
	// How long fixed-delay waits; absent, one second.
	FixedDelay *config.Duration `json:"restart-strategy.fixed-delay.delay" alias:"restart-strategy.fixeddelay.delay" min:"0"`
	// How many errors failure-rate allows in its interval; absent, one.
	FailureRate *int `json:"restart-strategy.failure-rate.max-failures-per-interval" alias:"restart-strategy.failurerate.max-failures-per-interval" min:"0"`
	// The time that failure-rate counts errors in; absent, one minute.
	FailureInterval *config.Duration `json:"restart-strategy.failure-rate.failure-rate-interval" alias:"restart-strategy.failurerate.failure-rate-interval" min:"0"`
	// How long failure-rate waits; absent, one second.
	FailureDelay *config.Duration `json:"restart-strategy.failure-rate.delay" alias:"restart-strategy.failurerate.delay" min:"0"`
}

// Strategies of [Restart].
const (
	FixedDelay       = "fixedDelay"
	FailureRate      = "failureRate"
	ExponentialDelay = "exponentialDelay" // of Flink's properties only: tried for ever, ever less often
	NoRestart        = "NoRestart"
)

// Restart returns what happens after an error that may pass, of both doors; nil
// where neither says anything. Numbers that the properties leave out are
// Flink's own, even if job.setting.restart has others.
func (j *Job) Restart() *Restart {
	p := j.Properties.RestartProperties
	r := &Restart{}
	r.SetDefaults()
	switch p.Strategy {
	case "":
		return j.Setting.Restart
	case "fixed-delay", "fixeddelay":
		r.Strategy, r.RestartAttempts, r.DelayInterval = FixedDelay, orValue(p.Attempts, 1), orValue(p.FixedDelay, flinkDelay)
	case "failure-rate", "failurerate":
		r.Strategy, r.FailureRate = FailureRate, orValue(p.FailureRate, 1)
		r.FailureInterval, r.DelayInterval = orValue(p.FailureInterval, r.FailureInterval), orValue(p.FailureDelay, flinkDelay)
	case "exponential-delay", "exponentialdelay":
		r.Strategy = ExponentialDelay
	default:
		r.Strategy = NoRestart
	}
	return r
}

// flinkDelay is Flink's own pause before another attempt.
const flinkDelay = time.Second

func orValue[T cmp.Ordered](given *T, other T) T {
	if given != nil {
		return *given
	}
	return other
}
