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
//     the log as a statement, or may still be rolled back, one of class
//     Permanent.
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
// A snapshot that hands over to the log finds here what it needs:
//   - (*server).seed returns the log's end before the first row of a snapshot,
//     and the definitions there; newLogSpec makes of them the split that the
//     log is gone on with (split), from that place.
//   - (*server).end is a watermark at any later time: two of them, around a
//     SELECT, bound the changes that the SELECT may have seen.
//   - (*reader).scan reads the log between two places on a connection of its
//     own; newTables, tables.take and tables.rows decode the rows of its events
//     into a batch, with the same schemas as those of the stream.
//   - binlogkit.SchemaOf says the columns to select, and their order, for rows
//     that are the same as those of the log.
//   - (*source).rows is where a change is delivered or not: a source that has
//     to leave out what a snapshot has already seen decides it there.
package binlog
