// Package sqlwrite is the writer that all SQL systems share: the keys of a job
// file, which table and columns a row goes to, keys and modes, changes folded
// by key, conversion to the target's kinds, transactions with marks in them
// (the ledger), tables created on request, definitions compared before the
// first row, preSql and postSql.
//
// A system supplies a [Driver]; its plugin is [New] with its configuration.
//
// A Write is taken in the open transaction, under a savepoint where there are
// rows before it. The transaction is committed at a mark after 8 MiB or a
// second, and by Flush; marks go into the ledger's table within it.
//
// Invariants:
//   - A row is written, or refused by name in an *errclass.Rows; a batch of
//     which a row was refused is taken back as a whole.
//   - A value reaches the target as it is, or its row is refused.
//   - No key occurs twice in the rows of one [Session.Write] that finds rows by
//     key.
//   - Marks are stored in the transaction of their rows, by the newest run
//     alone (I10).
//
// The engine owns the transactions and the loops over batches, the driver the
// statements and every byte on the wire.
package sqlwrite
