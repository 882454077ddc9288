// Package pgwal reads the changes of PostgreSQL's tables from the write-ahead
// log, decoded by pgoutput through a replication slot.
//
// A job has one endless split: the slot and where its stream begins. The slot
// and the publication are made when the job is planned, before any row of the
// tables is read (I8), and are kept: only -fresh with another slotName, or the
// administrator, gives them up. With onPositionLost snapshot a position that is
// lost has the job planned anew ([plugin.ErrReplan]), with a copy of the tables
// and a slot that is made where there is none.
//
// With start.mode initial the rows that are there come first, in chunks (package
// handover), and the split of the log when all chunks have ended. A chunk is a
// SELECT in a transaction whose snapshot says which transactions it shows; the
// log is filtered by that. Where a table is still to be copied when the log is
// read already, as one that was set aside, the log waits.
//
// Invariants:
//   - A position is the end of a transaction, or a place that the server says
//     it has sent everything before, outside of a transaction. A transaction that
//     is cut has places inside: its begin, and how many of its changes stand
//     before (place.go). That is where maxTransactionRows asks for it, and before
//     a schema change of a table of which the transaction has changed rows.
//   - What comes of a transaction before its end (streaming) waits in files, and
//     is read back as if it came at the end (spool.go, streamed.go).
//   - Nothing is written to the source but a heartbeat that was asked for
//     (heartbeat.go).
//   - The server is told of a position once it is stored: it keeps the log from
//     there on.
//   - A value that the log leaves out, unchanged and stored out of line, is
//     absent, never NULL. With REPLICA IDENTITY FULL it is taken from the row as
//     it was.
//   - A position that the slot has passed, or whose slot is gone or of another
//     cluster, is an error of class PositionLost: nothing is skipped in silence.
//   - Values are the cells that reader/postgresql makes of them.
//
// Tables that a signal names, or that came to the list, are copied amid the log
// (package handover; beside.go, list.go, signal.go).
//
// message.go and row.go read messages, relation.go knows the tables that they
// refer to, slot.go what is at the server, keeper.go keeps the stream alive;
// anew.go is about lost positions, snapshot.go cuts tables, view.go reads chunks, visible.go tells what they show.
package pgwal
