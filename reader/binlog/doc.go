// Package binlog follows the binary log of MySQL and MariaDB: every change of
// the tables that are read, in the order of their commits.
//
// A job has one split, the log, which never ends. Where a fresh run begins is
// found when the job is planned, and stored with the split ([LogSpec]) together
// with what the tables are there; a run that ends before its first position
// begins there again. Positions are ends of transactions ([Position]): a GTID
// set where the server has GTIDs, file and offset otherwise, always with the
// server's identity. What the tables are is the state beside a position.
//
// Invariants:
//   - Only the end of a transaction is a position. One longer than
//     maxTransactionRows may be cut: its position is its begin and the number
//     of its changes that are delivered, which are read again and passed over.
//   - Nothing of the log is passed over silently: a position that the server
//     cannot go on from is an error of class PositionLost, a change that is in
//     the log as a statement one of class Permanent.
//     With onPositionLost snapshot the first of these has the job planned anew
//     ([plugin.ErrReplan]), with a copy of the tables.
//   - An XA transaction's rows are read when it is committed; positions behind
//     it name it as long as it is not (xa.go).
//   - The live tables are asked for their columns once, when the job is
//     planned, and at a place of the log that no statement can move away from
//     (seed); from there on the log itself says how they change.
//   - What is not yet read waits at the server: the source reads from its
//     connection within Fill, into one buffer, and the server keeps its session
//     however long nobody reads.
//   - A source never connects again: it ends with an error of class Transient,
//     and the engine opens the next one at the last position.
//
// The parts, from the connection up: mysqlkit.Dump is the stream of events;
// follower knows where in the log they are and what transaction is open; tables
// keeps how the rows of each table map are read (binlogkit); source puts rows
// and positions into batches; reader plans and opens.
//
// With start.mode initial the rows that are there come first, in chunks (package
// handover), and the split of the log when all chunks have ended, from where the
// log stood before the first of them. A chunk is a SELECT in a transaction of its
// own (view.go): around it the log is read by a source for that table alone, from
// a place whose changes are all visible (settle.go) to one whose later changes
// cannot be. (*source).unshown leaves out of the log what the chunks have shown
// (copied.go). Where a table is still to be copied when the log is read already,
// as one that was set aside, the log waits.
package binlog
