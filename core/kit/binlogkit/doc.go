// Package binlogkit reads what is inside the binary log of MySQL and MariaDB:
// row images into batches ([Table]), and the definitions of tables over time
// ([History]).
//
// A row event does not say what its columns are. What is known of them comes
// from the table map that stands before it (with full metadata: names, signs,
// character sets, members, key) and from the table's [Definition] at that place
// of the log, which [History] keeps: seeded once, then changed by each DDL
// statement of the log itself. The live table is never asked about an old event.
//
// Invariants:
//   - A value comes out as a SELECT of it does through mysqlkit: the same kind,
//     the same digits, the same text.
//   - A table map that contradicts the definition, and has no names of its own,
//     is an error: nothing is guessed.
//   - Nothing is allocated per row; input that is cut short or malformed is an
//     error, never a panic.
//
// Protocol: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_replication_binlog_event.html
//
// Neighbours: mysqlkit has the connection that the log comes through, reader/binlog
// puts events into an order that can be begun again.
package binlogkit
