// Package handover joins a snapshot of tables to the log of their changes:
// first each row once, then every change that the row does not show yet, no
// gap and no double, without a lock and without writing to the source.
//
// A table is read in chunks by its key. For each a view of the table is opened
// between two readings of the log's position, low and high. What the log says
// of the table between the two, which the view may show or not, is gathered in
// a [Window]: the rows of the view whose keys it knows are left out, and the
// state of these keys at high is handed on instead. So the chunk is exactly
// the table's state at high, however long it is read and without holding it in
// memory. A chunk that is interrupted goes on after its last key in a new view:
// the keys before stand at the old high, those after at the new one.
//
// Where a database has no view that stands still, a piece of a chunk is read
// row by row and held in memory: what the log says from before the piece until
// after it corrects the piece, and the chunk goes on in the next.
//
// When all chunks are done the log is read from where it stood before the
// first view. A [Filter] leaves out what a chunk's high covers already.
//
// This is the method of DBLog (Andreakis, Papapanagiotou: "DBLog: A
// Watermark-Based Change-Data-Capture Framework", 2020) with log positions for
// watermarks, as Flink CDC has it, and with the correction moved from the end
// of a chunk to its beginning, which bounds the memory by the changes of a
// moment.
//
// Invariants:
//   - Low is a position that every change at or before is visible in the view.
//   - High is read after the view is open: nothing after it is visible there. Of
//     a piece it is read after the last row of that.
//   - The log is begun at a position read before the first view (I8).
//
// A system supplies [Views]; its log reader asks a [Filter].
package handover
