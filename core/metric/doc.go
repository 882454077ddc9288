// Package metric counts what a job does, under FlinkX's names, and reports it:
// as the text block that ends a job, as JSON, and to Prometheus.
//
// A [Meter] belongs to one job. Channels add to shards of their own, once per
// batch, and never wait for each other or for a report. Counts can be taken
// back (rows that are going to be read again), so that they are gauges and not
// counters to Prometheus.
//
// numRead = numWrite + nErrors + numFiltered holds whenever no row is under
// way; a row is counted as written or as dirty, never as both. byteRead and
// byteWrite count the bytes of values (8 per scalar). readDuration and
// writeDuration are milliseconds summed over the channels.
//
// A [Hub] shows the jobs of a process to Prometheus, which asks a [Server] or is
// served by a [Pusher] through a gateway; [Figures] lists the names. What plugins
// publish ([Job.Gauge]) ends before they are closed; the other figures of a job
// stay as they were at its end for as long as the process lives. Nothing here
// makes a job fail.
//
// Nothing of datasync but error classes is imported; the types mirror what the engine counts,
// so that a conversion is all that stands between them.
package metric
