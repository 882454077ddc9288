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
//
// # Amid the log
//
// A [Copier] copies tables while their log is read, within the Source that reads
// it: a table again when a signal asks for it, or one that was added to the
// list. This is DBLog proper. At a place of the log where it can be begun again
// the next rows behind the last key are read from a view, in a goroutine of
// their own, into a chunk that is held in memory. The log goes on; what it
// says of the table's keys meanwhile is noted. When the log's reader has passed
// the view's high, the rows that are not noted are handed on, and a mark whose
// state has the last key. So every row that is handed on is the table's at that place
// of the log. Of a table that was added ([Copy].First) the changes of keys that are
// not copied yet are left out, and noted rows are handed on as the log has them.
//
// A reader keeps one [Signals] for its whole life (plugin.Signaler puts into it),
// and [Copies] in the state of its marks. Its Source makes a [Copier] of both
// when it is opened, and
//
//   - where no transaction is open, before it reads on, asks Next: Hand says to call
//     Copier.Hand until that is done, and to give a mark with the state at once;
//     Note says to give a mark with the state, with rows or without; Wait says to
//     come back soon although the log has nothing (Reading tells when); ReadOn
//     says nothing;
//   - when it puts the state into a mark, calls Noted;
//   - for each transaction in which Copies(table) is true of some table calls Begin,
//     and Skip for each row of such a table that it would hand on, after its own
//     filters: true leaves the row out. The other half of a key-changing update
//     is unlinked then;
//   - calls Altered for each DDL of a table, Forget for tables that are gone or off
//     the list, Add for one that was added once the log is where the table's
//     definition was read: all of its changes before are left out;
//   - ends with Close.
//
// High of a view may be any place that the log's reader will pass; View.Changes is
// not called.
//
// An error of a view does not end the stream: a transient one is tried again
// later; one that will not pass ends the copy, and pauses that of a table that was
// added until a signal resumes it.
package handover
