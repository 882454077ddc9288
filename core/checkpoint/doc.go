// Package checkpoint knows how far a job durably is and keeps it.
//
// [Tracker] follows every batch from the Source to the Sink's word that it is
// durable; [Coordinator] stores what the Tracker knows, commits what Sinks
// prepared, and owns the job's [Checkpoint]; a [Store] keeps checkpoints
// ([FileStore]: one folder per job).
//
// Invariants, named at the lines that enforce them:
//
//	I1  no position is stored before its rows, and the dirty rows among them, are durable
//	I2  the source is told only after the position is stored
//	I3  every row is written, dirty, filtered by the job, held in state stored with the position, or re-read; never dropped
//	I4  order holds within a split and per key
//	I5  a crash at any instant is recoverable
//	I6  nothing is silently coerced or truncated
//	I7  a position is a place where the source can be begun again exactly; in a change stream, the end of a transaction
//	I8  a snapshot that hands over to a log knows the log position before its first row
//	I9  a plan is stored before its first row and never made again
//	I10 of two runs of a job at most one can store a position or commit
package checkpoint
