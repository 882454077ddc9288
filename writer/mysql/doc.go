// Package mysql writes rows into tables of MySQL, MariaDB and TiDB. It is the
// [sqlwrite.Driver] of these systems: the engine there knows the job, this
// package the statements and what the server does with them.
//
// Rows go as parameters of prepared statements that take up to 256 rows, sent
// one behind the other. Inserted rows go by LOAD DATA LOCAL where the server
// takes it. That works as INSERT IGNORE does, so it runs behind a savepoint:
// unless the server has stored every row without a warning, all are taken back
// and inserted. A batch costs one round trip: the savepoint, the statement and
// the rows are sent without waiting for an answer.
//
// Deletes go in sets as well. Changes by key are one small statement for each
// row, sent one behind the other: each tells whether it has found its row, and
// which one failed.
//
// Invariants:
//   - The session is strict, and what a strict session changes silently is
//     refused before it is sent (package mysqlkit).
//   - autocommit is off in a transaction: a statement behind one that has
//     ended it (a deadlock) commits nothing.
//   - Tables without transactions are refused: what a failed statement has
//     done to them could not be taken back.
package mysql
