// Package sqlservercdc follows the changes of SQL Server's tables that change
// data capture (CDC) has put into change tables: every change, in the order of
// the commits, once.
//
// With start.mode initial the rows that are there come first: each table is cut
// into chunks, whose views package handover corrects by what is captured from
// before they are opened to after that. What a SELECT shows is ahead of what is
// captured, so that high is the end of the log, and is waited for.
//
// The changes are one endless split. CDC's capture job reads the server's log and
// writes each change of a captured table into the change tables of its capture
// instances, under the LSN of its commit, the LSN of the change, and an
// operation (1 delete, 2 insert, 3 and 4 the row before and after an update).
// The source asks every pollInterval how far the capture job is, takes a window
// of commits, opens one stream for each capture instance that has changes in
// it, and merges the streams by (commit LSN, change LSN, operation).
//
// Invariants:
//   - Only the LSN of a whole commit is a position.
//   - A window is read of one capture instance per table: it ends before the
//     first commit that a newer instance of some table has. So the shape of a
//     table's rows changes between windows alone.
//   - Nothing is passed over silently: an instance whose oldest change is beyond
//     the position (retention, CDC switched off and on), is gone, or loses rows
//     while they are read, is an error of class PositionLost.
//   - What the change tables do not have is absent, never NULL: large values
//     that an update has not changed, text and image as they were before.
//     Columns that are not captured, or computed, are no columns of the rows.
//   - Values are the cells that reader/sqlserver makes of them.
//   - Memory is bounded by what the driver reads ahead, two blocks of 256 KiB
//     for each instance with changes, whatever the size of a transaction.
//   - Low, of a view, was captured before it, and what is being committed then is
//     waited for; high is the log's end after it, up to which everything is
//     captured before a row is handed on. Changes at high and before it, of rows
//     that were copied, are left out.
//   - Beside the changes, between two windows, a table is copied by package
//     handover's Copier: when a signal asks for it, or it came to the list. Its rows
//     come when the changes are read up to what they show, and from the capture
//     instance that they were defined by.
//   - The source never dials again: it ends with an error of class Transient,
//     and the engine opens the next one at the last position.
//
// server.go asks the server, catalog.go knows the capture instances and when a
// table goes over to a newer one, capture.go how the rows of one are read,
// window.go merges streams, row.go makes rows of what they have, source.go puts
// rows and positions into batches, probe.go says what is missing at the server.
//
// plan.go cuts tables, view.go opens views of chunks, and piece.go what they are
// where no view stands still; between.go reads what happened around a view,
// logend.go waits for the capture job, copied.go leaves out what was copied,
// asking.go compares keys, anew.go is about lost positions. beside.go copies
// beside the changes, list.go knows what has become of the list of tables, and
// signal.go what stored splits say of signals.
package sqlservercdc
