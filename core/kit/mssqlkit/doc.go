// Package mssqlkit is what the connectors of SQL Server share: URLs of the
// JDBC drivers and of the Go driver ([ParseURL], [Settings]), single
// connections ([Dial]), table definitions ([Conn.Table]), the types of the
// server as kinds of record both ways ([Rows], [Loader]), created tables
// ([CreateTable]) and the classes of vendor errors ([Classify]).
//
// Invariants:
//   - A [Conn] is one connection of its own: there is no pool, nothing is
//     retried and nothing is dialled again.
//   - Literals mean the same whatever the login's language is.
//   - A value is read as what it is or refused: single-byte texts are made
//     Unicode by the server, which knows all their characters; a sql_variant
//     carries its base type along. Half of a surrogate pair, which is no
//     character, is read as U+FFFD.
//   - What the bulk protocol would clip, round or cut silently (dates out of
//     range, narrow integers, characters that a code page lacks) is refused
//     before it is sent, with the column's name.
//   - Constraints and triggers see rows that were loaded in bulk.
//   - Passwords are in no error.
//
// The client is go-mssqldb's, used below database/sql: rows go from its reader
// into a batch, and from a batch into its bulk loader, with nothing between.
package mssqlkit
