// Package pump moves batches from sources to sinks.
//
//	splits ─▶ Source.Fill ─▶ limit ─▶ inbox ─▶ transform ─▶ Sink.Write ─▶ Tracker
//	   ▲            │ marks                         │ rows refused ─▶ dirty
//	   └──── byte budget ◀──────── release ◀────────┘ error ─▶ new attempt from the last durable mark
//
// A lane is what fails and starts again together: sources, an inbox and
// sinks. With as many sources as sinks every pair is a lane of its own;
// otherwise, and where a Ledger makes all sinks share one truth, there is one
// lane. Sources take splits from one [Queue], so a fat split does not idle the
// others. Several sinks of a lane take whole batches from one inbox; where the
// order of a split or its atomicity matters (endless splits, Preparer), all
// batches of a split go to one sink, and with a Ledger every source has its
// own.
//
// A sink that is slow finds several batches waiting and gets them as one, up
// to a batch's target: batches grow exactly when the destination is slow, and
// nobody lingers.
//
// The pump declares what it needs of a limiter, a dirty sink, a transform and
// a meter, and is the only place that retries: an Open, a Write where Write
// alone makes durable, and otherwise the lane's attempt.
package pump
