// Package mysql reads tables, views and statements of MySQL, MariaDB and TiDB
// in bulk.
//
// A split is one SELECT, streamed through the binary protocol and decoded from
// the read buffer into the batch that is to be filled. Rows come in order of a
// key, so that a split that was interrupted goes on after the last key that is
// durable: in order of the primary key, which costs the server nothing; of
// splitPk where range splits read by another index; of orderByColumn where it
// is given. Rows of equal keys, where the key is not unique, are never parted
// by a position. Without a usable key a split is read in no order and starts
// over when it is interrupted.
//
// Invariants:
//   - The plan's splits hold each row exactly once (package sqlkit).
//   - The order is part of the stored split: a changed index does not change
//     the order of a run that is resumed.
//   - A value that cannot be read as what it is (a zero date) makes its row
//     dirty; it is never replaced silently.
//   - A table whose definition changes during the run stops the job.
//
// Package mysqlkit has the connection, the types and the protocol; package
// sqlkit the planning.
package mysql
