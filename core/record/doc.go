// Package record is the rows in flight.
//
// A [Batch] holds rows of one or of several schemas: a head of 8 bytes per
// row, row-major cells of 16 bytes without pointers, and one byte arena for
// everything that does not fit a cell, so that filling and reading a batch
// allocates nothing and the garbage collector never scans it. A [Row] is a
// view into a batch, passed by value.
//
// The batch is also the unit of commit: a source says with [Batch.Mark] from
// where its split can be begun again after these rows.
//
// Everything that a batch hands out (rows, bytes, schemas by index) is
// borrowed: valid until the call that lent the batch returns. Batches are not
// safe for concurrent use; schemas are immutable and shared freely.
//
// The package knows nothing of plugins, files or the engine.
package record
