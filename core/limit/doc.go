// Package limit bounds the rows and bytes per second of a whole job. All
// channels of a job share one [Limiter], so that the budget goes to whoever
// has rows, and no channel is promised a share it does not use.
//
// It is a token bucket of golang.org/x/time/rate per unit. The bucket holds
// 100 ms of the rate and begins empty: there is no burst at the start and none
// after a pause. Waiting is done in pieces no larger than the bucket, so that
// a batch larger than it passes, and channels take turns. Nothing of datasync
// is imported.
package limit
