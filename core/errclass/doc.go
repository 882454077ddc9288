// Package errclass says what an error means to the engine: whether to try
// again, set a row aside, stop for good or blame the job file.
//
// An error is classified once, where it is born (each kit has one Classify
// with its vendor's codes), by wrapping it with [With]. Everybody else asks
// [Of] and never matches text. An error that nobody classified is [Permanent].
//
// A writer refuses single rows of a batch with [Rows]. A row's [Reason] is
// finer than the four classes that job reports know; [Reason.Group] folds it.
package errclass
