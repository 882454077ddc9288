// Package postgresql writes rows into tables of PostgreSQL and of systems that
// speak its protocol.
//
// Rows are inserted by COPY FROM STDIN, in binary, or in text where the binary
// form of a column's type is not known; what the server refuses it names by the
// row's number. An upsert is a COPY into a temporary table and one INSERT ... ON
// CONFLICT from there. What finds rows otherwise (deletes, changes of some
// columns, keys without a unique index, accounts without temporary tables) is a
// statement whose parameters are one array for each column. Package sqlwrite has
// everything else: keys, modes, tables, conversion, transactions, the ledger.
//
// Invariants:
//   - A savepoint, and the beginning of a transaction, go out with the rows that
//     follow: a batch costs one round trip.
//   - Deferrable constraints are checked with each statement, so that a COMMIT
//     refuses no rows.
//   - An identity column that is written has the values of the rows; its sequence
//     is moved by resetSequences alone.
//   - A value that PostgreSQL would cut, round or refuse is found before anything
//     of its row is sent (package pgkit).
package postgresql
